import { describe, expect, it } from 'vitest'
import { jit } from '../index.ts'
import { hasRelaxedSimd } from '../runtime/features.ts'

function polynomial(x: Float64Array, out: Float64Array) {
  for (let i = 0; i < out.length; i++) {
    const v = x[i]!
    out[i] = 1 + v * (0.5 + v * (0.25 - v * (0.125 + v * 0.0625)))
  }
}

describe('contraction', () => {
  const n = 1001
  const x = Float64Array.from({ length: n }, (_, k) => (k * 0.618034) % 1)
  const plain = new Float64Array(n)
  polynomial(x, plain)

  it('changes nothing unless it is asked for', () => {
    for (const fastmath of [false, { reassociate: true }]) {
      const got = new Float64Array(n)
      jit(polynomial, { target: 'wasm', fastmath })(x, got)
      expect(got).toEqual(plain)
    }
  })

  it('rounds less often where the engine can', () => {
    const got = new Float64Array(n)
    jit(polynomial, { target: 'wasm', fastmath: true })(x, got)
    let different = 0
    for (let k = 0; k < n; k++) {
      expect(Math.abs(got[k]! - plain[k]!)).toBeLessThanOrEqual(4 * Number.EPSILON)
      if (got[k] !== plain[k]) different++
    }
    if (hasRelaxedSimd()) expect(different).toBeGreaterThan(0)
    else expect(different).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import type { Kernel } from './programs/program.ts'
import { rootsSum } from './programs/rootsSum.ts'
import { isNumba, variantsOf } from './variants.ts'

const plain: Kernel = () => new Float64Array(1)
const withPrange: Kernel = () => new Float64Array(2)
const hoisted: Kernel = () => new Float64Array(3)

/** Compiling is noted, not done. */
function compiledWith() {
  const calls: [Kernel, object][] = []
  const jit = (fn: Kernel, options: object = {}) => {
    calls.push([fn, options])
    return fn
  }
  return { calls, jit }
}

describe('variantsOf', () => {
  it('compiles the index loop serially and the prange loop in parallel', () => {
    const { calls, jit } = compiledWith()
    const variants = variantsOf({ plain, withPrange }, { jit })
    expect(variants.map(({ name, compiled, parallel, relaxed }) => [name, compiled, parallel, relaxed])).toEqual([
      ['plain', false, false, false],
      ['plain-prange', false, false, false],
      ['jit', true, false, false],
      ['jit-fastmath', true, false, true],
      ['parallel', true, true, false],
      ['parallel-fastmath', true, true, true],
    ])
    expect(calls).toEqual([
      [plain, { parallel: false, fastmath: false }],
      [plain, { parallel: false, fastmath: true }],
      [withPrange, { parallel: true, fastmath: false }],
      [withPrange, { parallel: true, fastmath: true }],
    ])
    expect(variants.some(({ name }) => isNumba(name))).toBe(false)
  })

  it('puts the hoisted function, labelled, after the serial ones', () => {
    const variants = variantsOf({ plain, withPrange, hoisted: { kernel: hoisted, note: 'does less' } }, compiledWith())
    expect(variants.map(({ name }) => name)).toEqual([
      ...['plain', 'plain-prange', 'jit', 'jit-fastmath', 'jit-hoisted', 'parallel', 'parallel-fastmath'],
    ])
    expect(variants[4]).toMatchObject({ kernel: hoisted, compiled: true, note: 'does less' })
    expect(variants.filter(({ note }) => note !== undefined)).toHaveLength(1)
  })

  it("rootsSum's hoisted function gives plain's bits", () => {
    const [program] = rootsSum.cases('quick')
    const x = Float64Array.from({ length: 50 }, (_, i) => i * 1.37)
    const call = (kernel: Kernel) => kernel(...([x] as never[]))
    expect(call(program!.hoisted!.kernel)).toEqual(call(program!.plain))
  })
})

import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import { printFn } from '../ir/print.ts'
import { narrow } from './narrow.ts'
import { unroll } from './unroll.ts'

interface Case {
  // biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
  readonly kernel: (...args: any[]) => unknown
  readonly types: readonly ArgType[]
  /** Locals of type i32 and of type f64 that are there afterwards. */
  readonly whole?: readonly string[]
  readonly float?: readonly string[]
  readonly calls: () => readonly (readonly unknown[])[]
}

const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7919) >> 3)
const numbers = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 101) / 7 - 5)

const CASES: Record<string, Case> = {
  'a sum of bytes, compared and stored': {
    kernel: (x: Uint8Array, y: Uint8ClampedArray) => {
      for (let i = 0; i < y.length; i++) {
        let n = 0
        for (let k = 0; k < 3; k++) n += x[3 * i + k]!
        y[i] = n > 400 ? n - 300 : n
      }
    },
    types: ['uint8[]', 'uint8c[]'],
    whole: ['n'],
    calls: () => [[bytes(60), new Uint8ClampedArray(20)]],
  },
  'a count on some ways': {
    kernel: (x: Float64Array, y: Uint8Array) => {
      for (let i = 0; i < y.length; i++) {
        let n = 0
        for (let k = 0; k < 3; k++) {
          if (x[3 * i + k]! > 2) continue
          n++
        }
        y[i] = n
      }
    },
    types: ['float64[]', 'uint8[]'],
    whole: ['n'],
    calls: () => [[numbers(60), new Uint8Array(20)]],
  },
  'what is far away, in all': {
    kernel: (x: Uint16Array, y: Int32Array) => {
      for (let i = 0; i < y.length; i++) {
        let m = 0
        for (let k = 0; k < 4; k++) m = Math.max(m, k) + Math.abs(x[4 * i + k]! - 1000 * k)
        y[i] = m
      }
    },
    types: ['uint16[]', 'int32[]'],
    whole: ['m'],
    calls: () => [[Uint16Array.from({ length: 40 }, (_, i) => i * 7919), new Int32Array(10)]],
  },
  'not past 32 bits': {
    kernel: (x: Int32Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let n = 0
        for (let k = 0; k < 3; k++) n += x[3 * i + k]!
        y[i] = n > 5 ? 1 : 0
      }
    },
    types: ['int32[]', 'float64[]'],
    float: ['n'],
    calls: () => [[Int32Array.from({ length: 60 }, (_, i) => 2 ** 31 - 1 - i), new Float64Array(20)]],
  },
  'nothing that may be −0': {
    kernel: (x: Int8Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let p = 1
        for (let k = 0; k < 3; k++) p *= x[3 * i + k]!
        y[i] = 1 / p
      }
    },
    types: ['int8[]', 'float64[]'],
    float: ['p'],
    calls: () => [[Int8Array.from({ length: 60 }, (_, i) => (i % 5) - 2), new Float64Array(20)]],
  },
  'nothing that a loop adds to for ever': {
    kernel: (x: Uint8Array) => {
      let n = 0
      for (let i = 0; i < x.length; i++) for (let k = 0; k < 2; k++) n += x[i]! * k
      return n
    },
    types: ['uint8[]'],
    float: ['n'],
    calls: () => [[bytes(60)]],
  },
  'nothing that is asked for as a float': {
    kernel: (x: Float64Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let sign = 1
        for (let k = 0; k < 2; k++) if (x[2 * i + k]! < 0) sign = -sign
        y[i] = sign * x[i]! + sign / 3
      }
    },
    types: ['float64[]', 'float64[]'],
    float: ['sign'],
    calls: () => [[numbers(60), new Float64Array(20)]],
  },
  'what a block is left with is not followed': {
    kernel: (x: Uint8Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let s = 0
        for (let k = 0; k < 3; k++) {
          if (x[3 * i + k]! > 10) {
            if (x[3 * i + k]! > 100) continue
            s += 10
          }
          s += x[i]!
        }
        y[i] = s > 20 ? 1 : 0
      }
    },
    types: ['uint8[]', 'float64[]'],
    float: ['s'],
    calls: () => [[bytes(60), new Float64Array(20)]],
  },
}

describe('counts in integers what stays small', () => {
  for (const [name, { kernel, types, whole = [], float = [], calls }] of Object.entries(CASES)) {
    test(name, () => {
      const before = unroll(lowered(kernel, types), passContext())
      const after = narrow(before)
      const printed = printFn(after.functions[0]!)
      for (const local of whole) {
        expect(printed).toMatch(new RegExp(`local ${local}[.\\d]*: i32`))
        expect(printed).not.toMatch(new RegExp(`local ${local}[.\\d]*: f64`))
      }
      for (const local of float) expect(printed).toMatch(new RegExp(`local ${local}[.\\d]*: f64`))
      expectSame(after, before, calls())
      expectPlain(after, kernel, calls())
      expect(narrow(after)).toBe(after)
    })
  }
})

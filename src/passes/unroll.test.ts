import { describe, expect, test } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { expectPlain, expectSame, lowered } from '../../test/ir/same.ts'
import type { ArgType } from '../frontend/program.ts'
import type { Module } from '../ir/ir.ts'
import { printFn } from '../ir/print.ts'
import { visitStmts } from '../ir/walk.ts'
import { runPasses } from './index.ts'
import { unroll } from './unroll.ts'

interface Case {
  // biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
  readonly kernel: (...args: any[]) => unknown
  readonly types: readonly ArgType[]
  /** Loops that are left. */
  readonly loops: number
  /** What is in the text, and what is not. */
  readonly text?: readonly (string | RegExp)[]
  readonly gone?: readonly (string | RegExp)[]
  readonly calls: () => readonly (readonly unknown[])[]
}

const numbers = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 101) / 7 - 5)
const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7919) >> 3)
const cells = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => ((i * 7919) >> 2) & 1)

function loops(module: Module): number {
  let found = 0
  visitStmts(module.functions[0]!.body, {
    stmt: (s) => {
      if (s.kind === 'for') found++
    },
  })
  return found
}

const life = (a: Uint8Array, b: Uint8Array, h: number, w: number) => {
  for (let y = 1; y < h - 1; y++) {
    for (let x = 1; x < w - 1; x++) {
      let n = 0
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) if (dx !== 0 || dy !== 0) n += a[(y + dy) * w + x + dx]!
      }
      b[y * w + x] = n === 3 || (n === 2 && a[y * w + x] === 1) ? 1 : 0
    }
  }
}

const CASES: Record<string, Case> = {
  'conditions are decided, and what is never reached is gone': {
    kernel: life,
    types: ['uint8[]', 'uint8[]', 'int32', 'int32'],
    loops: 2,
    text: ['n = n + f64(e.9)', '+ -1i64]'],
    gone: ['!='],
    calls: () => [
      [cells(96), new Uint8Array(96), 8, 12],
      [cells(9), new Uint8Array(9), 3, 3],
      [cells(90), new Uint8Array(90), 8, 12],
    ],
  },
  'sums stay in their order': {
    kernel: (x: Float64Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let s = 0
        for (let k = 0; k < 4; k++) s += x[4 * i + k]! * 0.1
        y[i] = s
      }
    },
    types: ['float64[]', 'float64[]'],
    loops: 1,
    calls: () => [[numbers(40), new Float64Array(10)]],
  },
  'turns down, and every third': {
    kernel: (x: Float64Array) => {
      let s = 1
      for (let i = 0; i < x.length; i++) {
        for (let k = 5; k >= 0; k -= 3) s = s / 3 + k * x[i]!
      }
      return s
    },
    types: ['float64[]'],
    loops: 1,
    text: ['5.0', '2.0'],
    calls: () => [[numbers(9)], [numbers(0)]],
  },
  'a loop that never turns': {
    kernel: (x: Float64Array) => {
      let s = 1
      for (let i = 0; i < x.length; i++) for (let k = 3; k < 3; k++) s += x[i + k]!
      return s
    },
    types: ['float64[]'],
    loops: 1,
    calls: () => [[numbers(9)]],
  },
  'a triangle': {
    kernel: (x: Float64Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let s = 0
        for (let k = 0; k < 3; k++) for (let j = 0; j < k; j++) s -= x[3 * i + j]! * k
        y[i] = s
      }
    },
    types: ['float64[]', 'float64[]'],
    loops: 1,
    calls: () => [[numbers(30), new Float64Array(10)]],
  },
  'going on with the next turn': {
    kernel: (x: Uint8Array, y: Uint8Array) => {
      for (let i = 1; i < y.length - 1; i++) {
        let s = 0
        for (let k = -1; k <= 1; k++) {
          if (k === 0) continue
          const v = x[i + k]!
          if (v > 100) {
            s++
            continue
          }
          s += v
        }
        y[i] = s
      }
    },
    types: ['uint8[]', 'uint8[]'],
    loops: 1,
    gone: ['continue', 'break'],
    calls: () => [[bytes(30), new Uint8Array(30)]],
  },
  'going on out of something': {
    kernel: (x: Float64Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let s = 0
        for (let k = 0; k < 3; k++) {
          if (x[3 * i + k]! > 0) {
            if (x[3 * i + k]! > 1) continue
            s += 10
          }
          s += k
        }
        y[i] = s
      }
    },
    types: ['float64[]', 'float64[]'],
    loops: 1,
    text: ['block', 'break'],
    calls: () => [[numbers(30), new Float64Array(10)]],
  },
  'a break that is decided': {
    kernel: (x: Float64Array) => {
      let s = 0
      for (let i = 0; i < x.length; i++) {
        for (let k = 0; k < 10; k++) {
          if (k === 3) break
          s = s / 2 + x[i]! * k
        }
      }
      return s
    },
    types: ['float64[]'],
    loops: 1,
    gone: ['break', '3.0'],
    calls: () => [[numbers(9)]],
  },
  'a break that is not': {
    kernel: (x: Float64Array) => {
      let s = 0
      for (let i = 0; i < x.length; i++) {
        for (let k = 0; k < 3; k++) {
          if (s > 20) break
          s += x[i]! * k
        }
      }
      return s
    },
    types: ['float64[]'],
    loops: 2,
    calls: () => [[numbers(9)]],
  },
  'jumps to loops around, and returns': {
    kernel: (x: Float64Array) => {
      let s = 0
      outer: for (let i = 0; i < x.length - 2; i++) {
        for (let k = 0; k < 3; k++) {
          if (x[i + k]! > 8) continue outer
          if (s > 50) return -s
          s += x[i + k]! * k + 1
        }
      }
      return s
    },
    types: ['float64[]'],
    loops: 1,
    calls: () => [[numbers(90)], [numbers(9)], [numbers(3)]],
  },
  'locals that turns have to themselves, and one that they hand on': {
    kernel: (x: Float64Array, y: Float64Array) => {
      let last = 0
      for (let i = 0; i < y.length; i++) {
        for (let k = 0; k < 3; k++) {
          const v = x[3 * i + k]!
          const t = v * v - last
          y[i]! += t
          last = v
        }
      }
      return last
    },
    types: ['float64[]', 'float64[]'],
    loops: 1,
    calls: () => [[numbers(30), new Float64Array(10)]],
  },
  'an index that only some turns have': {
    kernel: (x: Float64Array) => {
      let s = 0
      for (let i = 0; i < x.length; i++) for (let k = 0; k < 3; k++) s += x[i + k]!
      return s
    },
    types: ['float64[]'],
    loops: 1,
    calls: () => [[numbers(9)], [numbers(0)]],
  },
  'many turns that go through arrays': {
    kernel: (x: Float64Array, c: Float64Array, y: Float64Array) => {
      for (let i = 0; i < y.length; i++) {
        let s = 0
        for (let k = 0; k < 8; k++) s += x[i + k]! * c[k]!
        y[i] = s
      }
    },
    types: ['float64[]', 'float64[]', 'float64[]'],
    loops: 2,
    calls: () => [[numbers(17), numbers(8), new Float64Array(10)]],
  },
  'a loop by itself': {
    kernel: (x: Float64Array) => {
      let s = 0
      for (let k = 0; k < 3; k++) s += x[k]!
      return s
    },
    types: ['float64[]'],
    loops: 1,
    calls: () => [[numbers(3)]],
  },
}

describe('writes loops of few turns out', () => {
  for (const [name, { kernel, types, loops: left, text = [], gone = [], calls }] of Object.entries(CASES)) {
    test(name, () => {
      const before = lowered(kernel, types)
      const after = unroll(before, passContext())
      expect(loops(after)).toBe(left)
      const printed = printFn(after.functions[0]!)
      for (const part of text) expect(printed).toMatch(part)
      for (const part of gone) expect(printed).not.toMatch(part)
      expectSame(after, before, calls())
      expect(unroll(after, passContext())).toBe(after)
      expectSame(runPasses(before, passContext()), before, calls())
    })
  }

  test('means what the kernel does', () => {
    const module = runPasses(lowered(life, ['uint8[]', 'uint8[]', 'int32', 'int32']), passContext())
    expectPlain(module, life, CASES['conditions are decided, and what is never reached is gone']!.calls().slice(0, 2))
  })

  test('and says how often, and what comes of it', () => {
    const context = passContext()
    const module = lowered(life, ['uint8[]', 'uint8[]', 'int32', 'int32'])
    runPasses(module, context)
    const { text } = module.sources[0]!
    const said = context.notes.map(({ span, text: note }) => [text.slice(span.start, span.end).slice(9, 11), note])
    expect(said).toContainEqual(['dx', 'Written out 9 times, turn by turn.'])
    expect(said).toContainEqual(['dy', 'Written out 3 times, turn by turn.'])
    expect(said).toContainEqual(['x ', 'Runs 4 iterations at a time, in the lanes of vectors.'])
  })

  test('not where a function would become too large', () => {
    const kernel = (x: Float64Array) => {
      for (let i = 0; i < x.length; i++) {
        let v = x[i]!
        for (let k = 0; k < 4; k++) {
          for (let j = 0; j < 12; j++)
            v = (v + k) * j - (v - 1) / (v + 2) + Math.abs(v - 3) / (v * v + 4) - Math.max(v, j)
        }
        x[i] = v
      }
    }
    expect(loops(unroll(lowered(kernel, ['float64[]']), passContext()))).toBe(2)
  })
})

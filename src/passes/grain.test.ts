import { afterEach, describe, expect, test, vi } from 'vitest'
import { passContext } from '../../test/ir/passes.ts'
import { lowered, outcome } from '../../test/ir/same.ts'
import { settingsOf } from '../driver/options.ts'
import type { ArgType } from '../frontend/program.ts'
import { allocate, atomic, jit, prange, TsumbaError } from '../index.ts'
import { interpret } from '../ir/interpret.ts'
import type { Module } from '../ir/ir.ts'
import { verify } from '../ir/verify.ts'
import { mapStmts, visitStmts } from '../ir/walk.ts'
import { annotate } from './annotate.ts'
import { runPasses } from './index.ts'
import { parallelise } from './parallelise.ts'

// biome-ignore lint/suspicious/noExplicitAny: kernels of any signature
type Kernel = (...args: any[]) => unknown
afterEach(() => vi.unstubAllEnvs())

/** After `parallelise`, straight behind `annotate`, with what it says of the loops. */
function parallelised(kernel: Kernel, types: readonly ArgType[], grain: number): { module: Module; notes: string[] } {
  const context = passContext({ grain })
  const module = parallelise(annotate(lowered(kernel as never, types, true), context), context)
  verify(module)
  expect(parallelise(module, context)).toBe(module)
  return { module, notes: context.notes.map(({ text }) => text) }
}

function kindsIn(module: Module): Set<string> {
  const found = new Set<string>()
  for (const { body } of module.functions) visitStmts(body, { stmt: (s) => void found.add(s.kind) })
  return found
}

/** Whether a call launches its loop, which writes 1 or more to `r`: without launches nothing does then. */
function isLaunched(module: Module, ...args: readonly unknown[]): boolean {
  const functions = module.functions.map((fn) => ({
    ...fn,
    body: mapStmts(fn.body, { stmt: (s) => (s.kind === 'launch' ? [] : s) }),
  }))
  const r = args[0] as Float64Array
  interpret({ ...module, functions }, args, { fuel: 1e6 })
  return r[0] === 0
}

const scale = (r: Float64Array, x: Float64Array) => {
  for (const i of prange(r.length)) r[i] = 1 + 2 * x[i]!
}
const vectors = (n: number) => [new Float64Array(n), new Float64Array(n)]

describe('how much is too little', () => {
  test('from as many iterations as it says on, a loop is launched', () => {
    const { module, notes } = parallelised(scale, ['float64[]', 'float64[]'], 0.1)
    const said = /^Runs on all threads where .*; with less than about (\d+) iterations, on this one alone\.$/.exec(
      notes[0]!,
    )
    const least = Number(said?.[1])
    // A few instructions: each iteration is a ns or two.
    expect(least).toBeGreaterThan(30)
    expect(least).toBeLessThan(100)
    expect(isLaunched(module, ...vectors(Math.ceil(least * 1.06)))).toBe(true)
    expect(isLaunched(module, ...vectors(Math.floor(least * 0.94)))).toBe(false)
  })

  test('ten times the work of an iteration needs a tenth of the iterations: loops inside count', () => {
    const rows = (r: Float64Array, x: Float64Array, m: number) => {
      for (const i of prange(r.length)) {
        let s = 1
        for (let j = 0; j < m; j++) s += x[j & 3]!
        r[i] = s
      }
    }
    const { module, notes } = parallelised(rows, ['float64[]', 'float64[]', 'int32'], 10)
    expect(notes).toEqual([expect.stringMatching(/; with less than 10 µs of work, on this one alone\.$/)])
    // The number of rows from which there is a launch, by halving.
    const least = (m: number) => {
      let [below, above] = [1, 1 << 12]
      while (above - below > 1) {
        const middle = (below + above) >> 1
        if (isLaunched(module, new Float64Array(middle), new Float64Array(4), m)) above = middle
        else below = middle
      }
      return above
    }
    const [few, many] = [least(20), least(200)]
    expect(few / many).toBeGreaterThan(8)
    expect(few / many).toBeLessThan(10.5)
  })

  test('of a triangle the middle row counts', () => {
    const triangle = (r: Float64Array, x: Float64Array) => {
      for (const i of prange(r.length)) {
        let s = 1
        for (let j = 0; j < i; j++) s += x[j & 3]!
        r[i] = s
      }
    }
    const { module } = parallelised(triangle, ['float64[]', 'float64[]'], 4)
    // n / 2 turns of about 8 units of 0.4 ns, for each of n: 4 µs are some 50 rows.
    expect(isLaunched(module, new Float64Array(70), new Float64Array(4))).toBe(true)
    expect(isLaunched(module, new Float64Array(35), new Float64Array(4))).toBe(false)
  })

  test('an index that is an element may miss the caches', () => {
    const gather = (r: Float64Array, x: Float64Array, at: Int32Array) => {
      for (const i of prange(r.length)) r[i] = 1 + 2 * x[at[i]!]!
    }
    const least = [
      parallelised(scale, ['float64[]', 'float64[]'], 20),
      parallelised(gather, ['float64[]', 'float64[]', 'int32[]'], 20),
    ].map(({ notes }) => Number(/less than about ([\d,]+)/.exec(notes[0]!)![1]!.replace(',', '')))
    expect(least[0]! / least[1]!).toBeGreaterThan(2)
  })

  test.each<[name: string, kernel: Kernel]>([
    [
      'a while loop',
      (x: Float64Array, at: Int32Array) => {
        for (const i of prange(x.length)) {
          let v = x[i]!
          while (v > at[0]!) v /= 2
          x[i] = v
        }
      },
    ],
    [
      'a loop to an element',
      (x: Float64Array, at: Int32Array) => {
        for (const i of prange(x.length)) {
          let s = 0
          for (let j = 0; j < at[i]!; j++) s += 0.5
          x[i] = s
        }
      },
    ],
    [
      'an array of its own',
      (x: Float64Array, at: Int32Array) => {
        for (const i of prange(x.length)) {
          const own = new Float64Array(at[0]!)
          own[0] = 1
          x[i] = own[0]!
        }
      },
    ],
  ])('%s: nobody knows, so it is launched', (_, kernel) => {
    const { module, notes } = parallelised(kernel, ['float64[]', 'int32[]'], 1e6)
    expect(kindsIn(module)).toContain('launch')
    expect(kindsIn(module)).not.toContain('call')
    expect(notes).toEqual([expect.not.stringContaining('alone')])
  })

  test('the dearer arm of a choice counts', () => {
    const often = (x: Float64Array) => {
      for (const i of prange(x.length)) if (x[i]! > 0) for (let j = 0; j < 1000; j++) x[i] = x[i]! / 3
    }
    const always = (x: Float64Array) => {
      for (const i of prange(x.length)) for (let j = 0; j < 1000; j++) x[i] = x[i]! / 3
    }
    const [one, other] = [often, always].map((kernel) => parallelised(kernel, ['float64[]'], 1000).notes.join())
    expect(one).toBe(other)
  })

  test('what is known to be small has no launch, what is known to be large no call', () => {
    const eight = (x: Float64Array) => {
      for (const i of prange(8)) x[i] = 1
    }
    const million = (x: Float64Array) => {
      for (const i of prange(1_000_000)) x[i] = 1
    }
    const small = parallelised(eight, ['float64[]'], 20)
    expect(kindsIn(small.module)).not.toContain('launch')
    expect(small.notes).toEqual(['Runs on this thread alone: it has less than 20 µs of work.'])
    const large = parallelised(million, ['float64[]'], 20)
    expect(kindsIn(large.module)).not.toContain('call')
    expect(large.notes).toEqual(['Runs on all threads.'])
  })

  test('0 launches everything', () => {
    const { module, notes } = parallelised(scale, ['float64[]', 'float64[]'], 0)
    expect(kindsIn(module)).not.toContain('call')
    expect(notes).toEqual([expect.not.stringContaining('alone')])
    expect(isLaunched(module, ...vectors(1))).toBe(true)
  })
})

describe('not a bit depends on it', () => {
  const sums = (x: Float64Array, y: Float64Array, bins: Int32Array, from: number, m: number) => {
    let s = 0.1
    let p = 1.1
    let most = -Infinity
    let count = 0
    for (const i of prange(from, x.length)) {
      let row = 0
      for (let j = i % 3; j < m; j++) row += y[j]! * x[i]!
      s += row
      p *= 1 + x[i]! / 1e4
      most = Math.max(most, row)
      if (row > 0) count++
      atomic.add(bins, i & 3, 1)
    }
    for (const i of prange(x.length - 1, from, -2)) x[i] = s + i
    return s + p * most + count
  }
  const argsOf = (n: number, m: number) => [
    Float64Array.from({ length: n }, (_, i) => Math.sin(i * 1.7) * 10 ** ((i * 7) % 9)),
    Float64Array.from({ length: 9 }, (_, i) => 1 / (i + 1)),
    new Int32Array(4),
    n % 3,
    m,
  ]
  test.each([
    [0, 3],
    [1, 0],
    [2, 9],
    [17, 3],
    [100, 9],
    [1024, 1],
    [1026, 1],
    [1030, 2],
    [2500, 5],
  ])('%i elements, rows of %i', (n, m) => {
    const kernel = lowered(sums as never, ['float64[]', 'float64[]', 'int32[]', 'int32', 'int32'], true)
    const settings = { ...settingsOf({ parallel: true }), note: () => {} }
    const modules = (['wasm', 'js'] as const).flatMap((target) =>
      [0, 0.1, 20].map((grain) => runPasses(kernel, { ...settings, target, grain }, verify)),
    )
    const wanted = outcome(modules[0]!, argsOf(n, m))
    for (const module of modules) {
      expect(outcome(module, argsOf(n, m), { chunk: 1, reverse: true })).toStrictEqual(wanted)
      expect(outcome(module, argsOf(n, m), { chunk: 7 })).toStrictEqual(wanted)
    }
  })

  test('one block of a sum is nobody else’s: neither launch nor room for its part', () => {
    const sum = (x: Float64Array) => {
      let s = 1
      for (const i of prange(x.length)) for (let j = 0; j < 1000; j++) s += x[i]!
      return s
    }
    const { module, notes } = parallelised(sum, ['float64[]'], 1)
    expect(notes).toEqual([
      'Runs on all threads; with less than about 1,000 iterations, on this one alone; `s`: each block of iterations has its own, folded by a tree.',
    ])
    const choice = module.functions[0]!.body.find((s) => s.kind === 'if')!
    expect(choice.then.map((s) => s.kind)).toEqual(['call', 'assign'])
    expect(choice.else.map((s) => s.kind)).toEqual(['alloc', 'if', 'if'])
  })

  test('failures', () => {
    const copy = (r: Float64Array, x: Float64Array, at: Int32Array) => {
      let s = 0
      for (const i of prange(r.length)) {
        r[i] = x[at[i]!]! + 1
        s += r[i]!
      }
      for (const i of prange(r.length - 1, -1, -1)) r[i] = r[i]! * x[at[i]! - 1]!
      return s
    }
    const before = lowered(copy as never, ['float64[]', 'float64[]', 'int32[]'], true)
    const settings = { ...settingsOf({ parallel: true }), note: () => {} }
    const calls = [[], [5], [40, 5], [59], [0]].flatMap((failing) =>
      [3, 0].map((wrong) => {
        const at = new Int32Array(60).fill(1)
        for (const k of failing) at[k] = wrong
        return [new Float64Array(60), Float64Array.of(3, 4, 5), at]
      }),
    )
    for (const target of ['wasm', 'js'] as const) {
      const after = runPasses(before, { ...settings, target, grain: 1e6 }, verify)
      // One thread after all: what plain JavaScript leaves, and nothing behind the failure.
      for (const args of calls)
        expect(outcome(after, args, { chunk: 1, reverse: true })).toStrictEqual(outcome(before, args))
    }
  })
})

describe('TSUMBA_GRAIN', () => {
  const [r, x] = [allocate(Float64Array, 4), allocate(Float64Array, 4)]
  const say = () => String(jit(scale, { parallel: true }).explain(r, x))
  test('says how much, in microseconds', () => {
    const least = ['', '20', '40'].map((grain) => {
      vi.stubEnv('TSUMBA_GRAIN', grain)
      return Number(/with less than about ([\d,]+) iterations/.exec(say())![1]!.replace(',', ''))
    })
    expect(least[0]).toBe(least[1])
    expect(least[2]! / least[0]!).toBeCloseTo(2, 0)
    vi.stubEnv('TSUMBA_GRAIN', '0')
    expect(say()).not.toContain('alone')
  })

  test.each(['much', '-1', 'Infinity', '1 ms'])('not %j', (text) => {
    vi.stubEnv('TSUMBA_GRAIN', text)
    const run = () => jit(scale, { parallel: true })(r, x)
    expect(run).toThrow(TsumbaError)
    expect(run).toThrow(`TSUMBA_GRAIN is "${text}". Remedy: microseconds, 0 or more.`)
  })
})

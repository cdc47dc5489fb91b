/** What a jitted function is besides its results: `plain`, `async`, `signatures`, `explain`, decorator, environment. */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { allocate, CompileError, getNumThreads, jit, prange, setNumThreads, TsumbaError } from '../../src/index.ts'

const scale = (x: Float64Array, by: number): Float64Array => {
  const out = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) out[i] = x[i]! * by
  return out
}

describe('a jitted function', () => {
  test('keeps name, length, type and the plain function', () => {
    const fast = jit(scale)
    expect(fast.name).toBe('scale')
    expect(fast.length).toBe(2)
    expect(fast.plain).toBe(scale)
    expectTypeOf(fast).toBeCallableWith(new Float64Array(1), 2)
    expectTypeOf(fast).returns.toEqualTypeOf<Float64Array>()
  })

  test('of a jitted function is of the plain one', () => {
    const again = jit(jit(scale), { target: 'js' })
    expect(again.plain).toBe(scale)
    expect([...again(Float64Array.of(2), 3)]).toEqual([6])
  })

  test('calls jitted helpers as if they were plain', () => {
    const half = jit((x: number) => x / 2)
    const quarter = jit((x: number) => half(half(x)))
    expect(quarter(3)).toBe(0.75)
    expect(half.signatures).toEqual([])
  })

  test('calls itself by its own name', () => {
    const fib = jit((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)))
    expect(fib(20)).toBe(6765)
  })

  test('works as a callback and as a method', () => {
    const square = jit((x: number) => x * x)
    expect([1, 2, 3.5].map((x) => square(x))).toEqual([1, 4, 12.25])
    expect([1, 2, 3.5].map(square)).toEqual([1, 4, 12.25])
    expect({ square }.square(4)).toBe(16)
    expect(square.call(null, 5)).toBe(25)
    expect(square.apply(undefined, [6])).toBe(36)
  })

  test('its results are ordinary typed arrays that outlive later calls', () => {
    const fast = jit(scale)
    const x = allocate(Float64Array, 100).fill(1)
    const first = fast(x, 2)
    for (let k = 0; k < 50; k++) fast(x, k)
    expect(first).toBeInstanceOf(Float64Array)
    expect(first.every((v) => v === 2)).toBe(true)
    expect(Array.from(first.subarray(2, 5).map((v) => v + 1))).toEqual([3, 3, 3])
    expect(JSON.stringify(Array.from(structuredClone(first.slice(0, 2))))).toBe('[2,2]')
  })
})

describe('signatures', () => {
  test('grow with the types of arguments; whole numbers join fractions', () => {
    const fast = jit(scale)
    expect(fast.signatures).toEqual([])
    fast(Float64Array.of(1), 2)
    expect(fast.signatures).toEqual(['(float64[], int32)'])
    fast(Float64Array.of(1, 2), 3)
    expect(fast.signatures).toHaveLength(1)
    fast(Float64Array.of(1), 0.5)
    fast(Float64Array.of(1), 4)
    expect(fast.signatures).toEqual(['(float64[], int32)', '(float64[], float64)'])
    ;(fast as unknown as (x: Float32Array, by: number) => unknown)(Float32Array.of(1), 2)
    expect(fast.signatures).toContain('(float32[], float64)')
  })

  test('tell the kinds of numbers apart', () => {
    const of = (x: unknown) => {
      const f = jit((y: number | boolean | undefined) => (y ? 1 : 0))
      f(x as number)
      return f.signatures[0]
    }
    expect([of(1), of(-0), of(0.5), of(NaN), of(2 ** 26), of(2 ** 26 + 1), of(true)]).toEqual(
      ['int32', 'float64', 'float64', 'float64', 'int32', 'float64', 'bool'].map((t) => `(${t})`),
    )
  })

  test('a given signature compiles at once', () => {
    const fast = jit(scale, { signature: 'float64[](float64[], float64)' })
    expect(fast.signatures).toEqual(['(float64[], float64)'])
    expect([...fast(Float64Array.of(3), 2)]).toEqual([6])
    expect(() => jit(scale, { signature: 'float64[](float65[])' })).toThrow(TsumbaError)
  })
})

describe('async', () => {
  test('gives the same and leaves the same', async () => {
    const fill = jit((x: Float64Array, v: number) => {
      for (let i = 0; i < x.length; i++) x[i] = v * i
      return x.length
    })
    for (const x of [new Float64Array(10), allocate(Float64Array, 10)]) {
      expect(await fill.async(x, 0.5)).toBe(10)
      expect(x[9]).toBe(4.5)
    }
    expect([...(await jit(scale).async(Float64Array.of(1, 2), 3))]).toEqual([3, 6])
  })

  test('rejects where the call would throw, and never throws itself', async () => {
    const read = jit((x: Float64Array, i: number) => x[i]!)
    await expect(read.async(new Float64Array(1), 5)).rejects.toMatchObject({ code: 'bounds' })
    await expect(read.async('x' as never, 5)).rejects.toMatchObject({ code: 'argument-type' })
    const bad = jit(new Function('x', 'return nowhere(x)') as (x: number) => number)
    await expect(bad.async(1)).rejects.toBeInstanceOf(CompileError)
  })

  test('many at once', async () => {
    const fast = jit(scale)
    const results = await Promise.all(Array.from({ length: 8 }, (_, k) => fast.async(Float64Array.of(k), 2)))
    expect(results.map((r) => r[0])).toEqual([0, 2, 4, 6, 8, 10, 12, 14])
  })
})

describe('explain', () => {
  test('names target and reason, does not run, and shows the loops of a parallel kernel', () => {
    const store = jit(
      (x: Float64Array) => {
        for (const i of prange(x.length)) x[i] = i
      },
      { parallel: true },
    )
    const x = Float64Array.of(7, 7)
    const told = store.explain(x)
    expect([...x]).toEqual([7, 7])
    expect(told.signature).toBe('(float64[])')
    expect(['wasm', 'js']).toContain(told.target)
    expect(told.reason).not.toBe('')
    expect(told.loops.length).toBeGreaterThan(0)
    expect(told.loops[0]!.source).toMatch(/^for \(const i of .*prange\)?\(x\.length\)\)/)
    expect(told.loops[0]!.line).toBeGreaterThan(100)
    expect(String(told)).toContain(told.loops[0]!.text)
  })

  test('says which target a call would take', () => {
    expect(jit(scale, { target: 'js' }).explain(new Float64Array(1), 2)).toMatchObject({ target: 'js' })
    expect(jit(scale, { target: 'wasm' }).explain(new Float64Array(1), 2)).toMatchObject({ target: 'wasm' })
    expect(jit(scale).explain(allocate(Float64Array, 8), 2)).toMatchObject({ target: 'wasm' })
  })
})

test('as a decorator of methods, static or not; one that uses `this` is refused with a remedy', () => {
  const program = fileURLToPath(new URL('./fixtures/decorated.ts', import.meta.url))
  const printed = execFileSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' })
  const { refusal, ...results } = JSON.parse(printed)
  expect(results).toEqual({ energy: 25, signatures: ['(float64[])'], double: 3 })
  expect(refusal).toMatch(/`this`.*Remedy/s)
})

describe('threads', () => {
  test('their number is set and read back, and refused where it is none', () => {
    const before = getNumThreads()
    try {
      setNumThreads(2)
      expect(getNumThreads()).toBe(2)
      for (const bad of [0, -1, 1.5, NaN, '2' as unknown as number]) {
        expect(() => setNumThreads(bad)).toThrow(/Remedy/)
      }
      expect(getNumThreads()).toBe(2)
    } finally {
      setNumThreads(before)
    }
  })

  test.each([1, 2, 5])('%d: a parallel kernel gives plain’s bits, and fails at the lowest iteration', (threads) => {
    const before = getNumThreads()
    try {
      setNumThreads(threads)
      const kernel = (x: Float64Array, out: Float64Array, n: number) => {
        for (const i of prange(n)) out[i] = Math.sqrt(x[i]!) * 3
      }
      const fast = jit(kernel, { parallel: true })
      const n = 20_000
      const x = allocate(Float64Array, n).map((_, i) => i * 0.37)
      const [wanted, out] = [new Float64Array(n), allocate(Float64Array, n)]
      kernel(x, wanted, n)
      fast(x, out, n)
      expect(out).toEqual(wanted)
      const short = allocate(Float64Array, 12_345)
      expect(() => fast(x, short, n)).toThrow(/index 12345 is out of range for `out`/)
      expect(Array.from(short)).toEqual(Array.from(wanted.subarray(0, 12_345)))
    } finally {
      setNumThreads(before)
    }
  })
})

describe('the environment', () => {
  const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
  const run = (program: string, env: Record<string, string>): string => {
    const text = `import { jit, prange, getNumThreads } from ${JSON.stringify(index)}\n${program}`
    // Dumps go to stderr.
    const args = ['--import', 'tsx', '--input-type=module', '-e', `console.error = console.log\n${text}`]
    return execFileSync(process.execPath, args, {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  test('TSUMBA_DISABLE_JIT=1 runs the plain function: console.log and breakpoints work', () => {
    const program = `
      const f = jit((x) => { console.log('inside', x); return x + 1 })
      console.log(f(1), await f.async(2), f.signatures.length)`
    expect(run(program, { TSUMBA_DISABLE_JIT: '1' })).toBe('inside 1\ninside 2\n2 3 0\n')
    expect(() => run(program, { TSUMBA_DISABLE_JIT: '0' })).toThrow(/console/)
  })

  test('TSUMBA_DUMP prints the IR after passes; TSUMBA_ONLY of one function alone', () => {
    const program = `
      const helper = (x) => x > 1e9 ? helper(x - 1) : x * 2
      const kernel = (a) => { for (let i = 0; i < a.length; i++) a[i] = helper(a[i]) }
      jit(kernel, { captures: () => ({ helper }) })(Float64Array.of(1))`
    expect(run(program, {})).toBe('')
    const lowered = run(program, { TSUMBA_DUMP: 'lower' })
    expect(lowered).toMatch(/── lower: kernel\n/)
    expect(lowered).toMatch(/── lower: helper\n/)
    expect(lowered).not.toMatch(/── legalise/)
    const only = run(program, { TSUMBA_DUMP: 'all', TSUMBA_ONLY: 'kernel' })
    expect(only).toMatch(/── legalise: kernel/)
    expect(only).not.toMatch(/: helper/)
  })

  test('TSUMBA_NUM_THREADS sets the number of threads', () => {
    expect(run('console.log(getNumThreads())', { TSUMBA_NUM_THREADS: '3' })).toBe('3\n')
  })
})

import { createHash } from 'node:crypto'
import * as os from 'node:os'
import path, { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { functionFrom } from '../../../test/support/kernels.ts'
import * as tsumba from '../../index.ts'
import { jit, prange, TsumbaError } from '../../index.ts'
import { loadFunction, travelling } from './functions.ts'
import { revive } from './revive.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function, whatever its parameters
type Fn = (...args: any[]) => any

const there = <F extends Fn>(fn: F): F => loadFunction(travelling(fn)) as F

const SCALE = 3
const NOTHING = undefined
const GREETING = 'hello ж'
const BIG = 12n
const WORD = /\w+/g
const TABLE = new Float64Array([1, 2, 4])
const SETTINGS = Object.freeze({ rate: 0.5, deep: Object.freeze({ list: Object.freeze([1, 2]) }), square })
const OPEN = { rate: 0.5 }
const LIST = [1, 2]
const { sqrt } = Math
function square(v: number): number {
  return v * v
}
const twice = (v: number) => square(v) + square(v)
const even = (n: number): boolean => (n === 0 ? true : odd(n - 1))
const odd = (n: number): boolean => (n === 0 ? false : even(n - 1))
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
let counter = 0
const bump = () => {
  counter++
}
class Point {
  static made = 0
  readonly x: number
  #secret = SCALE
  constructor(x: number) {
    this.x = x
  }
  get sum() {
    return this.x + this.#secret
  }
}
class Point3 extends Point {
  override get sum() {
    return super.sum + 1
  }
}
const roots = jit(
  (x: Float64Array) => {
    const r = new Float32Array(x.length)
    for (const i of prange(x.length)) r[i] = Math.sqrt(square(x[i]!)) * SCALE
    return r
  },
  { parallel: true },
)

describe('functions', () => {
  it('travel by text and captures', () => {
    expect(there((x: number) => x + SCALE)(1)).toBe(4)
    expect(there(() => [NOTHING, GREETING, BIG, WORD.source])()).toEqual([undefined, 'hello ж', 12n, '\\w+'])
    expect(there(twice)(3)).toBe(18)
    expect(there(() => SETTINGS.deep.list[1]! + SETTINGS.square(3))()).toBe(11)
    expect(there((x: number) => sqrt(x) + Math.max(x, 1))(4)).toBe(6)
    expect(there(twice)).not.toBe(twice)
    expect(there(twice).name).toBe('twice')
  })

  it('call themselves and each other', () => {
    expect(there(factorial)(5)).toBe(120)
    expect(there(even)(10)).toBe(true)
    const api: { readonly up: (n: number) => number; readonly top: number } = Object.freeze({
      up: (n: number): number => (n < api.top ? api.up(n + 1) : n),
      top: 7,
    })
    expect(there((n: number) => api.up(n))(1)).toBe(7)
  })

  it('of every form', async () => {
    expect(await there(async (x: number) => (await Promise.resolve(x)) + SCALE)(1)).toBe(4)
    const generator = there(function* (n: number) {
      for (let i = 0; i < n; i++) yield i * SCALE
    })
    expect([...generator(3)]).toEqual([0, 3, 6])
    const object = {
      method(x: number) {
        return x * SCALE
      },
      async later(x: number) {
        return x * SCALE
      },
    }
    expect(there(object.method)(2)).toBe(6)
    expect(await there(object.later)(2)).toBe(6)
    // biome-ignore lint/complexity/useArrowFunction: its own form
    const expression = function (x: number) {
      return x * SCALE
    }
    expect(there(expression)(2)).toBe(6)
    const defaults = ({ a, b = SCALE }: { a: number; b?: number }, ...rest: number[]) => a + b + rest.length
    expect(there(defaults)({ a: 1 }, 1, 1)).toBe(6)
  })

  it('classes, with private fields and base classes', () => {
    expect(there(() => new Point3(1).sum)()).toBe(5)
    const Again = loadFunction(travelling(Point3 as unknown as Fn)) as unknown as typeof Point3
    expect(new Again(2).sum).toBe(6)
  })

  it('builtins and globals by name', () => {
    expect(there((x: string) => createHash('sha256').update(x).digest('hex'))('a')).toHaveLength(64)
    expect(there(() => join('a', 'b') + path.sep + typeof os.cpus)()).toBe('a/b/function')
    expect(there(Math.max)(1, 5)).toBe(5)
    expect(loadFunction(travelling(join as Fn))).toBe(join)
    expect(there(() => typeof process.pid + typeof (globalThis as { window?: unknown }).window)()).toBe(
      'numberundefined',
    )
    // @ts-expect-error there is none
    expect(there(() => typeof nowhere)()).toBe('undefined')
  })

  it("tsumba's own names by identity", () => {
    const sum = (n: number) => {
      let s = 0
      for (const i of prange(n)) s += i
      return s
    }
    expect(there(sum)(5)).toBe(10)
    expect(there(() => prange)()).toBe(prange)
    expect(there(() => tsumba.allocate)()).toBe(tsumba.allocate)
  })

  it('jitted ones are jitted again, with their options', () => {
    const again = there(roots)
    expect(again).not.toBe(roots)
    expect(again(new Float64Array([1, 4]))).toEqual(new Float32Array([3, 12]))
    expect(again.signatures).toEqual(['(float64[])'])
    expect(again.explain(new Float64Array(1)).toString()).toMatch(/parallel|thread/)
    expect(there((x: Float64Array) => roots(x)[0])(new Float64Array([2]))).toBe(6)
  })

  it('names in the thunk of a jitted function', () => {
    // As a minifier leaves them: `square` is called `lib.r` in the kernel's text and in the thunk's.
    const lib = { r: square }
    const kernel = functionFrom('(x) => lib.r(x) * SCALE') as Fn
    const jitted = jit(kernel, { captures: () => ({ square: lib.r, SCALE }) })
    expect(there(jitted)(2)).toBe(12)
  })

  it('import inside', async () => {
    const hash = async (x: string) => {
      const { createHash: make } = await import('node:crypto')
      return make('sha256').update(x).digest('hex').length
    }
    expect(await there(hash)('a')).toBe(64)
    expect(there(() => import.meta.url)()).toMatch(/^file:.*functions\.test\.ts$/)
  })

  it('arrays that are only read', () => {
    const at = (i: number) => TABLE[i]! + TABLE.length
    expect(there(at)(2)).toBe(7)
    TABLE[2] = 8
    expect(there(at)(2)).toBe(11)
    expect(() => travelling(() => TABLE.fill(0))).toThrow(/`TABLE`, which is an array, and it cannot be shown/)
  })

  it('are one for a worker, as long as they are the same', () => {
    expect(travelling(twice)).toBe(travelling(twice))
    const make = (k: number) => (x: number) => x + k
    expect(travelling(make(1)).id).toBe(travelling(make(1)).id)
    expect(travelling(make(1)).id).not.toBe(travelling(make(2)).id)
    const reads = () => counter
    const before = travelling(reads)
    bump()
    expect(travelling(reads).id).not.toBe(before.id)
    expect(there(reads)()).toBe(1)
  })

  it('see what a module has assigned to its exports', () => {
    const lib = Object.defineProperty({ rate: 1, square }, '__esModule', { value: true })
    const fn = functionFrom('(x) => lib.square(x) * lib.rate', { lib }) as Fn
    expect(there(fn)(3)).toBe(9)
    lib.rate = 2
    expect(there(fn)(3)).toBe(18)
  })

  it('keep the line of their file in stacks', () => {
    const fails = there(() => {
      throw new Error('here')
    })
    let stack = ''
    try {
      fails()
    } catch (error) {
      stack = (error as Error).stack!
    }
    expect(stack).toMatch(/functions\.test\.ts:\d+/)
  })
})

describe('what tools leave in texts', () => {
  it('counters of a coverage tool', () => {
    const counted = functionFrom('(x) => { cov_1ab2().f[0]++; cov_1ab2().s[1]++; return x + 1 }', {
      cov_1ab2: () => ({ f: [0], s: [0, 0] }),
    }) as Fn
    expect(there(counted)(1)).toBe(2)
  })

  it('names of modules, and helpers', () => {
    const text = '__name((x) => (0, import_lib.square)(x) + __pow(x, 2), "f")'
    const scope = {
      __name: (fn: Fn, name: string) => Object.defineProperty(fn, 'name', { value: name }),
      import_lib: Object.defineProperty({ square, unused: OPEN }, '__esModule', { value: true }),
      __pow: Math.pow,
    }
    expect(there(functionFrom(text, scope) as Fn)(3)).toBe(18)
  })

  it('require', () => {
    const text = '(x) => require("node:path").join(x, "b")'
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
    expect(there(functionFrom(text, { require }) as Fn)('a')).toBe('a/b')
  })
})

describe('what cannot travel', () => {
  const message = (fn: Fn): string => {
    try {
      travelling(fn)
    } catch (error) {
      expect(error).toBeInstanceOf(TsumbaError)
      expect((error as TsumbaError).code).toBe('capture')
      return (error as Error).message
    }
    return 'it travelled'
  }

  it('names the variable and the ways out', () => {
    const uses = () => OPEN.rate
    expect(message(uses)).toBe(
      '`uses` cannot travel to a worker: it uses `OPEN`, which is an object that can change.\n' +
        'Remedy: Pass it as an argument, or Object.freeze(OPEN) where it is declared; or import what it needs inside ' +
        "the function: const { … } = await import('…').",
    )
    const calls = () => uses()
    expect(message(calls)).toMatch(/^`uses` \(called by calls\) cannot travel/)
    expect(message(() => LIST[0])).toMatch(/`LIST`, which is a list that can change/)
    expect(message(bump)).toMatch(/`counter`, which is assigned by it/)
    const map = new Map([[1, 2]])
    expect(message(() => map.get(1))).toMatch(/`map`, which is an object of class Map that can change/)
    const point = Object.freeze(new Point(1))
    expect(message(() => point.sum)).toMatch(/`point`, which is an object of class Point.*\nRemedy: Make it inside/)
    const symbol = Symbol('s')
    expect(message(() => symbol)).toMatch(/is a symbol/)
    // @ts-expect-error there is none
    expect(message(() => nowhere)).toMatch(/`nowhere`, which is not declared in it/)
  })

  it('functions without a text', () => {
    expect(message(square.bind(null))).toMatch(/`bound square` cannot travel.*a bound function shows no text/)
    const getter = Object.getOwnPropertyDescriptor(Point.prototype, 'sum')!.get!
    expect(message(getter)).toMatch(/its text cannot be evaluated by itself/)
  })
})

describe('what a function is proven not to write to', () => {
  const reads = (fn: Fn) => revive(travelling(fn)).reads

  const helper = (v: Float64Array) => v[0]! + v[1]!
  const writer = (v: Float64Array) => v.set([1])
  const recursive = (v: Float64Array, n: number): number => (n === 0 ? v[0]! : recursive(v, n - 1))

  it('typed arrays', () => {
    const proven: Fn[] = [
      (x: Float64Array) => x[0],
      (x: Float64Array) => {
        let s = 0
        for (let i = 0; i < x.length; i++) s += x[i]!
        return s
      },
      (x: Float64Array) => x.map((v) => v * 2),
      (x: Float64Array) => Math.max(...x),
      (x: Float64Array) => {
        const y = x.subarray(1)
        const out = new Float64Array(y.length)
        for (const [i, v] of y.entries()) out[i] = v
        out.set(x, 0)
        return out
      },
      (x: Float64Array) => helper(x) + recursive(x, 3),
      (x: Float64Array) => x,
      (x: Float64Array) => {
        for (const v of x) if (v > 1) return v
        return x.reduce((a, b) => a + b, 0)
      },
      roots as Fn,
    ]
    for (const fn of proven) expect([fn.toString(), reads(fn).numbers[0]]).toEqual([fn.toString(), true])
  })

  it('not these', () => {
    const open: Fn[] = [
      (x: Float64Array) => {
        x[0] = 1
      },
      (x: Float64Array) => x[0]!++,
      (x: Float64Array) => x.fill(1),
      (x: Float64Array) => x.buffer,
      (x: Float64Array) => writer(x),
      (x: Float64Array) => {
        const y = x.subarray(1)
        y[0] = 1
      },
      (x: Float64Array) => {
        let y = x
        y = y.subarray(1)
        y[0] = 1
      },
      (x: Float64Array) => ({ x }),
      (x: Float64Array) => x.map((_v, i, all) => (all[i] = 0)),
      (x: Float64Array) => Object.assign(x, [1]),
      (x: Float64Array) => {
        ;[x[0]] = [1]
      },
      (x: Float64Array) => new Float64Array(x['buffer']).fill(1),
      function () {
        // biome-ignore lint/complexity/noArguments: what it is about
        return (arguments[0][0] = 1)
      },
      (...all: Float64Array[]) => all[0]!.fill(0),
      (x: Float64Array) => tsumba.atomic.add(x, 0, 1),
      (x: Float64Array) => [1, 2].map(() => x),
    ]
    for (const fn of open) expect([fn.toString(), reads(fn).numbers[0] ?? false]).toEqual([fn.toString(), false])
  })

  it('lists of arrays', () => {
    const proven: Fn[] = [
      (parts: Float64Array[]) => parts.length,
      (parts: Float64Array[]) => parts[0]![1]! + 1,
      (parts: Float64Array[]) => parts.reduce((s, p) => s + p[0]!, 0),
      (parts: Float64Array[]) => {
        const out = new Float64Array(9)
        for (const part of parts) for (let i = 0; i < part.length; i++) out[i] = part[i]!
        return out
      },
    ]
    for (const fn of proven) expect([fn.toString(), reads(fn).anything[0]]).toEqual([fn.toString(), true])
    const open: Fn[] = [
      (parts: Float64Array[]) => (parts[0]![0] = 1),
      (parts: Float64Array[]) => parts.slice()[0]!.fill(1),
      (parts: Float64Array[]) => parts.map((p) => p)[0]!.fill(1),
      (parts: Float64Array[]) => {
        for (const part of parts) part.sort()
      },
      (parts: Float64Array[]) => parts.map((p) => p.fill(1)),
      (parts: Float64Array[]) => [...parts][0]!.fill(1),
      (parts: Float64Array[]) => parts.find((p) => p.length)!.fill(1),
    ]
    for (const fn of open) expect([fn.toString(), reads(fn).anything[0]]).toEqual([fn.toString(), false])
  })
})

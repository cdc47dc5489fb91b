/**
 * The function that a family of loops is written into: its parameters come up as they are needed, and arrays get the
 * lengths that the indices into them ask for.
 */

import { anyNumber } from '../expressions.ts'
import { bytesOf } from '../inputs.ts'
import type { Rng } from '../rng.ts'
import {
  ARRAYS,
  type ArrayName,
  at,
  binary,
  type Expr,
  type Fn,
  type Input,
  lengthOf,
  name,
  num,
  type Options,
  type Param,
  type Program,
  type Stmt,
} from '../tree.ts'
import { elements } from './elements.ts'

/** A whole number that is known while the program is made, in the words that the program has for it. */
export interface Size {
  readonly e: Expr
  readonly value: number
}

/** An index, and the smallest and largest value that it takes; the largest is below the smallest where it takes none. */
export interface Index {
  readonly e: Expr
  readonly min: number
  readonly max: number
}

export interface ArrayParam {
  readonly name: string
  readonly type: ArrayName
  /** Elements that indices ask for. */
  needs: number
  /** What the program has said about the length, if it has. */
  length: number | undefined
  read: boolean
  written: boolean
  /** Shares no bytes with another array. */
  alone: boolean
}

const MOST_ARRAYS = 5
/** Numbers that leave something behind are put there. */
const OUT = 8

export class Kernel {
  readonly rng: Rng
  readonly arrays: ArrayParam[] = []
  readonly helpers: Fn[] = []
  /** How often two of the arrays share a buffer. */
  overlaps = 0.4
  private readonly permitted: Options
  private readonly independent: string[] = []
  private readonly tables: { readonly name: string; readonly data: readonly number[] }[] = []
  private readonly scalars: { readonly name: string; readonly value: number | boolean }[] = []
  private made = 0
  private shown = 0

  constructor(rng: Rng) {
    this.rng = rng
    this.permitted = { fastmath: rng.chance(0.15), unchecked: rng.chance(0.2) }
  }

  get options(): Options {
    return { ...this.permitted, independent: this.independent }
  }

  fresh(prefix: string): string {
    return `${prefix}${this.made++}`
  }

  // ─────────────────────────── parameters ───────────────────────────

  /** A size as a literal, a parameter, or an array's length. */
  size(value: number): Size {
    const { rng } = this
    return rng.weighted<() => Size>([
      [3, () => ({ e: num(value), value })],
      [6, () => this.parameter(value)],
      [3, () => this.lengthAs(value) ?? this.parameter(value)],
    ])()
  }

  /** A parameter that is a whole number. */
  parameter(value: number): Size {
    const known = this.scalars.filter((s) => s.value === value && s.name.startsWith('n'))
    if (known.length > 0 && this.rng.chance(0.7)) return { e: name(this.rng.pick(known).name, 'num'), value }
    const made = this.fresh('n')
    this.scalars.push({ name: made, value })
    return { e: name(made, 'num'), value }
  }

  /** An array's length, with something taken off where the array is longer. */
  private lengthAs(value: number): Size | undefined {
    const { rng } = this
    const fitting = this.arrays.filter((a) => (a.length ?? Math.max(value, a.needs)) >= value)
    const array = fitting.length > 0 ? rng.pick(fitting) : this.newArray()
    if (!array) return undefined
    array.length ??= Math.max(value + rng.weighted([[8, 0] as const, [2, rng.int(1, 9)]]), array.needs)
    const length = lengthOf(name(array.name, array.type))
    const less = array.length - value
    return { e: less === 0 ? length : binary('-', length, num(less)), value }
  }

  /** A parameter that is any number. */
  scalar(): Expr {
    const known = this.scalars.filter((s) => s.name.startsWith('c'))
    if (known.length > 0 && (known.length > 2 || this.rng.chance(0.6))) return name(this.rng.pick(known).name, 'num')
    const made = this.fresh('c')
    this.scalars.push({ name: made, value: anyNumber(this) })
    return name(made, 'num')
  }

  flag(): Expr {
    const made = this.fresh('b')
    this.scalars.push({ name: made, value: this.rng.chance(0.5) })
    return name(made, 'bool')
  }

  newArray(types: readonly ArrayName[] = ARRAYS): ArrayParam | undefined {
    const { rng } = this
    if (this.arrays.length >= MOST_ARRAYS) return undefined
    const floats = types.filter((type) => type.startsWith('Float'))
    const type = floats.length > 0 && rng.chance(0.4) ? rng.pick(floats) : rng.pick(types)
    const array: ArrayParam = {
      name: this.fresh('x'),
      type,
      needs: 0,
      length: undefined,
      read: false,
      written: false,
      alone: false,
    }
    this.arrays.push(array)
    return array
  }

  /** An index that a table gives: another one for each value of `e`, of which there are `count`. */
  scattered(e: Expr, count: number): Index {
    const { rng } = this
    const max = count - 1 + rng.weighted([[3, 0] as const, [1, rng.int(1, 9)]])
    const all = Array.from({ length: max + 1 }, (_, k) => k)
    const data = Array.from({ length: count }, () => all.splice(rng.int(0, all.length - 1), 1)[0]!)
    const table = { name: this.fresh('q'), data }
    this.tables.push(table)
    return { e: at(name(table.name, 'Int32Array'), e), min: 0, max }
  }

  /** Says that no two iterations of a parallel loop touch one element of the array. */
  promise(array: ArrayParam): void {
    array.alone = true
    this.independent.push(array.name)
  }

  /** An array of one of the types, a known one mostly; of any type where there are enough arrays already. */
  array(types: readonly ArrayName[] = ARRAYS, fits: (array: ArrayParam) => boolean = () => true): ArrayParam {
    const { rng } = this
    const known = this.arrays.filter((a) => types.includes(a.type) && fits(a))
    if (known.length > 0 && rng.chance(0.65)) return rng.pick(known)
    const made = this.newArray(types)
    if (made) return made
    const all = this.arrays.filter(fits)
    return rng.pick(known.length > 0 ? known : all.length > 0 ? all : this.arrays)
  }

  /** The element, for which the array will be long enough. */
  element(array: ArrayParam, { e, min, max }: Index, writes = false): Expr {
    if (max >= min) array.needs = Math.max(array.needs, max + 1)
    if (writes) array.written = true
    else array.read = true
    return at(name(array.name, array.type), e)
  }

  /** Whether an index stays within what is known of the array's length. */
  holds = (array: ArrayParam, { min, max }: Index): boolean =>
    max < min || array.length === undefined || max < array.length

  // ───────────────────────────── results ─────────────────────────────

  /** A place to leave a number at. */
  place(): Expr {
    return at(name('out', 'Float64Array'), num(this.shown++ % OUT))
  }

  program(body: readonly Stmt[], result: Expr | null): Program {
    const arrays = this.inputsOfArrays()
    const params: Param[] = [{ name: 'out', type: 'Float64Array', init: null }]
    const inputs: Input[] = [{ kind: 'array', type: 'Float64Array', data: Array.from({ length: OUT }, () => 0) }]
    const add = (text: string, input: Input, type: Param['type']) => {
      params.push({ name: text, type, init: null })
      inputs.push(input)
    }
    for (const [k, input] of arrays.entries()) add(this.arrays[k]!.name, input, this.arrays[k]!.type)
    for (const { name: text, data } of this.tables) {
      add(text, { kind: 'array', type: 'Int32Array', data, distinct: true }, 'Int32Array')
    }
    for (const { name: text, value } of this.scalars) {
      add(text, { kind: 'scalar', value }, typeof value === 'boolean' ? 'bool' : 'num')
    }
    const all = [...body, ...(result ? [{ k: 'return' as const, value: result }] : [])]
    return {
      helpers: this.helpers,
      entry: { name: 'kernel', params, body: all },
      inputs,
      options: this.options,
    }
  }

  private inputsOfArrays(): Input[] {
    const { rng } = this
    const lengths = this.arrays.map(
      ({ length, needs }) =>
        length ??
        rng.weighted([
          [12, needs],
          [3, needs + rng.int(1, 9)],
          // Programs that fail are part of the law.
          [0.5, Math.max(0, needs - 1)],
          [0.2, Math.max(0, needs - rng.int(1, 40))],
        ]),
    )
    const inputs = this.arrays.map(
      ({ type }, k): Input => ({
        kind: 'array',
        type,
        data: elements(rng, type, lengths[k]!),
      }),
    )
    if (rng.chance(this.overlaps)) this.alias(inputs, lengths)
    return inputs
  }

  /** Lets one array be part of another one's buffer. */
  private alias(inputs: Input[], lengths: readonly number[]): void {
    const { rng, arrays } = this
    const pairs = arrays.flatMap((a, of) =>
      arrays.flatMap((b, k) => (k > of && !a.alone && !b.alone && kin(a.type, b.type) ? [[of, k] as const] : [])),
    )
    if (pairs.length === 0) return
    const telling = pairs.filter(([a, b]) => arrays[a]!.written || arrays[b]!.written)
    const [of, k] = rng.pick(telling.length > 0 ? telling : pairs)
    const [size, other] = [bytesOf(arrays[of]!.type), bytesOf(arrays[k]!.type)]
    const away = rng.weighted([[4, 0] as const, [4, rng.int(1, 9)], [1, rng.int(1, 40)]]) * other
    const bytes = away + lengths[k]! * other
    const room = Math.ceil(Math.max(bytes, lengths[of]! * size) / size)
    // An array whose length the program names stays as long as it is.
    if (room > lengths[of]! && arrays[of]!.length !== undefined) return
    inputs[of] = { kind: 'array', type: arrays[of]!.type, data: elements(rng, arrays[of]!.type, room) }
    inputs[k] = { kind: 'alias', type: arrays[k]!.type, of: of + 1, byteOffset: away, length: lengths[k]! }
  }
}

/** Another view of floats would show the bits of NaNs, which the laws leave open. */
const kin = (a: ArrayName, b: ArrayName): boolean => a === b || !(a.startsWith('Float') || b.startsWith('Float'))

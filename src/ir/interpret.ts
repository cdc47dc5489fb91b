/**
 * Runs a module as the laws of ir.ts say, at either stage. This is what modules mean: it is to be read, not to be fast,
 * and it finds out where a proof of the compiler's does not hold (InterpretError) instead of going on.
 */

import { dtypeOf, type TypedArray } from '../types.ts'
import {
  applyOp,
  atomicElement,
  castValue,
  combine,
  conform,
  type IndexBits,
  InterpretError,
  type Lane,
  loadElement,
  newArray,
  overlaps,
  reductionStart,
  storeElement,
  type Value,
} from './interpret-values.ts'
import type {
  ArrayType,
  Bounds,
  Do,
  Expr,
  Fn,
  For,
  Label,
  Launch,
  Load,
  Local,
  Module,
  Reduce,
  Reduction,
  Stmt,
  Store,
} from './ir.ts'
import { blockLength, combinePairwise, LANES, SHORT_LOOP } from './reduction.ts'
import { typeName } from './types.ts'

export { InterpretError } from './interpret-values.ts'

/** The call ended with the failure that `module.sites[site]` describes. */
export class InterpretFailure extends Error {
  override name = 'InterpretFailure'
  readonly site: number
  readonly value0: number
  readonly value1: number
  constructor(site: number, value0: number, value1: number, what: string) {
    super(`${what} (${value0}, ${value1})`)
    this.site = site
    this.value0 = value0
    this.value1 = value1
  }
}

/** The program ran for longer than the caller wanted to wait. */
export class OutOfFuel extends Error {
  override name = 'OutOfFuel'
}

export interface InterpretOptions {
  /** Statements and iterations to run at most. */
  readonly fuel?: number
  /** Calls within calls; a deeper one fails at its site. */
  readonly depth?: number
  /** Bits of an `index`. */
  readonly indexBits?: IndexBits
  /** The longest range that a launch hands out. */
  readonly chunk?: number
  /** Launches run their ranges from the last to the first: no range may depend on another. */
  readonly reverse?: boolean
}

/**
 * Calls the entry function: numbers, booleans and typed arrays in, its result out (a list where it has several).
 * Typed arrays are the caller's own and change as they would in JavaScript.
 */
export function interpret(module: Module, args: readonly unknown[], options: InterpretOptions = {}): unknown {
  const results = new Interpreter(module, options).enter(args)
  return results.length > 1 ? results : results[0]
}

/** How statements end when not at their end. */
type Exit = { readonly jump: 'break' | 'continue'; readonly label: Label } | { readonly values: readonly Value[] }

/** What a loop's variable holds once the loop is over: nothing that anybody may read (law 6 does not say). */
const NOTHING = Symbol('the variable of a loop that is over')
type Frame = Map<Local, Value | typeof NOTHING>

class Interpreter {
  readonly #module: Module
  readonly #functions: ReadonlyMap<string, Fn>
  readonly #options: InterpretOptions
  readonly #indexBits: IndexBits
  #fuel: number
  #depth = 0

  constructor(module: Module, options: InterpretOptions) {
    this.#module = module
    this.#functions = new Map(module.functions.map((fn) => [fn.name, fn]))
    this.#options = options
    this.#indexBits = options.indexBits ?? 32
    this.#fuel = options.fuel ?? Infinity
  }

  enter(args: readonly unknown[]): readonly Value[] {
    const fn = this.#fn(this.#module.entry)
    fn.params.forEach((param, k) => {
      const { type } = param
      const fits = type.kind === 'array' ? dtypeOf(args[k]) === type.dtype && type.rank === 1 : isScalar(type, args[k])
      if (!fits) throw new InterpretError(`argument ${k} is no ${typeName(type)} for ${param.name}`)
    })
    return this.#invoke(fn, args as readonly Value[])
  }

  #fn(name: string): Fn {
    const fn = this.#functions.get(name)
    if (!fn) throw new InterpretError(`no function is named ${name}`)
    return fn
  }

  #invoke(fn: Fn, args: readonly Value[]): readonly Value[] {
    const frame: Frame = new Map()
    fn.params.forEach((param, k) => {
      frame.set(param, args[k]!)
    })
    this.#depth++
    const exit = this.#run(fn.body, frame)
    this.#depth--
    if (exit && 'jump' in exit) throw new InterpretError(`${exit.jump} ${exit.label.name} left ${fn.name}`)
    if (!exit && fn.results.length > 0) throw new InterpretError(`${fn.name} ended without its results`)
    return exit?.values ?? []
  }

  #fail(site: number, value0 = 0, value1 = 0): never {
    const described = this.#module.sites[site]
    throw new InterpretFailure(site, value0, value1, described ? `${described.code}: ${described.subject}` : 'failed')
  }

  #burn(): void {
    if (--this.#fuel < 0) throw new OutOfFuel('the interpreter ran out of fuel')
  }

  // ─────────────────────────── expressions ───────────────────────────

  #local(l: Local, frame: Frame): Value {
    const value = frame.get(l)
    if (value === NOTHING) throw new InterpretError(`${l.name} is read after its loop`)
    if (value !== undefined) return value
    const start = initialValue(l)
    frame.set(l, start)
    return start
  }

  #array(l: Local, frame: Frame): TypedArray {
    return this.#local(l, frame) as TypedArray
  }

  #number(e: Expr, frame: Frame): number {
    return this.#eval(e, frame) as number
  }

  #true(e: Expr, frame: Frame): boolean {
    return conform('bool', this.#eval(e, frame) as Lane, this.#indexBits) as boolean
  }

  #lanes(e: Expr, frame: Frame): readonly Lane[] {
    return this.#eval(e, frame) as readonly Lane[]
  }

  #eval(e: Expr, frame: Frame): Value {
    switch (e.kind) {
      case 'const':
        return typeof e.value === 'bigint' ? conform('i64', Number(e.value), 64) : e.value
      case 'local':
        return this.#local(e.local, frame)
      case 'load':
        return this.#load(e, frame)
      case 'op':
        return applyOp(
          e,
          e.args.map((arg) => this.#eval(arg, frame)),
          this.#indexBits,
        )
      case 'cast':
        return castValue(e.value.type, e.type, this.#eval(e.value, frame), this.#indexBits)
      case 'select': {
        const chosen = this.#eval(e.cond, frame)
        const yes = this.#eval(e.then, frame)
        const no = this.#eval(e.else, frame)
        if (!Array.isArray(chosen)) return chosen ? yes : no
        return chosen.map((take, k) => ((take ? yes : no) as readonly Lane[])[k]!)
      }
      case 'cond':
        return this.#eval(this.#true(e.cond, frame) ? e.then : e.else, frame)
      case 'ramp': {
        const base = this.#number(e.base, frame)
        const stride = this.#number(e.stride, frame)
        return spread(e.type.lanes, (k) => conform(e.type.of, base + k * stride, this.#indexBits))
      }
      case 'splat': {
        const value = this.#eval(e.value, frame) as Lane
        const name = e.type.kind === 'vec' ? e.type.of : 'bool'
        return spread(e.type.lanes, () => conform(name, value, this.#indexBits))
      }
      case 'shuffle': {
        const both = [...this.#lanes(e.a, frame), ...this.#lanes(e.b, frame)]
        return e.lanes.map((lane) => both[lane]!)
      }
      case 'extract':
        return this.#lanes(e.value, frame)[e.lane]!
      case 'reduce':
        return this.#fold(e, this.#lanes(e.value, frame))
      case 'length':
        if (e.axis !== 0) throw new InterpretError('arrays of several axes are not interpreted yet')
        return conform('index', this.#array(e.array, frame).length, this.#indexBits)
      case 'overlap':
        return overlaps(this.#array(e.a, frame), this.#array(e.b, frame))
      default:
        return e satisfies never
    }
  }

  #fold(e: Reduce, lanes: readonly Lane[]): Lane {
    const { op } = e
    if (op === 'any') return lanes.includes(true)
    if (op === 'all') return !lanes.includes(false)
    return combinePairwise(lanes, (a, b) => combine(op, e.type, a, b, this.#indexBits))
  }

  /** The place of an element, or the end of the call. `away`: how far from the index. */
  #place(array: TypedArray, index: number, away: number, bounds: Bounds, site: number): number {
    const at = index + away
    if (Number.isInteger(at) && at >= 0 && at < array.length) return at
    if (bounds === 'checked') this.#fail(site, at, array.length)
    throw new InterpretError(`index ${at} was proven to be within length ${array.length}`)
  }

  #load(e: Load, frame: Frame): Value {
    const array = this.#array(e.array, frame)
    const index = this.#number(e.index, frame)
    const { type } = e
    const stride = e.stride ? this.#number(e.stride, frame) : 1
    const mask = e.mask && this.#eval(e.mask, frame)
    const one = (lane: number, name: 'i8' | Extract<Expr['type'], { kind: 'scalar' }>['name']): Lane =>
      (Array.isArray(mask) ? mask[lane] : mask) === false
        ? 0
        : loadElement(array, this.#place(array, index, lane * stride, e.bounds, e.site), name)
    if (type.kind === 'vec') return spread(type.lanes, (lane) => one(lane, type.of))
    if (type.kind !== 'scalar') throw new InterpretError(`no element is ${typeName(type)}`)
    return one(0, type.name)
  }

  // ─────────────────────────── statements ───────────────────────────

  #run(stmts: readonly Stmt[], frame: Frame): Exit | undefined {
    for (const s of stmts) {
      this.#burn()
      const exit = this.#stmt(s, frame)
      if (exit) return exit
    }
    return undefined
  }

  #stmt(s: Stmt, frame: Frame): Exit | undefined {
    switch (s.kind) {
      case 'assign':
        frame.set(s.local, this.#eval(s.value, frame))
        return undefined
      case 'store':
        return this.#store(s, frame)
      case 'do':
        return this.#do(s, frame)
      case 'call': {
        const args = s.args.map((arg) => this.#eval(arg, frame))
        if (this.#depth >= (this.#options.depth ?? 500)) {
          if (this.#module.sites[s.site]?.code === 'depth') this.#fail(s.site)
          throw new InterpretError(`calls within calls are too many at ${s.fn}`)
        }
        const results = this.#invoke(this.#fn(s.fn), args)
        s.results.forEach((l, k) => {
          frame.set(l, results[k]!)
        })
        return undefined
      }
      case 'alloc': {
        const length = this.#number(s.length, frame)
        const limit = this.#indexBits === 32 ? 2 ** 31 - 1 : 2 ** 53
        if (!Number.isInteger(length) || length < 0 || length > limit) this.#fail(s.site, length)
        const made = newArray(s.local.type as ArrayType, length)
        // What was there before is anything: whoever reads it should see that.
        if (!s.zero) new Uint8Array(made.buffer).fill(0xa5)
        frame.set(s.local, made)
        return undefined
      }
      case 'if':
        return this.#run(this.#true(s.cond, frame) ? s.then : s.else, frame)
      case 'for':
        return this.#for(s, frame)
      case 'while':
        while (this.#true(s.cond, frame)) {
          this.#burn()
          const exit = this.#run(s.body, frame)
          if (leavesLoop(exit, s.label)) return isBreak(exit, s.label) ? undefined : exit
        }
        return undefined
      case 'block': {
        const exit = this.#run(s.body, frame)
        return isBreak(exit, s.label) ? undefined : exit
      }
      case 'break':
      case 'continue':
        return { jump: s.kind, label: s.label }
      case 'return':
        return { values: s.values.map((e) => this.#eval(e, frame)) }
      case 'fail':
        return this.#fail(s.site, ...s.values.map((e) => this.#number(e, frame)))
      case 'launch':
        return this.#launch(s, frame)
      case 'barrier':
        throw new InterpretError('barriers are not interpreted yet')
      default:
        return s satisfies never
    }
  }

  #store(s: Store, frame: Frame): undefined {
    const array = this.#array(s.array, frame)
    const index = this.#number(s.index, frame)
    const stride = s.stride ? this.#number(s.stride, frame) : 1
    const value = this.#eval(s.value, frame)
    const mask = s.mask && this.#eval(s.mask, frame)
    const lanes = Array.isArray(value) ? value : [value]
    const places = lanes.map((_, lane) =>
      (Array.isArray(mask) ? mask[lane] : mask) === false
        ? -1
        : this.#place(array, index, lane * stride, s.bounds, s.site),
    )
    places.forEach((place, lane) => {
      if (place >= 0) storeElement(array, place, lanes[lane] as number)
    })
    return undefined
  }

  #do(s: Do, frame: Frame): undefined {
    const array = this.#array(s.array, frame)
    const index = this.#number(s.index, frame)
    const args = s.args.map((arg) => this.#eval(arg, frame) as Lane)
    const place = this.#place(array, index, 0, s.bounds, s.site)
    const old = atomicElement(s.op, s.array.type as ArrayType, array, place, args)
    if (s.result) frame.set(s.result, old)
    return undefined
  }

  #for(s: For, frame: Frame): Exit | undefined {
    if (s.forKind === 'grid' || s.forKind === 'block') {
      throw new InterpretError(`${s.forKind} loops are not interpreted yet`)
    }
    const lo = this.#number(s.lo, frame)
    const hi = this.#number(s.hi, frame)
    const trips = Math.max(0, Math.ceil((hi - lo) / s.step))
    if (s.serialIf) this.#true(s.serialIf, frame)
    const short = s.forKind === 'serial' && trips < SHORT_LOOP
    const trees = s.reductions
      .filter((r) => r.order === 'tree' && !short)
      .map((r) => new Tree(r, trips, this.#indexBits))
    for (const tree of trees) tree.initial = this.#local(tree.local, frame) as Lane
    let exit: Exit | undefined
    for (let k = 0; k < trips; k++) {
      this.#burn()
      frame.set(s.variable, lo + k * s.step)
      for (const tree of trees) frame.set(tree.local, tree.lane(k))
      exit = this.#run(s.body, frame)
      for (const tree of trees) tree.put(k, frame.get(tree.local) as Lane)
      if (leavesLoop(exit, s.label)) break
      exit = undefined
    }
    frame.set(s.variable, NOTHING)
    for (const tree of trees) frame.set(tree.local, tree.result())
    return isBreak(exit, s.label) ? undefined : exit
  }

  #launch(s: Launch, frame: Frame): undefined {
    const fn = this.#fn(s.fn)
    const lo = this.#number(s.lo, frame)
    const hi = this.#number(s.hi, frame)
    const args = s.args.map((arg) => this.#eval(arg, frame))
    const serial = s.serialIf !== undefined && this.#true(s.serialIf, frame)
    const chunk = this.#options.chunk ?? Infinity
    const ranges: [number, number][] = []
    for (let from = lo; from < hi; from += chunk) ranges.push([from, Math.min(hi, from + chunk)])
    if (serial || !this.#options.reverse) {
      for (const range of ranges) this.#invoke(fn, [...range, ...args])
      return undefined
    }
    // The lowest failing range decides, whatever ran before it.
    let failure: InterpretFailure | undefined
    const depth = this.#depth
    for (const range of ranges.reverse()) {
      try {
        this.#invoke(fn, [...range, ...args])
      } catch (error) {
        if (!(error instanceof InterpretFailure)) throw error
        failure = error
        this.#depth = depth
      }
    }
    if (failure) throw failure
    return undefined
  }
}

/** The partial results of one reduction (reduction.ts). */
class Tree {
  readonly local: Local
  initial: Lane = 0
  readonly #op: Reduction['op']
  readonly #indexBits: IndexBits
  readonly #blockLength: number
  readonly #blocks: Lane[][]

  constructor(r: Reduction, trips: number, indexBits: IndexBits) {
    this.local = r.local
    this.#op = r.op
    this.#indexBits = indexBits
    this.#blockLength = blockLength(trips)
    const start = reductionStart(r.op, r.local.type)
    this.#blocks = Array.from({ length: Math.ceil(trips / this.#blockLength) }, () =>
      new Array<Lane>(LANES).fill(start),
    )
  }

  lane(k: number): Lane {
    return this.#blocks[Math.floor(k / this.#blockLength)]![k % LANES]!
  }

  put(k: number, value: Lane): void {
    this.#blocks[Math.floor(k / this.#blockLength)]![k % LANES] = value
  }

  result(): Lane {
    const op = (a: Lane, b: Lane): Lane => combine(this.#op, this.local.type, a, b, this.#indexBits)
    if (this.#blocks.length === 0) return this.initial
    const blocks = this.#blocks.map((lanes) => combinePairwise(lanes, op))
    return op(this.initial, combinePairwise(blocks, op))
  }
}

const spread = (lanes: number, lane: (k: number) => Lane): readonly Lane[] =>
  Array.from({ length: lanes }, (_, k) => lane(k))

const isBreak = (exit: Exit | undefined, label: Label): boolean =>
  exit !== undefined && 'jump' in exit && exit.jump === 'break' && exit.label === label

/** Whether an iteration that ended so is the last: all but falling through and `continue` of this loop. */
const leavesLoop = (exit: Exit | undefined, label: Label): boolean =>
  exit !== undefined && !('jump' in exit && exit.jump === 'continue' && exit.label === label)

function initialValue({ name, type }: Local): Value {
  switch (type.kind) {
    case 'scalar':
      return type.name === 'bool' ? false : 0
    case 'vec':
      return new Array<Lane>(type.lanes).fill(0)
    case 'mask':
      return new Array<Lane>(type.lanes).fill(false)
    case 'array':
      return newArray(type, 0)
    case 'tuple':
      throw new InterpretError(`tuples are not interpreted yet (${name})`)
    default:
      return type satisfies never
  }
}

function isScalar(type: Expr['type'], value: unknown): boolean {
  if (type.kind !== 'scalar') return false
  switch (type.name) {
    case 'bool':
      return typeof value === 'boolean'
    case 'f64':
      return typeof value === 'number'
    case 'f32':
      return typeof value === 'number' && Object.is(Math.fround(value), value)
    case 'i32':
      return typeof value === 'number' && Object.is(value | 0, value)
    case 'i64':
    case 'index':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
    default:
      return false
  }
}

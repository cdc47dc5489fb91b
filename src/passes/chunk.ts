/**
 * Loops as functions that a driver calls range by range. V8 replaces a WebAssembly function's first, slow code by
 * optimised code only where the function is entered, so one long call of one long loop would stay slow to its end. As
 * `body(lo, hi, …)`, called a hundred times, the loop runs optimised from the second or third call on.
 *
 *   at = lo
 *   while at < hi {
 *     next = at + stride, or hi where that is nearer
 *     results = call body(at, next, …)
 *     at = next
 *   }
 *
 * A loop of few iterations stays where it is, and the loops in it become functions. Iterations keep their order.
 * Launched functions are called in ranges anyway, or have little to do, and stay as they are.
 */

import { callingThread, recursiveFunctions } from '../analysis/calls.ts'
import { markFailing } from '../analysis/failing.ts'
import { exposedReads, liveAfterEach } from '../analysis/liveness.ts'
import { assign, block, breakTo, cast, cond, ifStmt, Names, num, op, ref, whileStmt } from '../ir/build.ts'
import type { Block, Expr, Fn, For, If, Local, Module, ScalarType, Site, Stmt, Type } from '../ir/ir.ts'
import { copyStmts } from '../ir/rename.ts'
import { F64 } from '../ir/types.ts'
import { assignedLocals, flatMapList, mapStmtBodies, mapStmts, stmtBodies, usedLocals, visitStmts } from '../ir/walk.ts'
import { withExits } from './exits.ts'
import { sizeOf } from './inline.ts'
import { dropUnusedLocals, outline } from './outline.ts'

/** Iterations unless said otherwise. */
export interface Sizes {
  /** Calls that the iterations of a loop are divided into; in loops that run again and again, each time. */
  readonly calls: number
  readonly callsAgain: number
  /** A loop around loops with fewer stays in place, and its inner loops are called instead. */
  readonly few: number
  /** A loop without loops, of a few ns an iteration, must have so many to be worth a call of about 5 ns. */
  readonly leaf: number
  readonly leafAgain: number
  /** The same for a loop around loops within another loop. */
  readonly nestAgain: number
  /** Loops larger than this (statements and expression nodes) are not written twice. */
  readonly copied: number
  /** Loops within loops within loops that are written twice. */
  readonly levels: number
}

const SIZES: Sizes = {
  calls: 128,
  callsAgain: 32,
  few: 32,
  leaf: 256,
  leafAgain: 4096,
  nestAgain: 32,
  copied: 2000,
  levels: 3,
}

export const chunk = (module: Module): Module => chunkBy(module, SIZES)

/** `chunk` with other sizes: small ones, under test, for loops that are quick to interpret. */
export function chunkBy(module: Module, sizes: Sizes): Module {
  const recursive = recursiveFunctions(module.functions)
  const thread = callingThread(module.functions, module.entry)
  const sites: Site[] = [...module.sites]
  const made: Fn[] = []
  const functions = module.functions.map((fn) => {
    const place = thread.get(fn.name)
    if (!place || recursive.has(fn.name)) return fn
    const chunker = new Chunker(fn, sizes)
    const body = chunker.list(fn.body, place.repeated ? 1 : 0)
    if (chunker.regions.size === 0) return fn
    return extract({ ...fn, body, locals: [...fn.locals, ...chunker.locals] }, chunker.regions, module, made, sites)
  })
  if (made.length === 0) return module
  return { ...module, functions: markFailing([...functions, ...made]), sites }
}

/** A loop over the range [at, next), still in its place: the region that is to become a function. */
interface Range {
  readonly at: Local
  readonly next: Local
  readonly loop: For
}

/** Replaces the regions by calls of new functions. */
function extract(fn: Fn, regions: ReadonlyMap<Stmt, Range>, module: Module, made: Fn[], sites: Site[]): Fn {
  const live = liveAfterEach(fn, (s) => regions.has(s))
  const body = mapStmts(fn.body, {
    stmt: (s) => {
      const range = regions.get(s)
      if (!range) return s
      const { at, next, loop } = range
      const { body } = s as Block
      const functions = [...module.functions, ...made]
      const name = `${fn.name}.${loop.variable.name}`
      const outlined = outline({ module: { functions }, name, body, lead: [at, next], liveAfter: live.get(s)! })
      made.push(outlined.fn)
      const site = sites.push({ code: 'call', subject: fn.name, span: loop.span }) - 1
      const args = [ref(at), ref(next), ...outlined.args]
      return { kind: 'call', fn: outlined.fn.name, args, results: outlined.results, site }
    },
  })
  return dropUnusedLocals({ ...fn, body })
}

class Chunker {
  readonly regions = new Map<Stmt, Range>()
  readonly locals: Local[] = []
  readonly #fn: Fn
  readonly #sizes: Sizes
  readonly #names: Names
  readonly #onStack: boolean
  /** Of the whole function; see `#fits`. */
  #uses: ReadonlyMap<Local, number> | undefined
  #spare: readonly For[] = []

  constructor(fn: Fn, sizes: Sizes) {
    this.#fn = fn
    this.#sizes = sizes
    this.#names = Names.of(fn)
    this.#onStack = fn.locals.some(isOnStack)
  }

  /** `depth`: loops around the statements that stay in their place. */
  list(stmts: readonly Stmt[], depth: number): readonly Stmt[] {
    let before: Stmt | undefined
    return flatMapList(stmts, (s) => {
      const rest = s.kind === 'for' && before?.kind === 'for' && isCopy(s, before)
      before = s
      // What other passes have written twice they run quickly in its first place; the rest of it waits for nothing.
      if (s.kind === 'for') return rest || this.#spare.some((loop) => isCopy(s, loop)) ? s : this.#for(s, depth)
      if (s.kind === 'if') return this.#if(s, depth)
      return mapStmtBodies(s, (body) => this.list(body, s.kind === 'while' ? depth + 1 : depth))
    })
  }

  /** Loops of the second arm that stand in the first too are the spare ones, for what the first cannot do. */
  #if(s: If, depth: number): Stmt {
    const yes = this.list(s.then, depth)
    const outer = this.#spare
    this.#spare = [...outer, ...loopsIn(s.then)]
    const no = this.list(s.else, depth)
    this.#spare = outer
    return yes === s.then && no === s.else ? s : ifStmt(s.cond, yes, no)
  }

  #for(s: For, depth: number): Stmt | readonly Stmt[] {
    const { leaf, few, copied, levels } = this.#sizes
    const innermost = !hasLoops(s.body)
    const trips = constantTrips(s)
    if (innermost && trips !== undefined && trips < leaf) return s
    // Fewer turns than this are better made in place. Once a call, the difference is nothing.
    const worth = !innermost ? few : depth === 0 ? 0 : leaf
    if (depth >= levels || !this.#fits(s) || (trips !== undefined && trips < worth)) return this.#stay(s, depth)
    // In the copy that stays, labels are new ones: the driver's part keeps the loop's own.
    const short = worth > 0 && trips === undefined && sizeOf([s]) <= copied ? copyStmts([s], this.#names) : []
    return this.#drive(s, depth, innermost, worth, this.#stay(short[0] as For | undefined, depth))
  }

  /** The loop in its place, the loops in it looked at. */
  #stay<T extends For | undefined>(s: T, depth: number): T {
    return s && (mapStmtBodies(s, (body) => this.list(body, depth + 1)) as T)
  }

  #drive(s: For, depth: number, innermost: boolean, worth: number, short: For | undefined): readonly Stmt[] {
    const { leaf, leafAgain, nestAgain } = this.#sizes
    const type = s.variable.type as ScalarType
    const at = this.#local('at', type)
    const end = this.#local('end', type)
    const next = this.#local('next', type)
    const stride = this.#local('stride', type)
    const up = s.step > 0
    const size = Math.abs(s.step)
    const f64 = (e: Expr) => cast(F64, e)
    // Distances are f64: in the loop's own type the whole way from lo to hi might not fit.
    const distance = () => (up ? op('sub', f64(ref(end)), f64(ref(at))) : op('sub', f64(ref(at)), f64(ref(end))))
    const wanted = depth === 0 ? (innermost ? leaf : 1) : innermost ? leafAgain : nestAgain
    // The stride must fit the loop's type, which may be i32.
    const least = Math.max(1, Math.min(wanted, Math.floor(2 ** 30 / size)))
    const calls = depth === 0 ? this.#sizes.calls : this.#sizes.callsAgain
    const share = op('floor', op('mul', distance(), num(F64, 1 / (calls * size))))
    const iterations = op('max', share, num(F64, least))

    const { loop, reset, leave } = withExits(s, this.#fn.results, (name, t) => this.#local(name, t))
    const ranged: For = { ...loop, lo: ref(at), hi: ref(next) }
    const region = block(this.#names.label('range'), [...reset, ranged])
    this.regions.set(region, { at, next, loop: s })

    const driver = this.#names.label('chunks')
    const far = op('gt', distance(), f64(up ? ref(stride) : op('neg', ref(stride))))
    const turns = whileStmt(
      driver,
      op(up ? 'lt' : 'gt', ref(at), ref(end)),
      [
        assign(next, cond(far, op('add', ref(at), ref(stride)), ref(end))),
        region,
        ...leave(breakTo(driver)),
        assign(at, ref(next)),
      ],
      s.span,
    )
    const drive = [
      assign(stride, cast(type, s.step === 1 ? iterations : op('mul', iterations, num(F64, s.step)))),
      turns,
    ]
    const bounds = [assign(at, s.lo), assign(end, s.hi)]
    if (!short) return [...bounds, ...drive]
    const inPlace: For = { ...short, lo: ref(at), hi: ref(end) }
    return [...bounds, ifStmt(op('lt', distance(), num(F64, worth * size)), [inPlace], drive)]
  }

  #local(name: string, type: Type): Local {
    const local = this.#names.local(name, type)
    this.locals.push(local)
    return local
  }

  /**
   * Whether a loop can be a function: what it leaves behind, for itself or for later, must be numbers, as results that
   * are arrays would be counted references to hand back and forth; and arrays on this function's stack stay there.
   */
  #fits(s: For): boolean {
    const assigned = assignedLocals([s])
    if (this.#onStack && [...usedLocals([s])].some((l) => isOnStack(l) && !assigned.has(l))) return false
    const arrays = [...assigned].filter((l) => l.type.kind === 'array')
    if (arrays.length > 0) {
      const exposed = exposedReads([s])
      const inside = countArrays([s])
      this.#uses ??= countArrays(this.#fn.body)
      for (const l of arrays) if (exposed.has(l) || inside.get(l) !== this.#uses.get(l)) return false
    }
    let fits = true
    visitStmts(s.body, {
      stmt: (inner) => {
        if (inner.kind === 'return' && inner.values.some((e) => e.type.kind === 'array')) fits = false
        if (inner.kind === 'barrier') fits = false
      },
    })
    return fits
  }
}

const isOnStack = ({ type }: Local): boolean => type.kind === 'array' && type.space !== 'global'

/** In how many statements the local of an array stands. */
function countArrays(stmts: readonly Stmt[]): ReadonlyMap<Local, number> {
  const counts = new Map<Local, number>()
  visitStmts(stmts, {
    stmt: (s) => {
      const alone = mapStmtBodies(s, () => [])
      for (const l of usedLocals([alone])) if (l.type.kind === 'array') counts.set(l, (counts.get(l) ?? 0) + 1)
    },
  })
  return counts
}

/** Whether two loops are the same one of the source. */
const isCopy = (a: For, b: For): boolean =>
  a.span.source === b.span.source && a.span.start === b.span.start && a.span.end === b.span.end

function loopsIn(stmts: readonly Stmt[]): For[] {
  const found: For[] = []
  visitStmts(stmts, {
    stmt: (s) => {
      if (s.kind === 'for') found.push(s)
    },
  })
  return found
}

const hasLoops = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => s.kind === 'for' || s.kind === 'while' || stmtBodies(s).some(hasLoops))

function constantTrips({ lo, hi, step }: For): number | undefined {
  if (lo.kind !== 'const' || hi.kind !== 'const') return undefined
  return Math.max(0, Math.ceil((Number(hi.value) - Number(lo.value)) / step))
}

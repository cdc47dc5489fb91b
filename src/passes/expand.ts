/**
 * Writes out Math functions: each call becomes the straight-line code of its expansion, with a guard behind it.
 *
 *   r = fast(x)
 *   if not usual(x) { r = call rare(x) }
 *
 * Calls of one expression that do not need each other's results share one guard. Of vectors the guard asks whether all
 * lanes are usual, and lanes that are not are computed one by one. What stands where not every evaluation reaches it,
 * or where it is evaluated again and again (an arm of a choice, the condition of a loop), moves there as statements.
 *
 * WebAssembly computes a scalar as one lane of the vector form: V8 branches to choose between two scalars, and moves
 * bits between register files to look at an exponent. JavaScript calls functions, which V8 writes out where it pays.
 */

import {
  assign,
  breakTo,
  extract,
  ifStmt,
  Names,
  num,
  op,
  reduce,
  ref,
  ret,
  shuffle,
  splat,
  TRUE,
  whileStmt,
} from '../ir/build.ts'
import type { Cond, Expr, Fn, For, Local, Module, OpExpr, Stmt, Type } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import type { Expansion } from '../ir/ops/math/lanes.ts'
import { meaningOf } from '../ir/ops/math/numbers.ts'
import { printExpr } from '../ir/print.ts'
import { F64, vec } from '../ir/types.ts'
import {
  exprChildren,
  flatMapList,
  mapChildren,
  mapStmtBodies,
  mapStmtExprs,
  stmtExprs,
  visitStmts,
} from '../ir/walk.ts'
import { type Form, Graph, type Node, SCALAR, vectorForm, Writer } from './graph.ts'
import type { PassContext } from './pass.ts'

const PAIR = vec('f64', 2)

/** Functions that hold more calls than this call the rest of them: what is too long is compiled slowly. */
const INLINED = 32
/** A program of fewer operations is not worth the way into vectors and back. */
const SHORT = 4

export function expand(module: Module, { target }: PassContext): Module {
  const shared = new Shared(target)
  const functions = module.functions.map((fn) => new Expander(fn, shared).run())
  if (functions.every((fn, k) => fn === module.functions[k])) return module
  return { ...module, functions: [...functions, ...shared.functions] }
}

// ─────────────────────── functions of the module ───────────────────────

/** All of a function, of scalars or of lanes; or what it is, of scalars, where arguments are not usual. */
type Part = 'whole' | 'lanes' | 'rare'
const SUFFIXES: Readonly<Record<Part, string>> = { whole: '', lanes: '.f64x2', rare: '.rare' }

/** Made once a process: they are the same in every module. */
const made = new WeakMap<Expansion, Map<string, Fn>>()

/** The functions that a module gets besides its own. */
class Shared {
  readonly target: PassContext['target']
  readonly functions: Fn[] = []

  constructor(target: PassContext['target']) {
    this.target = target
  }

  /** The name of a function of Math; no other function's has a dot before `chunk`, which knows all names. */
  function(name: string, expansion: Expansion, part: Part): string {
    const called = `Math.${name}${SUFFIXES[part]}`
    if (this.functions.some((fn) => fn.name === called)) return called
    // What it calls must be in this module too, whether or not it is made already.
    if (part !== 'rare' && expansion.rare) this.function(name, expansion, 'rare')
    let parts = made.get(expansion)
    if (!parts) made.set(expansion, (parts = new Map()))
    const key = part === 'whole' ? `${called} ${this.target}` : called
    let fn = parts.get(key)
    if (!fn) parts.set(key, (fn = this.#make(called, name, expansion, part)))
    this.functions.push(fn)
    return called
  }

  #make(called: string, name: string, expansion: Expansion, part: Part): Fn {
    const names = new Names()
    const locals: Local[] = []
    const type = part === 'lanes' ? PAIR : F64
    const params = opRecord(name).args.map((_, k) => names.local('xyzw'[k]!, type))
    const local = (base: string, type: Type) => {
      const fresh = names.local(base, type)
      locals.push(fresh)
      return fresh
    }
    const body: Stmt[] = []
    let result: Expr
    if (part === 'rare') {
      const graph = new Graph()
      const root = expansion.rare!<Node, Node>(graph.words, ...params.map((p) => graph.leaf(p.name, ref(p))))
      result = new Writer(SCALAR, [root], body, local).expr(root)
    } else {
      const batch = new Batch(this, local)
      result = batch.add(name, expansion, params.map(ref), type, body)
      batch.flush(body)
    }
    return { name: called, params, results: [type], locals, body: [...body, ret(result)], canFail: false }
  }
}

// ───────────────────────────── calls ─────────────────────────────

/** How a call is computed: as a scalar, as lanes, or as one lane of a vector. */
type Shape = 'scalar' | 'lanes' | 'lane'
const FORMS: Readonly<Record<Shape, Form>> = { scalar: SCALAR, lanes: vectorForm(PAIR), lane: vectorForm(PAIR) }

interface Call {
  readonly name: string
  readonly expansion: Expansion
  readonly shape: Shape
  /** Constants, and what can be asked for again and again. */
  readonly args: readonly Expr[]
  readonly result: Local
}
/** What a call is made of, in a graph. */
interface Program {
  readonly call: Call
  readonly fast: Node
  readonly usual: Node
}
/** Calls that branch off on one condition. */
interface Fork {
  readonly short: Node
  readonly shape: Shape
  readonly calls: Call[]
}

type Fresh = (name: string, type: Type) => Local

/** Calls that wait to be written together, none of which needs another's result. */
class Batch {
  readonly #shared: Shared
  readonly #fresh: Fresh
  readonly #graph = new Graph()
  /** Arguments by their text, which stands for their value within one statement. */
  readonly #arguments = new Map<string, Expr>()
  #straight: Call[] = []
  #forks: Fork[] = []

  constructor(shared: Shared, fresh: Fresh) {
    this.#shared = shared
    this.#fresh = fresh
  }

  /** The result of a call, which is there after `flush`. Arguments are evaluated into `out` at once. */
  add(name: string, expansion: Expansion, given: readonly Expr[], type: Type, out: Stmt[]): Expr {
    const constants = given.map(constantOf)
    if (constants.every((value) => value !== undefined)) {
      const value = num(F64, meaningOf(expansion)(...constants))
      return type.kind === 'vec' ? splat(type, value) : value
    }
    const args = given.map((arg, k) => (constants[k] === undefined ? this.#argument(arg, out) : arg))
    const scalar = this.#shared.target === 'js' || this.isShort(expansion, args)
    const shape = type.kind === 'vec' ? 'lanes' : scalar ? 'scalar' : 'lane'
    const call = { name, expansion, shape, args, result: this.#fresh(name, FORMS[shape].value) } as const
    const short = expansion.short?.<Node, Node>(this.#graph.words, ...nodesOf(this.#graph, args))
    if (!short || short.value !== undefined) this.#straight.push(call)
    else {
      const same = this.#forks.find((fork) => fork.short === short && fork.shape === shape)
      if (same) same.calls.push(call)
      else this.#forks.push({ short, shape, calls: [call] })
    }
    if (shape !== 'lane') return ref(call.result)
    single.add(call.result)
    return extract(ref(call.result), 0)
  }

  /** Whether a program shrinks to a few operations, as one of its arguments is constant: squares are products. */
  isShort(expansion: Expansion, args: readonly Expr[]): boolean {
    if (args.every((arg) => constantOf(arg) === undefined)) return false
    return this.#graph.size(expansion.fast<Node, Node>(this.#graph.words, ...nodesOf(this.#graph, args))) <= SHORT
  }

  /** What can be asked for again and again. */
  #argument(arg: Expr, out: Stmt[]): Expr {
    if (arg.kind === 'local' || isLane(arg)) return arg
    const text = printExpr(arg)
    const known = this.#arguments.get(text)
    if (known) return known
    const local = this.#fresh('x', arg.type)
    out.push(assign(local, arg))
    this.#arguments.set(text, ref(local))
    return ref(local)
  }

  flush(out: Stmt[]): void {
    for (const shape of ['scalar', 'lanes', 'lane'] as const) {
      const calls = this.#straight.filter((call) => call.shape === shape)
      this.#write(
        this.#graph,
        shape,
        calls.map((call) => programOf(this.#graph, call)),
        out,
      )
    }
    for (const { short, shape, calls } of this.#forks) {
      const arm = (taken: boolean): Stmt[] => {
        const stmts: Stmt[] = []
        const graph = new Graph()
        this.#write(
          graph,
          shape,
          calls.map((call) => programOf(graph, call, taken)),
          stmts,
        )
        return stmts
      }
      const lanes = shape === 'lanes'
      const condition = new Writer(lanes ? FORMS[shape] : SCALAR, [short], out, this.#fresh).expr(short)
      out.push(ifStmt(lanes ? reduce('all', condition) : condition, arm(true), arm(false)))
    }
    this.#straight = []
    this.#forks = []
  }

  #write(graph: Graph, shape: Shape, programs: readonly Program[], out: Stmt[]): void {
    if (programs.length === 0) return
    const form = FORMS[shape]
    const { value: type } = form
    const all = programs.map(({ usual }) => usual).reduce((a, b) => graph.words.and(a, b))
    const guarded = all.value !== true
    const guards = guarded ? [all, ...programs.map(({ usual }) => usual)] : []
    const spread = (leaf: Expr): Expr => {
      if (isLane(leaf)) return leaf.value
      const local = this.#fresh('v', type)
      out.push(assign(local, splat(PAIR, leaf)))
      return ref(local)
    }
    const roots = [...programs.map(({ fast }) => fast), ...guards]
    const writer = new Writer(form, roots, out, this.#fresh, shape === 'lane' ? spread : (leaf) => leaf)
    for (const { call, fast } of programs) out.push(assign(call.result, writer.expr(fast)))
    if (!guarded) return
    const usual = writer.expr(all)
    // Some of them may do for all arguments.
    const guardedOnes = programs.filter(({ usual }) => usual.value !== true)
    const rare = guardedOnes.flatMap((one) => this.#rare(one.call, writer.expr(one.usual), guardedOnes.length === 1))
    const fine = shape === 'lanes' ? reduce('all', usual) : shape === 'lane' ? extract(usual, 0) : usual
    out.push(ifStmt(op('not', fine), rare))
  }

  /** @param alone whether the guard that leads here is this call's own */
  #rare({ name, expansion, shape, args, result }: Call, usual: Expr, alone: boolean): Stmt[] {
    if (usual.kind === 'const' && usual.value === true) return []
    const fn = this.#shared.function(name, expansion, 'rare')
    const call = (values: readonly Expr[], into: Local): Stmt => ({
      kind: 'call',
      fn,
      args: values,
      results: [into],
      site: -1,
    })
    if (shape === 'scalar') {
      const called = [call(args, result)]
      return alone ? called : [ifStmt(op('not', usual), called)]
    }
    const one = this.#fresh(`${name}.rare`, F64)
    // What was computed stays in the other lane: V8 would else put all of it off until it knows that it is needed, and
    // has by then moved its constants to memory for the call's sake. That costs half the speed.
    const put = (lane: number): Stmt => {
      const lanes = Array.from({ length: PAIR.lanes }, (_, k) => (k === lane ? PAIR.lanes + k : k))
      return assign(result, shuffle(PAIR, ref(result), splat(PAIR, ref(one)), lanes))
    }
    if (shape === 'lane') {
      const called = [call(args, one), put(0)]
      return alone ? called : [ifStmt(op('not', extract(usual, 0)), called)]
    }
    const of = (lane: number) => (arg: Expr) => (arg.type.kind === 'vec' ? extract(arg, lane) : arg)
    return Array.from({ length: PAIR.lanes }, (_, lane) => {
      return ifStmt(op('not', extract(usual, lane)), [call(args.map(of(lane)), one), put(lane)])
    })
  }
}

/** Vectors of which the first lane alone counts: results of calls that were computed in one lane. */
const single = new WeakSet<Local>()
const isLane = (e: Expr): e is Extract<Expr, { kind: 'extract' }> =>
  e.kind === 'extract' && e.lane === 0 && e.value.kind === 'local' && single.has(e.value.local)

/** Arguments in a graph. */
const nodesOf = (graph: Graph, args: readonly Expr[]): Node[] =>
  args.map((arg) => {
    const value = constantOf(arg)
    return value === undefined ? graph.leaf(printExpr(arg), arg) : graph.constant(value)
  })

/** @param side what is known of `short`, in a graph made for that; in some lanes it may be true where it is not in all */
function programOf(graph: Graph, call: Call, side?: boolean): Program {
  const { fast, usual, short } = call.expansion
  const nodes = nodesOf(graph, call.args)
  const known = side === true || (side === false && call.shape !== 'lanes')
  if (short && known) graph.assume(short<Node, Node>(graph.words, ...nodes), side)
  const isUsual = !usual || side === true ? graph.constant(true) : usual<Node, Node>(graph.words, ...nodes)
  return { call, fast: fast<Node, Node>(graph.words, ...nodes), usual: isUsual }
}

/** The number that an argument is, or every lane of it. */
function constantOf(e: Expr): number | undefined {
  const value = e.kind === 'splat' ? e.value : e
  return value.kind === 'const' ? Number(value.value) : undefined
}

// ─────────────────────────── statements ───────────────────────────

const placeOf = ({ span }: For): string => `${span.source}:${span.start}-${span.end}`

/** Whether the loop itself, not one in it, computes in vectors. */
function isOfLanes(loop: For): boolean {
  let found = false
  visitStmts(loop.body, {
    stmt: (s) => s.kind !== 'for' && s.kind !== 'while',
    expr: (e) => {
      if (e.kind === 'op' && e.type.kind === 'vec') found = true
    },
  })
  return found
}

class Expander {
  readonly #fn: Fn
  readonly #shared: Shared
  readonly #names: Names
  readonly #locals: Local[] = []
  #inlined = 0
  /** Places of loops that lanes run: what is left of them for scalars are a few turns. */
  readonly #inLanes = new Set<string>()
  /** Whether the statements at hand belong to such a loop, and are of scalars. */
  #seldom = false
  /** Expressions with a call somewhere in them. */
  readonly #calling = new Set<Expr>()
  #batch: Batch

  constructor(fn: Fn, shared: Shared) {
    this.#fn = fn
    this.#shared = shared
    this.#names = Names.of(fn)
    this.#batch = this.#newBatch()
  }

  run(): Fn {
    visitStmts(this.#fn.body, {
      stmt: (s) => {
        if (s.kind === 'for' && isOfLanes(s)) this.#inLanes.add(placeOf(s))
      },
    })
    const body = this.#list(this.#fn.body)
    return body === this.#fn.body ? this.#fn : { ...this.#fn, body, locals: [...this.#fn.locals, ...this.#locals] }
  }

  #newBatch(): Batch {
    return new Batch(this.#shared, (name, type) => this.#local(name, type))
  }

  #local(name: string, type: Type): Local {
    const local = this.#names.local(name, type)
    this.#locals.push(local)
    return local
  }

  #list(stmts: readonly Stmt[]): readonly Stmt[] {
    return flatMapList(stmts, (s) => this.#stmt(s))
  }

  #stmt(before: Stmt): Stmt | readonly Stmt[] {
    const seldom = this.#seldom
    if (before.kind === 'for') this.#seldom = !isOfLanes(before) && this.#inLanes.has(placeOf(before))
    const s = mapStmtBodies(before, (body) => this.#list(body))
    this.#seldom = seldom
    if (!stmtExprs(s).filter((e) => this.#look(e)).length) return s
    const out: Stmt[] = []
    if (s.kind === 'while') {
      const going = this.#whole(s.cond, out)
      const leave = ifStmt(op('not', going), [breakTo(s.label)])
      return whileStmt(s.label, TRUE, [...out, leave, ...s.body], s.span)
    }
    const rewritten = mapStmtExprs(s, (e) => this.#expr(e, out))
    this.#flush(out)
    return [...out, rewritten]
  }

  /** Notes which expressions have calls in them. */
  #look(e: Expr): boolean {
    let calls = e.kind === 'op' && opRecord(e.op).expand !== undefined
    for (const child of exprChildren(e)) if (this.#look(child)) calls = true
    if (calls) this.#calling.add(e)
    return calls
  }

  #flush(out: Stmt[]): void {
    this.#batch.flush(out)
    this.#batch = this.#newBatch()
  }

  /** The expression by itself, its calls in `out`. */
  #whole(e: Expr, out: Stmt[]): Expr {
    const value = this.#expr(e, out)
    this.#flush(out)
    return value
  }

  /** The expression without calls; they wait in the batch, or are in `out`. */
  #expr(e: Expr, out: Stmt[]): Expr {
    if (!this.#calling.has(e)) return e
    if (e.kind === 'cond' && (this.#calling.has(e.then) || this.#calling.has(e.else))) return this.#choice(e, out)
    const made = mapChildren(e, (child) => this.#expr(child, out))
    const record = e.kind === 'op' ? opRecord(e.op) : undefined
    if (!record?.expand) return made
    const { args, type } = made as OpExpr
    // What it is called with may be the results of others.
    if ((e as OpExpr).args.some((arg) => this.#calling.has(arg))) this.#flush(out)
    const called = this.#shared.target === 'js' || this.#inlined >= INLINED || (type === F64 && this.#seldom)
    if (called && !args.every((arg) => constantOf(arg) !== undefined) && !this.#batch.isShort(record.expand, args)) {
      const result = this.#local(record.name, type)
      const fn = this.#shared.function(record.name, record.expand, type === F64 ? 'whole' : 'lanes')
      out.push({ kind: 'call', fn, args, results: [result], site: -1 })
      return ref(result)
    }
    this.#inlined++
    return this.#batch.add(record.name, record.expand, args, type, out)
  }

  /** Only the arm that is chosen is computed. */
  #choice(e: Cond, out: Stmt[]): Expr {
    const condition = this.#whole(e.cond, out)
    const result = this.#local('chosen', e.type)
    const arm = (value: Expr): Stmt[] => {
      const stmts: Stmt[] = []
      const chosen = this.#whole(value, stmts)
      return [...stmts, assign(result, chosen)]
    }
    out.push(ifStmt(condition, arm(e.then), arm(e.else)))
    return ref(result)
  }
}

/**
 * Calls of Math functions that stand in one statement, written together: straight-line code, a guard behind it, and a
 * branch where an expansion has a shorter way.
 */

import { assign, extract, ifStmt, num, op, reduce, ref, shuffle, splat } from '../ir/build.ts'
import type { Expr, Local, Stmt, Type } from '../ir/ir.ts'
import type { Expansion } from '../ir/ops/math/lanes.ts'
import { meaningOf } from '../ir/ops/math/numbers.ts'
import { printExpr } from '../ir/print.ts'
import { F64, vec } from '../ir/types.ts'
import { type Form, Graph, type Node, SCALAR, vectorForm, Writer } from './graph.ts'
import type { PassContext } from './pass.ts'

/** The vectors that calls are computed in. */
export const PAIR = vec('f64', 2)

/** A program of fewer operations is not worth the way into vectors and back. */
const SHORT = 4

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

/** The functions that a module gets besides its own. */
export interface Functions {
  readonly target: PassContext['target']
  /** The name of one: all of a function of Math, of scalars or of lanes, or what it is where arguments are not usual. */
  function(name: string, expansion: Expansion, kind: 'whole' | 'lanes' | 'rare'): string
}

export type Fresh = (name: string, type: Type) => Local

/** Calls that wait to be written together, none of which needs another's result. */
export class Batch {
  readonly #functions: Functions
  readonly #fresh: Fresh
  readonly #graph = new Graph()
  /** Arguments by their text, which stands for their value within one statement. */
  readonly #arguments = new Map<string, Expr>()
  #straight: Call[] = []
  #forks: Fork[] = []

  constructor(functions: Functions, fresh: Fresh) {
    this.#functions = functions
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
    const scalar = this.#functions.target === 'js' || this.isShort(expansion, args)
    const shape = type.kind === 'vec' ? 'lanes' : scalar ? 'scalar' : 'lane'
    const call = { name, expansion, shape, args, result: this.#fresh(name, FORMS[shape].value) } as const
    this.#put(call)
    if (shape !== 'lane') return ref(call.result)
    single.add(call.result)
    return extract(ref(call.result), 0)
  }

  #put(call: Call): void {
    const { expansion, shape, args } = call
    const short = expansion.short?.<Node, Node>(this.#graph.words, ...nodesOf(this.#graph, args))
    if (!short || short.value !== undefined) this.#straight.push(call)
    else {
      const same = this.#forks.find((fork) => fork.short === short && fork.shape === shape)
      if (same) same.calls.push(call)
      else this.#forks.push({ short, shape, calls: [call] })
    }
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
    const seconds = this.#pairUp(out)
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
      const condition = new Writer(lanes ? FORMS[shape] : SCALAR, [short], { out, local: this.#fresh }).expr(short)
      out.push(ifStmt(lanes ? reduce('all', condition) : condition, arm(true), arm(false)))
    }
    out.push(...seconds)
    this.#straight = []
    this.#forks = []
  }

  /** Makes two scalar calls of one function a call in two lanes; gives the statements that bring the second its result. */
  #pairUp(out: Stmt[]): Stmt[] {
    const single = [...this.#straight, ...this.#forks.flatMap(({ calls }) => calls)].filter(
      ({ shape }) => shape === 'lane',
    )
    const pairs: Call[] = []
    const seconds: Stmt[] = []
    while (single.length > 1) {
      const first = single.shift()!
      const at = single.findIndex(({ expansion }) => expansion === first.expansion)
      if (at < 0) continue
      const [second] = single.splice(at, 1)
      this.#drop(first, second!)
      const args = first.args.map((arg, k) => this.#both(arg, second!.args[k]!, out))
      pairs.push({ ...first, shape: 'lanes', args })
      const turned = shuffle(PAIR, ref(first.result), ref(first.result), [1, 0])
      seconds.push(assign(second!.result, turned))
    }
    for (const pair of pairs) this.#put(pair)
    return seconds
  }

  #drop(...calls: readonly Call[]): void {
    this.#straight = this.#straight.filter((call) => !calls.includes(call))
    this.#forks = this.#forks.flatMap((fork) => {
      const left = fork.calls.filter((call) => !calls.includes(call))
      return left.length > 0 ? [{ ...fork, calls: left }] : []
    })
  }

  /** A vector of two arguments. */
  #both(a: Expr, b: Expr, out: Stmt[]): Expr {
    if (a.kind === 'const' && b.kind === 'const' && Object.is(a.value, b.value)) return splat(PAIR, a)
    const vector = (e: Expr) => (isLane(e) ? e.value : splat(PAIR, e))
    const local = this.#fresh('v', PAIR)
    out.push(assign(local, shuffle(PAIR, vector(a), vector(b), [0, PAIR.lanes])))
    return ref(local)
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
    const place = { out, local: this.#fresh }
    const writer = new Writer(form, roots, shape === 'lane' ? { ...place, leaf: spread } : place)
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
    const fn = this.#functions.function(name, expansion, 'rare')
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
export function constantOf(e: Expr): number | undefined {
  const value = e.kind === 'splat' ? e.value : e
  return value.kind === 'const' ? Number(value.value) : undefined
}

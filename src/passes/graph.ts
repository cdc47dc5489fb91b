/**
 * Expansions over expressions. A program of lanes (ir/ops/math/lanes.ts) runs on the words below and leaves a graph in
 * which no value stands twice and constants are folded; a `Writer` then makes statements of the graph: what is used
 * more than once gets a local, all else nests. The form decides whether those are of scalars or of vectors.
 */

import { assign, bool, cond, num, op, ref, select, splat } from '../ir/build.ts'
import type { Expr, Local, Stmt, Type, VecType } from '../ir/ir.ts'
import type { Lanes } from '../ir/ops/math/lanes.ts'
import { numbers } from '../ir/ops/math/numbers.ts'
import { BOOL, F64, mask } from '../ir/types.ts'

/** A value or truth value a lane. */
export interface Node {
  /** An operation's name, `select`, `lookup`, or what has no arguments: `value`, `truth`, `leaf`. */
  readonly kind: string
  readonly args: readonly Node[]
  readonly id: number
  readonly value?: number | boolean
  readonly leaf?: Expr
  readonly table?: readonly number[]
}

/** All words but those with a method of their own are operations of the IR, by the same name. */
type Word = keyof typeof numbers

/** Right operands that change nothing, not even −0. */
const NEUTRAL: Readonly<Record<string, number>> = { add: -0, sub: 0, mul: 1, div: 1 }

export class Graph {
  /** What programs are written in. */
  readonly words: Lanes<Node, Node>
  readonly #nodes = new Map<string, Node>()
  /** What stands for a node because of what is assumed. */
  readonly #assumed = new Map<Node, Node>()

  constructor() {
    const plain = Object.keys(numbers).map((word) => [word, (...args: Node[]) => this.#apply(word as Word, args)])
    this.words = {
      ...(Object.fromEntries(plain) as Lanes<Node, Node>),
      c: (value) => this.constant(value),
      and: (a, b) => this.#junction('and', true, a, b),
      or: (a, b) => this.#junction('or', false, a, b),
      not: (a) => (a.kind === 'not' ? a.args[0]! : this.#apply('not', [a])),
      select: (condition, then, otherwise) => {
        if (condition.value !== undefined) return condition.value ? then : otherwise
        return then === otherwise ? then : this.#apply('select', [condition, then, otherwise])
      },
      lookup: (n, table) => {
        if (typeof n.value === 'number') return this.constant(table[n.value]!)
        return this.#node(`lookup ${n.id} ${table.join()}`, { kind: 'lookup', args: [n], table })
      },
    }
  }

  /** A value from outside; equal keys stand for equal values. */
  leaf(key: string, leaf: Expr): Node {
    return this.#node(`leaf ${key}`, { kind: 'leaf', args: [], leaf })
  }

  constant(value: number | boolean): Node {
    const kind = typeof value === 'number' ? 'value' : 'truth'
    return this.#node(`${kind} ${Object.is(value, -0) ? '-0' : value}`, { kind, args: [], value })
  }

  /** From now on nodes are made knowing that `truth` is true, or false. */
  assume(truth: Node, value: boolean): void {
    if (truth.value !== undefined) return
    this.#assumed.set(truth, this.constant(value))
    const [a, b] = truth.args
    if (truth.kind === 'not') this.assume(a!, !value)
    else if ((truth.kind === 'and' && value) || (truth.kind === 'or' && !value)) {
      this.assume(a!, value)
      this.assume(b!, value)
    } else if (truth.kind === 'eq' && value && b!.value !== undefined) this.#assumed.set(a!, b!)
  }

  /** How many operations a value is made of. */
  size(root: Node): number {
    const seen = new Set<Node>()
    const visit = (node: Node) => {
      if (node.args.length === 0 || seen.has(node)) return
      seen.add(node)
      for (const arg of node.args) visit(arg)
    }
    visit(root)
    return seen.size
  }

  #node(key: string, parts: Omit<Node, 'id'>): Node {
    const known = this.#nodes.get(key)
    if (known) return known
    const made = { ...parts, id: this.#nodes.size }
    this.#nodes.set(key, made)
    return made
  }

  #apply(kind: Word, args: readonly Node[]): Node {
    if (args.every((arg) => arg.value !== undefined)) {
      const meaning = numbers[kind] as (...values: unknown[]) => number | boolean
      return this.constant(meaning(...args.map((arg) => arg.value)))
    }
    const neutral = NEUTRAL[kind]
    if (neutral !== undefined && Object.is(args[1]!.value, neutral)) return args[0]!
    const made = this.#node(`${kind} ${args.map((arg) => arg.id).join(' ')}`, { kind, args })
    return this.#assumed.get(made) ?? made
  }

  /** `and` or `or`; `neutral` is the truth value that changes nothing. */
  #junction(kind: 'and' | 'or', neutral: boolean, a: Node, b: Node): Node {
    if (a === b) return a
    if (a.value !== undefined) return a.value === neutral ? b : a
    if (b.value !== undefined) return b.value === neutral ? a : b
    return this.#apply(kind, [a, b])
  }
}

// ─────────────────────────── statements ───────────────────────────

/** What the lanes of a program are. */
export interface Form {
  readonly value: Type
  readonly truth: Type
  constant(value: number | boolean): Expr
}

export const SCALAR: Form = {
  value: F64,
  truth: BOOL,
  constant: (value) => (typeof value === 'number' ? num(F64, value) : bool(value)),
}
export const vectorForm = (type: VecType): Form => ({
  value: type,
  truth: mask(type.lanes),
  constant: (value) => splat(typeof value === 'number' ? type : mask(type.lanes), SCALAR.constant(value)),
})

const TRUTHS: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or', 'not', 'odd'])

/** Writes nodes of a graph as statements; whoever asks for a node's expression finds its parts in `out` before it. */
export class Writer {
  readonly #form: Form
  readonly #out: Stmt[]
  readonly #leaf: (e: Expr) => Expr
  readonly #local: (name: string, type: Type) => Local
  readonly #uses = new Map<Node, number>()
  readonly #written = new Map<Node, Expr>()

  /**
   * @param roots all nodes that will be asked for, as often as they will be
   * @param leaf what a leaf is in this form; asked once for each
   */
  constructor(
    form: Form,
    roots: readonly Node[],
    out: Stmt[],
    local: (name: string, type: Type) => Local,
    leaf: (e: Expr) => Expr = (e) => e,
  ) {
    this.#form = form
    this.#out = out
    this.#local = local
    this.#leaf = leaf
    for (const root of roots) this.#count(root)
  }

  #count(node: Node): void {
    const uses = this.#uses.get(node) ?? 0
    this.#uses.set(node, uses + 1)
    if (uses === 0) for (const arg of node.args) this.#count(arg)
  }

  expr(node: Node): Expr {
    if (node.value !== undefined) return this.#form.constant(node.value)
    const known = this.#written.get(node)
    if (known) return known
    const made = node.leaf ? this.#leaf(node.leaf) : this.#make(node)
    if (!node.leaf && this.#uses.get(node)! < 2) return made
    const kept = node.leaf ? made : this.#kept(made, TRUTHS.has(node.kind) ? 'm' : 't')
    this.#written.set(node, kept)
    return kept
  }

  #kept(e: Expr, name: string): Expr {
    const local = this.#local(name, e.type)
    this.#out.push(assign(local, e))
    return ref(local)
  }

  #make(node: Node): Expr {
    if (node.kind === 'lookup') {
      if (this.#form !== SCALAR) throw new Error('tables are looked into lane by lane')
      const n = this.expr(node.args[0]!)
      // The search asks for the index again and again.
      return search(n.kind === 'local' ? n : this.#kept(n, 'n'), node.table!, 0)
    }
    const { kind } = node
    const args = node.args.map((arg) => this.expr(arg))
    if (kind === 'select') return select(args[0]!, args[1]!, args[2]!)
    // What `op` would make, but for the search in the tables.
    return { kind: 'op', type: TRUTHS.has(kind) ? this.#form.truth : this.#form.value, op: kind, args }
  }
}

/** table[n], the first entry being number `first`: by halves, as the IR has no arrays of constants. */
function search(n: Expr, table: readonly number[], first: number): Expr {
  if (table.length === 1) return num(F64, table[0]!)
  const half = table.length >> 1
  const below = op('lt', n, num(F64, first + half))
  return cond(below, search(n, table.slice(0, half), first), search(n, table.slice(half), first + half))
}

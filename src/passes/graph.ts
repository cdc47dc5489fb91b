/**
 * Expansions over expressions. A program of lanes (ir/ops/math/lanes.ts) runs on the words below and leaves a graph in
 * which no value stands twice and constants are folded; a `Writer` then makes statements of the graph: what is used
 * more than once gets a local, all else nests. The form decides whether those are of scalars or of vectors.
 */

import { assign, bool, ifStmt, num, op, ref, select, splat } from '../ir/build.ts'
import type { Expr, Local, Stmt, Type, VecType } from '../ir/ir.ts'
import type { Lanes, Part } from '../ir/ops/math/lanes.ts'
import { numbers } from '../ir/ops/math/numbers.ts'
import { BOOL, F64, mask } from '../ir/types.ts'

/** A value or truth value a lane. */
export interface Node {
  /** An operation's name, `select`, `lookup`, `part`, or what has no arguments: `value`, `truth`, `leaf`. */
  readonly kind: string
  readonly args: readonly Node[]
  readonly id: number
  readonly value?: number | boolean
  readonly leaf?: Expr
  readonly table?: readonly number[]
  readonly part?: Part
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
      part: (part, ...args) =>
        this.#node(`part ${part.name} ${args.map(({ id }) => id)}`, { kind: 'part', args, part }),
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

/** What a writer asks of the function that it writes in. */
export interface Place {
  /** Statements go here. */
  readonly out: Stmt[]
  local(name: string, type: Type): Local
  /** What a leaf is in the form at hand; asked once for each. */
  leaf?(e: Expr): Expr
  /** The name of the function that a part has become. */
  part?(part: Part): string
}

/** Writes nodes of a graph as statements; whoever asks for a node's expression finds its parts before it. */
export class Writer {
  readonly #form: Form
  readonly #place: Place
  readonly #uses = new Map<Node, number>()
  readonly #written = new Map<Node, Expr>()
  /** Lookups by their table, as one search may serve several. */
  readonly #lookups = new Map<readonly number[], Node[]>()

  /** @param roots all nodes that will be asked for, as often as they will be */
  constructor(form: Form, roots: readonly Node[], place: Place) {
    this.#form = form
    this.#place = place
    for (const root of roots) this.#count(root)
  }

  #count(node: Node): void {
    const uses = this.#uses.get(node) ?? 0
    this.#uses.set(node, uses + 1)
    if (uses > 0) return
    if (node.table) {
      const others = this.#lookups.get(node.table)
      if (others) others.push(node)
      else this.#lookups.set(node.table, [node])
    }
    for (const arg of node.args) this.#count(arg)
  }

  expr(node: Node): Expr {
    if (node.value !== undefined) return this.#form.constant(node.value)
    const known = this.#written.get(node)
    if (known) return known
    if (node.leaf) return this.#keep(node, this.#place.leaf?.(node.leaf) ?? node.leaf)
    if (node.table) return this.#search(node, node.table)
    const made = this.#make(node)
    if (this.#uses.get(node)! < 2 || made.kind === 'local') return this.#keep(node, made)
    return this.#keep(node, this.#held(made, TRUTHS.has(node.kind) ? 'm' : 't'))
  }

  #keep(node: Node, e: Expr): Expr {
    this.#written.set(node, e)
    return e
  }

  #held(e: Expr, name: string): Expr {
    const local = this.#place.local(name, e.type)
    this.#place.out.push(assign(local, e))
    return ref(local)
  }

  #make(node: Node): Expr {
    const { kind } = node
    const args = node.args.map((arg) => this.expr(arg))
    if (kind === 'select') return select(args[0]!, args[1]!, args[2]!)
    if (node.part) {
      this.#onlyScalar()
      const result = this.#place.local(node.part.name, F64)
      const fn = this.#place.part!(node.part)
      this.#place.out.push({ kind: 'call', fn, args, results: [result], site: -1 })
      return ref(result)
    }
    // What `op` would make, but for the search in the tables.
    return { kind: 'op', type: TRUTHS.has(kind) ? this.#form.truth : this.#form.value, op: kind, args }
  }

  #onlyScalar(): void {
    if (this.#form !== SCALAR) throw new Error('tables and parts are for scalars')
  }

  /** All entries of the table that are found from one number, by one search. */
  #search(node: Node, table: readonly number[]): Expr {
    this.#onlyScalar()
    const { from } = startOf(node)
    const found = this.#lookups.get(table)!.flatMap((lookup) => {
      const start = startOf(lookup)
      return start.from === from ? [{ ...start, local: this.#place.local('item', F64), lookup }] : []
    })
    const n = this.expr(from)
    const at = n.kind === 'local' ? n : this.#held(n, 'n')
    for (const { lookup, local } of found) this.#keep(lookup, ref(local))
    const last = table.length - 1
    // The IR has no arrays of constants, so the search goes by halves. From places outside an entry is anything.
    const search = (lo: number, hi: number): readonly Stmt[] => {
      if (lo === hi) {
        return found.map(({ local, by }) => assign(local, num(F64, table[Math.min(Math.max(lo + by, 0), last)]!)))
      }
      const middle = (lo + hi + 1) >> 1
      return [ifStmt(op('lt', at, num(F64, middle)), search(lo, middle - 1), search(middle, hi))]
    }
    const offsets = found.map(({ by }) => by)
    this.#place.out.push(...search(-Math.min(...offsets), last - Math.max(...offsets)))
    return this.#written.get(node)!
  }
}

/** The number that a lookup is found from, and how far. */
function startOf({ args: [n] }: Node): { readonly from: Node; readonly by: number } {
  const by = n!.kind === 'add' ? n!.args[1]!.value : undefined
  return typeof by === 'number' ? { from: n!.args[0]!, by } : { from: n!, by: 0 }
}

/**
 * Quotients that are whole in practice. `const r = (width - 1) / 2` may be a fraction, so what is counted from it and
 * every index made of it would have to be computed in doubles. What comes after is written twice instead: for the
 * integer that it is mostly, which is asked once, and as it stands.
 *
 *   const r = (width - 1) / 2; REST
 * becomes
 *   const r = (width - 1) / 2; const w = r | 0; if (w === r) { REST, of w } else { REST }
 *
 * A quotient inside of loops (`a[i + len / 2]`) is given a name before those that do not change it. The same goes for any
 * other number of which a loop makes indices or bounds, such as the square root of a length.
 */

import type { Expr, KernelFn, Stmt, Variable } from './ast.ts'
import { copied, replaced } from './copy.ts'
import { EXACT, fitsInt32, isIntegral, type NumberFact, SMALL_ARGUMENT } from './facts.ts'
import type { Inferred } from './infer.ts'
import { children, visitExpr, visitStmts } from './visit.ts'

/** Statements and expressions that are written twice at most. */
const WRITTEN = 1500

/** One number at a time: the kernel with it supposed to be whole; undefined where there is none that matters. */
export class Suppositions {
  private readonly settled = new Set<Variable>()
  /** Second copies: they stay as they are. */
  private readonly spare = new Set<readonly Stmt[]>()

  next(kernel: KernelFn, inferred: Inferred): KernelFn | undefined {
    const wanted = wantedWhole(kernel, inferred)
    if (wanted.variables.size + wanted.quotients.length === 0) return undefined
    const fractional = (e: Expr): NumberFact | undefined => {
      const fact = inferred.exprs.get(e)
      return fact?.kind === 'number' && mayBeWhole(fact) ? fact : undefined
    }
    const quotients = wanted.quotients.filter((e) => fractional(e))
    const made: Variable[] = []
    const body = this.list(kernel.body, { wanted: wanted.variables, quotients, fractional, made })
    return body && { ...kernel, variables: [...kernel.variables, ...made], body }
  }

  /** Undefined where nothing is to be done. */
  private list(stmts: readonly Stmt[], search: Search): readonly Stmt[] | undefined {
    for (let k = 0; k < stmts.length; k++) {
      const stmt = stmts[k]!
      const instead = this.supposed(stmt, stmts.slice(k + 1), search)
      if (instead) return [...stmts.slice(0, k), ...instead]
      const block = isLoop(stmt) && this.named(stmt, search)
      if (block) return stmts.with(k, block)
      const inside = this.inside(stmt, search)
      if (inside) return stmts.with(k, inside)
    }
    return undefined
  }

  private inside(stmt: Stmt, search: Search): Stmt | undefined {
    switch (stmt.kind) {
      case 'if': {
        const yes = this.list(stmt.then, search)
        if (yes) return { ...stmt, then: yes }
        const no = this.spare.has(stmt.else) ? undefined : this.list(stmt.else, search)
        return no && { ...stmt, else: no }
      }
      case 'while':
      case 'doWhile':
      case 'for':
      case 'prange':
      case 'block': {
        const body = this.list(stmt.body, search)
        return body && { ...stmt, body }
      }
      default:
        return undefined
    }
  }

  /** The declaration and what follows it, twice. */
  private supposed(stmt: Stmt, rest: readonly Stmt[], { wanted, fractional, made }: Search): Stmt[] | undefined {
    if (stmt.kind !== 'declare' || !stmt.init || this.settled.has(stmt.variable) || !wanted.has(stmt.variable)) return
    const { variable, loc } = stmt
    const fact = fractional(stmt.init)
    if (!fact || variable.kind === 'var' || variable.assigned || !rest.some(hasLoops) || !canCopy(rest)) return
    this.settled.add(variable)
    const whole: Variable = { name: variable.name, kind: 'const', assigned: false, loc }
    const { stmts, variables } = copied(rest)
    this.spare.add(stmts)
    made.push(whole, ...variables)
    const value: Expr = { kind: 'variable', variable, loc }
    const integer: Expr = { kind: 'variable', variable: whole, loc }
    return [
      stmt,
      {
        kind: 'declare',
        variable: whole,
        init: { kind: 'binary', op: '|', left: another(value), right: { kind: 'number', value: 0, loc }, loc },
        loc,
      },
      {
        kind: 'if',
        test: isWhole(value, integer, fact),
        then: replaced(rest, (e) => (e.kind === 'variable' && e.variable === variable ? another(integer) : undefined)),
        else: stmts,
        loc,
      },
    ]
  }

  /** A loop with a quotient in it that it does not change, in a block with a name for that. */
  private named(loop: Stmt, { quotients, made }: Search): Stmt | undefined {
    if (quotients.length === 0) return undefined
    const own = new Set<Variable>()
    const inside = new Set<Expr>()
    visitStmts([loop], {
      stmt: (s) => {
        if (s.kind === 'declare' || s.kind === 'prange') own.add(s.variable)
      },
      expr: (e) => {
        inside.add(e)
        if ((e.kind === 'assign' || e.kind === 'update') && e.target.kind === 'variable') own.add(e.target.variable)
      },
    })
    const quotient = quotients.find((q) => inside.has(q) && !readsAny(q, own) && isSimple(q))
    if (!quotient) return undefined
    const { loc } = quotient
    const variable: Variable = { name: 'quotient', kind: 'const', assigned: false, loc }
    made.push(variable)
    const body = replaced([loop], (e) => (isSame(e, quotient) ? { kind: 'variable', variable, loc: e.loc } : undefined))
    return { kind: 'block', body: [{ kind: 'declare', variable, init: quotient, loc }, ...body], loc: loop.loc }
  }
}

interface Search {
  readonly wanted: ReadonlySet<Variable>
  readonly quotients: readonly Expr[]
  readonly fractional: (e: Expr) => NumberFact | undefined
  /** New variables. */
  readonly made: Variable[]
}

/** What is whole and only may be too large is for analysis/whole.ts. */
const mayBeWhole = (fact: NumberFact): boolean => !(fact.int && !fact.nan) && fact.lo <= EXACT && fact.hi >= -EXACT

/** Facts belong to nodes, and what is known of a variable differs from place to place: each has a node of its own. */
const another = (e: Expr): Expr => ({ ...e })

/** `integer` is `value | 0`. −0 is no integer here: `1 / value` would tell. */
function isWhole(value: Expr, integer: Expr, fact: NumberFact): Expr {
  const { loc } = value
  const number = (n: number): Expr => ({ kind: 'number', value: n, loc })
  const compare = (op: '===' | '!==' | '<=' | '>=' | '>', left: Expr, right: Expr): Expr => ({
    kind: 'binary',
    op,
    left: another(left),
    right: another(right),
    loc,
  })
  const logical = (op: '&&' | '||', left: Expr, right: Expr): Expr => ({ kind: 'logical', op, left, right, loc })
  let test = compare('===', integer, value)
  if (!fitsInt32(fact)) {
    // The product of two is exact, as with arguments.
    test = logical('&&', test, compare('<=', integer, number(SMALL_ARGUMENT)))
    test = logical('&&', test, compare('>=', integer, number(-SMALL_ARGUMENT)))
  }
  if (fact.negZero) {
    const reciprocal: Expr = { kind: 'binary', op: '/', left: number(1), right: another(value), loc }
    const positive = compare('>', reciprocal, number(0))
    test = logical('&&', test, logical('||', compare('!==', integer, number(0)), positive))
  }
  return test
}

// ──────────────────────────── what is wanted ────────────────────────────

interface Wanted {
  /** Variables of which indices and bounds of loops are made. */
  readonly variables: ReadonlySet<Variable>
  /** Quotients within indices and bounds of loops, and within what those variables are made of. */
  readonly quotients: readonly Expr[]
}

function wantedWhole(kernel: KernelFn, inferred: Inferred): Wanted {
  const variables = new Set<Variable>()
  const quotients: Expr[] = []
  const want = (e: Expr): void => {
    switch (e.kind) {
      case 'variable':
        variables.add(e.variable)
        return
      case 'binary':
        if (e.op === '/') quotients.push(e)
        else if (e.op !== '+' && e.op !== '-' && e.op !== '*') return
        for (const child of children(e)) want(child)
        return
      case 'unary':
        want(e.value)
        return
      default:
        return
    }
  }
  const counts = (e: Expr): boolean => {
    const fact = inferred.exprs.get(e)
    return e.kind !== 'number' && fact?.kind === 'number' && isIntegral(fact)
  }
  /** Of what is counted up to; not of the error that an iteration is to get below. */
  const bound = (test: Expr): void => {
    if (test.kind === 'logical') for (const child of children(test)) bound(child)
    if (test.kind !== 'binary' || !ORDER.has(test.op)) return
    if (counts(test.left)) want(test.right)
    if (counts(test.right)) want(test.left)
  }
  visitStmts(kernel.body, {
    stmt: (s) => {
      if ((s.kind === 'for' || s.kind === 'while' || s.kind === 'doWhile') && s.test) bound(s.test)
      if (s.kind === 'prange') for (const e of [s.start, s.stop]) if (e) want(e)
    },
    expr: (e) => {
      if (e.kind === 'index') want(e.index)
    },
  })
  // What those are made of.
  const made = new Map<Variable, Expr[]>()
  const add = (v: Variable, e: Expr) => made.set(v, [...(made.get(v) ?? []), e])
  visitStmts(kernel.body, {
    stmt: (s) => {
      if (s.kind === 'declare' && s.init) add(s.variable, s.init)
    },
    expr: (e) => {
      if (e.kind === 'assign' && e.target.kind === 'variable') add(e.target.variable, e.value)
    },
  })
  for (const v of variables) for (const e of made.get(v) ?? []) want(e)
  return { variables, quotients }
}
const ORDER = new Set(['<', '<=', '>', '>='])

// ──────────────────────────── syntax ────────────────────────────

const isLoop = (s: Stmt): boolean =>
  s.kind === 'for' || s.kind === 'while' || s.kind === 'doWhile' || s.kind === 'prange'

function hasLoops(stmt: Stmt): boolean {
  let found = false
  visitStmts([stmt], {
    stmt: (s) => {
      found ||= isLoop(s)
    },
  })
  return found
}

/** `var` lives on after its block, so it cannot have a twin. */
function canCopy(stmts: readonly Stmt[]): boolean {
  let size = 0
  let fine = true
  visitStmts(stmts, {
    stmt: (s) => {
      size++
      if (s.kind === 'declare' && s.variable.kind === 'var') fine = false
    },
    expr: () => void size++,
  })
  return fine && size <= WRITTEN
}

/** Made of numbers, variables and their lengths by arithmetic: it can be computed anywhere, and only takes time. */
function isSimple(e: Expr): boolean {
  switch (e.kind) {
    case 'number':
    case 'variable':
      return true
    case 'length':
      return e.array.kind === 'variable'
    case 'unary':
      return e.op === '-' && isSimple(e.value)
    case 'binary':
      return ARITHMETIC.has(e.op) && isSimple(e.left) && isSimple(e.right)
    default:
      return false
  }
}
const ARITHMETIC = new Set(['+', '-', '*', '/'])

function readsAny(e: Expr, variables: ReadonlySet<Variable>): boolean {
  let found = false
  visitExpr(e, {
    expr: (node) => {
      if (node.kind === 'variable' && variables.has(node.variable)) found = true
    },
  })
  return found
}

/** Of simple expressions: whether they are the same but for their place. */
function isSame(a: Expr, b: Expr): boolean {
  if (a.kind !== b.kind) return false
  if (a.kind === 'number' && b.kind === 'number') return Object.is(a.value, b.value)
  if (a.kind === 'variable' && b.kind === 'variable') return a.variable === b.variable
  if (a.kind === 'binary' && b.kind === 'binary' && a.op !== b.op) return false
  if (a.kind === 'unary' && b.kind === 'unary' && a.op !== b.op) return false
  if (a.kind !== 'binary' && a.kind !== 'unary' && a.kind !== 'length') return false
  const others = children(b)
  return children(a).every((child, k) => isSame(child, others[k]!))
}

/**
 * Where the accesses of a loop have their addresses: pointers that are set as the loop begins, and what is left to add to
 * them at each access. Pure; pointers.ts writes the code.
 */

import type { Symbols } from '../../analysis/symbols.ts'
import type { Expr, For, Local, Stmt, While } from '../../ir/ir.ts'
import { isInteger } from '../../ir/types.ts'
import { assignedLocals, exprReads, someExpr, stmtBodies, visitExpr, visitStmts } from '../../ir/walk.ts'
import { elementShift, MAX_OFFSET } from './address.ts'
import type { Access } from './scope.ts'
import { add, apart, constant, keyOf, NOTHING, product, type Sum, sumOf, type Term } from './sums.ts'

/** Base of an array plus so many elements. */
export interface Pointer {
  readonly array: Local
  /** As the loop's variable has its first value. */
  readonly start: Sum
  /** Elements by which it moves on when the loop's variable grows by 1. */
  readonly moves: Sum
}

/** Where an access has its address: at its pointer, or its array's base, plus the elements that `rest` says. */
export interface Spot {
  readonly pointer: Pointer | undefined
  readonly rest: Sum
  /** Bytes, for the access itself to add. */
  readonly offset: number
}

export interface Plan {
  readonly spots: ReadonlyMap<Access, Spot>
  readonly pointers: readonly Pointer[]
}

const NO_PLAN: Plan = { spots: new Map(), pointers: [] }

/** The plan of a loop without loops in it. `symbols`: of its function. */
export function planOf(loop: For | While, symbols: () => Symbols): Plan {
  if (hasLoops(loop.body)) return NO_PLAN
  const groups = new Map<string, Group>()
  const body = assignedLocals(loop.body)
  const assigned = new Set(body)
  if (loop.kind === 'for') assigned.add(loop.variable)
  const look = (local: Local) => (body.has(local) ? definitionIn(local, assigned, symbols) : undefined)
  for (const access of accessesIn(loop)) {
    if (assigned.has(access.array)) continue
    const { constant, others } = apart(sumOf(access.index, look))
    const { rest, ...common } = divide(others, loop, assigned)
    const key = [access.array.name, keyOf(common.start), keyOf(common.moves)].join('; ')
    const group = groups.get(key) ?? { array: access.array, ...common, members: [] }
    groups.set(key, group)
    group.members.push({ access, constant, rest })
  }
  const spots = new Map<Access, Spot>()
  const pointers: Pointer[] = []
  for (const group of groups.values()) allot(group, spots, pointers)
  return { spots, pointers }
}

/**
 * What a local of the loop's body was assigned, where it has the same value still: its parts have one definition, as it
 * has itself, or are not assigned in the loop.
 */
function definitionIn(local: Local, assigned: ReadonlySet<Local>, symbols: () => Symbols): Expr | undefined {
  const stmt = symbols().definition(local)
  if (stmt?.kind !== 'assign' || someExpr(stmt.value, (e) => !isPlain(e))) return undefined
  const stays = [...exprReads(stmt.value)].every((l) => !assigned.has(l) || symbols().isStable(l))
  return stays ? stmt.value : undefined
}

/** What sums take apart: what they do not would be computed anew at each access. */
const isPlain = (e: Expr): boolean =>
  e.kind === 'const' ||
  e.kind === 'local' ||
  e.kind === 'length' ||
  (e.kind === 'cast' && isInteger(e.value.type)) ||
  (e.kind === 'op' && ['add', 'sub', 'mul', 'neg'].includes(e.op))

/** Accesses with a pointer in common, but for a constant. */
interface Group {
  readonly array: Local
  readonly start: Sum
  readonly moves: Sum
  readonly members: { readonly access: Access; readonly constant: number; readonly rest: Sum }[]
}

const hasLoops = (stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => s.kind === 'for' || s.kind === 'while' || stmtBodies(s).some(hasLoops))

/** The accesses of a loop that need no check. */
function accessesIn(loop: For | While): Set<Access> {
  const found = new Set<Access>()
  const expr = (e: Expr) => {
    if (e.kind === 'load' && e.bounds === 'proven') found.add(e)
  }
  const stmt = (s: Stmt) => {
    if ((s.kind === 'store' || s.kind === 'do') && s.bounds === 'proven') found.add(s)
  }
  visitStmts(loop.body, { stmt, expr })
  if (loop.kind === 'while') visitExpr(loop.cond, expr)
  return found
}

/**
 * What of an index is the same in all turns, what grows with the loop's variable by more than a constant, and the rest.
 * What grows is in the start too, as it is when the variable has its first value.
 */
function divide(
  sum: Sum,
  loop: For | While,
  assigned: ReadonlySet<Local>,
): Pick<Group, 'start' | 'moves'> & { rest: Sum } {
  const start = new Map<string, Term>()
  const rest = new Map<string, Term>()
  let moves = NOTHING
  for (const [key, term] of sum) {
    const { factors, coef } = term
    const [only, ...more] = factors.filter((e) => !isFixed(e, assigned))
    if (only && !(loop.kind === 'for' && isVariable(only, loop) && more.length === 0 && factors.length > 1)) {
      rest.set(key, term)
      continue
    }
    start.set(key, term)
    if (only) {
      const others = factors.filter((e) => e !== only)
      moves = add(moves, product(others, coef))
    }
  }
  return { start, moves, rest }
}

const isVariable = (e: Expr, loop: For): boolean => e.kind === 'local' && e.local === loop.variable

/** Operations that end well whatever they are given: they may be computed where the program might not have come to. */
const TOTAL = new Set(['add', 'sub', 'mul', 'neg', 'min', 'max', 'and', 'or', 'xor', 'not', 'shl', 'shr_s', 'shr_u'])

/** Whether an expression has one value while the loop runs, and may be computed before it. */
function isFixed(e: Expr, assigned: ReadonlySet<Local>): boolean {
  if (e.kind === 'local') return !assigned.has(e.local)
  return !someExpr(e, (node) => {
    switch (node.kind) {
      case 'const':
      case 'cast':
        return false
      case 'local':
        return assigned.has(node.local)
      case 'length':
        return assigned.has(node.array)
      case 'op':
        return !TOTAL.has(node.op)
      default:
        return true
    }
  })
}

function allot({ array, start, moves, members }: Group, spots: Map<Access, Spot>, pointers: Pointer[]): void {
  const size = 2 ** elementShift(array)
  const reach = MAX_OFFSET / size
  let first = -Infinity
  let pointer: Pointer | undefined
  for (const member of members.toSorted((a, b) => a.constant - b.constant)) {
    if (member.constant - first > reach) {
      const atBase = start.size === 0 && member.constant >= 0 && member.constant <= reach
      first = atBase ? 0 : member.constant
      pointer = atBase ? undefined : { array, start: add(start, constant(first)), moves }
      if (pointer) pointers.push(pointer)
    }
    spots.set(member.access, { pointer, rest: member.rest, offset: (member.constant - first) * size })
  }
}

/**
 * Whether iterations of a loop may run side by side: some rows at a time, in the loops inside it turn by turn. What an
 * iteration does to an element before a later one touches it must still come first.
 *
 * Two rows keep their order where they do the same thing, for in every turn the earlier row comes first. They change it
 * only where the earlier row's access now stands later: at a later place of the body, or in a later turn of a loop that
 * they share (a direction vector that is positive outside and negative inside: Allen and Kennedy, "Optimizing Compilers
 * for Modern Architectures", 2001, ch. 8).
 */

import type { For, Local } from '../ir/ir.ts'
import { Meetings } from './meetings.ts'
import {
  type Atom,
  add,
  atom,
  atomsOf,
  constant,
  constantOf,
  equal,
  type Poly,
  scale,
  sub,
  substitute,
} from './poly.ts'
import type { Fixed, Symbols } from './symbols.ts'
import { atMost, below } from './system.ts'

/** Where an access stands in the body of rows that run side by side: from the outside to the inside. */
export interface Step {
  /** The place in the list; of what stands at one place and is no loop, each row does all before the next one begins. */
  readonly at: number
  /** Rows share its turns. */
  readonly loop?: For
  /** So many turns of the loop run side by side as well. */
  readonly turns?: number
}

/** An access to an array in the body. */
export interface Touch {
  /** The array's root (`Symbols.root`). */
  readonly array: Local
  readonly index: Poly | undefined
  readonly writes: boolean
  readonly site: number
  /** Loops between the rows' and the access, the outermost first. */
  readonly loops: readonly For[]
  readonly path: readonly Step[]
  readonly parts: readonly Part[]
}

/**
 * Of a loop whose bounds move with the rows, the turns that all rows have, or what single rows have before or after
 * those: `edge` is where it is cut, as the row says that it belongs to.
 */
export interface Part {
  readonly loop: For
  readonly which: 'common' | 'before' | 'after'
  /** The row whose bound is the cut: the first of a group or its last. */
  readonly row: 'first' | 'last'
  readonly edge: Poly
}

/** What is known of where an access is, whatever its order. */
type Place = Pick<Touch, 'index' | 'loops'> & Partial<Pick<Touch, 'parts'>>

type TurnOf = (loop: For) => { readonly first: Poly; readonly then: Poly }
interface Case {
  readonly zero: readonly Poly[]
  readonly given: readonly Poly[]
}

export class Dependences {
  private readonly symbols: Symbols
  private readonly loop: For
  private readonly outer: readonly For[]
  private readonly fixed: Fixed
  /** Undefined for any two iterations. */
  private readonly rows: number | undefined
  private readonly row: Atom
  /** How far the later row is from the earlier one, and that from the first of its group. */
  private readonly distance: Atom
  private readonly place: Atom
  /** Of all loops, whichever run. */
  private readonly bounds: Meetings

  /** `rows`: iterations that are to run side by side, of a loop that counts up by 1. */
  constructor(symbols: Symbols, loop: For, outer: readonly For[], fixed: Fixed, rows?: number) {
    this.symbols = symbols
    this.loop = loop
    this.outer = outer
    this.fixed = fixed
    this.rows = rows
    this.row = symbols.atomOf(loop.variable)
    this.distance = symbols.unknown('distance')
    this.place = symbols.unknown('place')
    this.bounds = new Meetings(symbols, [], fixed)
  }

  /** Two accesses of different rows that would change their order and may be to one element. */
  findTurned(all: readonly Touch[]): readonly [Touch, Touch] | undefined {
    const touches = all.filter((t, k) => !all.some((other, n) => n < k && areAlike(t, other)))
    for (const first of touches) {
      for (const then of touches) {
        if (first.array !== then.array || !(first.writes || then.writes)) continue
        const mayTurn = this.mayMeet(first, then, (turnOf) => turned(first.path, then.path, 0, turnOf))
        if (mayTurn) return [first, then]
      }
    }
    return undefined
  }

  /** Whether two accesses, each in an iteration of its own, are always to different elements. */
  areApart(a: Place, b: Place): boolean {
    if (this.areApartInLine(a, b)) return true
    const anyway = () => [{ zero: [], given: [] }]
    return !this.mayMeet(a, b, anyway) && !this.mayMeet(b, a, anyway)
  }

  /** The same where elements lie in equal steps and no loops are inside, as mostly. */
  private areApartInLine(a: Place, b: Place): true | undefined {
    if (!a.index || !b.index || a.loops.length + b.loops.length > 0) return undefined
    const by = slope(a.index, this.row)
    const away = constantOf(sub(b.index, a.index))
    if (!by || away === undefined) return undefined
    const iterations = away / (by * this.loop.step)
    // Elsewhere it is a matter of how many iterations there are.
    return iterations === 0 || !Number.isInteger(iterations) ? true : undefined
  }

  /** Whether `first`, of an earlier iteration, and `then`, of a later one, may be to one element in one of the cases. */
  private mayMeet(first: Place, then: Place, casesOf: (turnOf: TurnOf) => readonly Case[]): boolean {
    const further = scale(atom(this.distance), this.loop.step)
    const later = new Map<Atom, Poly>([[this.row, add(atom(this.row), further)]])
    const unknowns = [this.distance, this.place, this.row]
    for (const { variable } of [...this.outer, ...first.loops]) unknowns.push(this.symbols.atomOf(variable))
    const names = new Map<For, Atom>()
    for (const loop of then.loops) {
      const name = this.symbols.unknown(`${loop.variable.name}'`)
      names.set(loop, name)
      later.set(this.symbols.atomOf(loop.variable), atom(name))
      unknowns.push(name)
    }
    const asLater = (p: Poly) => rename(p, later)
    const turnOf: TurnOf = (loop) => ({
      first: atom(this.symbols.atomOf(loop.variable)),
      then: atom(names.get(loop)!),
    })
    const cases = casesOf(turnOf)
    if (cases.length === 0) return false
    if (!first.index || !then.index) return true

    const running = [...new Set([...this.outer, this.loop, ...first.loops, ...then.loops])]
    const meetings = new Meetings(this.symbols, running, this.fixed)
    const given = [
      ...this.outer.flatMap((l) => this.bounds.within(l)),
      ...this.rowsWithin(),
      ...this.within(first.loops),
      ...this.within(then.loops).map(asLater),
      ...(first.parts ?? []).flatMap((part) => this.partWithin(part, atom(this.symbols.atomOf(part.loop.variable)))),
      ...(then.parts ?? []).flatMap((part) => this.partWithin(part, turnOf(part.loop).then)),
    ]
    const equal = meetings.equalities(sub(asLater(then.index), first.index), unknowns, given)
    return cases.some((one) => !meetings.isEmpty([...equal, ...one.zero], one.given, given, unknowns))
  }

  /**
   * The bounds of loops inside the rows', but for those that are made of what each iteration computes for itself: two
   * iterations would have two such values.
   */
  private within(loops: readonly For[]): Poly[] {
    const variables = new Set([this.loop, ...loops].map((l) => l.variable))
    return loops
      .flatMap((l) => this.bounds.within(l))
      .filter((p) =>
        [...atomsOf(p)].every((a) => {
          const source = this.symbols.source(a)
          const local = 'local' in source ? source.local : source.array
          return variables.has(local) || this.fixed(local)
        }),
      )
  }

  /** Both rows within the loop, and within one group. */
  private rowsWithin(): Poly[] {
    const distance = atom(this.distance)
    const place = atom(this.place)
    const further = scale(distance, this.loop.step)
    const within = this.bounds.within(this.loop)
    const out = [...within, ...within.map((p) => substitute(p, this.row, add(atom(this.row), further)))]
    out.push(below(constant(0), distance), atMost(constant(0), place))
    if (this.rows !== undefined) out.push(below(add(place, distance), constant(this.rows)))
    return out
  }

  /** What a part says of its loop's variable, which is `turn` for the row in question. */
  private partWithin({ which, row, edge }: Part, turn: Poly): Poly[] {
    const first = sub(atom(this.row), atom(this.place))
    const cut = substitute(edge, this.row, row === 'first' ? first : add(first, constant((this.rows ?? 1) - 1)))
    // The turns that all rows have end at the first row's end, or begin at the last row's beginning.
    const isEarly = which === 'before' || (which === 'common' && row === 'first')
    return [isEarly ? below(turn, cut) : atMost(cut, turn)]
  }
}

/** All ways in which the second access comes to stand before the first. */
function turned(first: readonly Step[], then: readonly Step[], level: number, turnOf: TurnOf): Case[] {
  const a = first[level]
  const b = then[level]
  if (!a || !b) return []
  if (a.at !== b.at) return b.at < a.at ? [{ zero: [], given: [] }] : []
  const inside = turned(first, then, level + 1, turnOf)
  if (!a.loop) return inside
  const turns = turnOf(a.loop)
  const further = a.loop.step > 0 ? sub(turns.then, turns.first) : sub(turns.first, turns.then)
  const same = inside.map((one) => ({ ...one, zero: [...one.zero, further] }))
  const side = a.turns
  if (side === undefined) return [{ zero: [], given: [below(further, constant(0))] }, ...same]
  const next = inside.map(({ zero, given }) => ({
    zero,
    given: [...given, below(constant(0), further), below(further, constant(side))],
  }))
  return [{ zero: [], given: [below(further, constant(0))] }, ...same, ...next]
}

/** Whether all that is asked of one access is asked of the other. */
const areAlike = (a: Touch, b: Touch): boolean =>
  a.array === b.array &&
  a.writes === b.writes &&
  a.loops.length === b.loops.length &&
  a.loops.every((l, k) => l === b.loops[k]) &&
  a.path.length === b.path.length &&
  a.path.every((step, k) => step.at === b.path[k]?.at && step.loop === b.path[k]?.loop) &&
  a.parts.length === b.parts.length &&
  a.parts.every((part, k) => part.loop === b.parts[k]?.loop && part.which === b.parts[k]?.which) &&
  a.index !== undefined &&
  b.index !== undefined &&
  equal(a.index, b.index)

function rename(p: Poly, names: ReadonlyMap<Atom, Poly>): Poly {
  let now = p
  for (const [from, to] of names) now = substitute(now, from, to)
  return now
}

/** The factor of a loop's variable where it is a whole number; undefined for others. */
export function slope(p: Poly, variable: Atom): number | undefined {
  let by = 0
  for (const { atoms, coef } of p) {
    if (!atoms.includes(variable)) continue
    if (atoms.length > 1) return undefined
    by += coef
  }
  return by
}

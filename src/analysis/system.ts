/**
 * Whether whole numbers can satisfy a system of equalities and inequalities: the question behind every dependence
 * between two elements. Equalities with a unit coefficient are solved; the rest is Fourier-Motzkin elimination (Williams,
 * "Fourier's method of linear programming and its dual", 1986), which asks it of real numbers: a system found empty has no
 * whole solution either. What is not linear in the unknowns is left out, which only makes systems larger.
 */

import { type Atom, add, atomsOf, constant, type Poly, scale, sub, type Term } from './poly.ts'

/** Past this many inequalities nothing is proven any more. */
const MOST = 48

/** Σ factors · unknowns + number + rest, where the rest is of sizes alone: all that has no value here. */
interface Line {
  readonly factors: readonly number[]
  readonly number: number
  readonly rest: Poly
}
const NOTHING: Poly = []

/**
 * True only where no values of the unknowns make all of `zero` 0 and none of `notNegative` negative. `given` is the same
 * as `notNegative`, but known to be satisfiable: what of it has to do with the others is looked for here. Of sizes
 * `isNegative` knows something; they are the same in all of the system.
 */
export function isEmpty(
  zero: readonly Poly[],
  notNegative: readonly Poly[],
  given: readonly Poly[],
  unknowns: readonly Atom[],
  isNegative: (p: Poly) => boolean,
): boolean {
  const open = concerned([...zero, ...notNegative], given, unknowns)
  const lines = (polys: readonly Poly[]) => polys.flatMap((p) => lineOf(p, open.unknowns) ?? [])
  const solved = solve(lines(zero), lines([...notNegative, ...open.given]))
  if (!solved) return true
  const seen = new Set<string>()
  let now: Line[] = []
  /** Keeps an inequality that says something; true where it cannot hold. */
  const fails = (line: Line, into: Line[]): boolean => {
    if (line.factors.every((f) => f === 0)) {
      if (line.rest.length === 0) return line.number < 0
      const key = keyOf(line)
      if (seen.has(key)) return false
      seen.add(key)
      return isNegative(add(line.rest, constant(line.number)))
    }
    const key = keyOf(line)
    if (!seen.has(key)) into.push(line)
    seen.add(key)
    return false
  }
  for (const line of solved) if (fails(line, now)) return true
  const left = new Set(open.unknowns.keys())
  while (now.length > 0 && left.size > 0) {
    const x = cheapest(left, now)
    left.delete(x)
    const rest = now.filter((line) => line.factors[x] === 0)
    const least = now.filter((line) => line.factors[x]! > 0)
    const most = now.filter((line) => line.factors[x]! < 0)
    for (const a of least) {
      for (const b of most) if (fails(combine(a, -b.factors[x]!, b, a.factors[x]!), rest)) return true
    }
    if (rest.length > MOST) return false
    now = rest
  }
  return false
}

/** The unknowns that the goals have to do with, directly or by what is given of others, and what is given of those. */
function concerned(
  goals: readonly Poly[],
  given: readonly Poly[],
  unknowns: readonly Atom[],
): { unknowns: Atom[]; given: Poly[] } {
  const known = new Set(unknowns)
  const reached = new Set<Atom>()
  const reach = (p: Poly) => {
    for (const a of atomsOf(p)) if (known.has(a)) reached.add(a)
  }
  for (const p of goals) reach(p)
  let waiting = [...given]
  const out: Poly[] = []
  for (let before = -1; before !== out.length; ) {
    before = out.length
    waiting = waiting.filter((p) => {
      if (![...atomsOf(p)].some((a) => reached.has(a))) return true
      reach(p)
      out.push(p)
      return false
    })
  }
  return { unknowns: [...reached], given: out }
}

/** Undefined for what is not linear. */
function lineOf(p: Poly, unknowns: readonly Atom[]): Line | undefined {
  const factors = unknowns.map(() => 0)
  let number = 0
  let rest: Term[] | undefined
  for (const term of p) {
    if (Number.isNaN(term.coef)) return undefined
    if (term.atoms.length === 0) {
      number += term.coef
      continue
    }
    const at = term.atoms.length === 1 ? unknowns.indexOf(term.atoms[0]!) : -1
    if (at >= 0) factors[at]! += term.coef
    else if (term.atoms.some((a) => unknowns.includes(a))) return undefined
    else {
      rest ??= []
      rest.push(term)
    }
  }
  return { factors, number, rest: rest ?? NOTHING }
}

/** a · p + b · q. Numbers past 2⁵³ prove nothing: what holds them says nothing any more. */
function combine(p: Line, a: number, q: Line, b: number): Line {
  const factors = p.factors.map((f, k) => f * a + q.factors[k]! * b)
  const number = p.number * a + q.number * b
  const rest = p.rest.length + q.rest.length === 0 ? NOTHING : add(scale(p.rest, a), scale(q.rest, b))
  return Number.isSafeInteger(number) && factors.every(Number.isSafeInteger)
    ? { factors, number, rest }
    : { factors: factors.map(() => 0), number: 0, rest: NOTHING }
}

/** The inequalities with the equalities worked in; undefined where those contradict each other. */
function solve(zero: readonly Line[], notNegative: readonly Line[]): readonly Line[] | undefined {
  let equal = [...zero]
  let rest = [...notNegative]
  const kept: Line[] = []
  for (let line = equal.pop(); line; line = equal.pop()) {
    const at = line.factors.findIndex((f) => f === 1 || f === -1)
    if (at < 0) {
      if (line.rest.length === 0 && line.number !== 0 && line.factors.every((f) => f === 0)) return undefined
      kept.push(line, combine(line, -1, line, 0))
      continue
    }
    const solved = line
    const without = (other: Line): Line => {
      const by = other.factors[at]!
      return by === 0 ? other : combine(other, 1, solved, -by * solved.factors[at]!)
    }
    equal = equal.map(without)
    rest = rest.map(without)
    kept.forEach((other, k) => {
      kept[k] = without(other)
    })
  }
  return [...kept, ...rest]
}

/** The unknown whose elimination makes the fewest new inequalities. */
function cheapest(open: ReadonlySet<number>, all: readonly Line[]): number {
  let best = -1
  let least = Number.POSITIVE_INFINITY
  for (const x of open) {
    let up = 0
    let down = 0
    for (const { factors } of all) {
      if (factors[x]! > 0) up++
      else if (factors[x]! < 0) down++
    }
    if (up * down - up - down >= least) continue
    least = up * down - up - down
    best = x
  }
  return best
}

const keyOf = ({ factors, number, rest }: Line): string => {
  let key = `${factors.join()},${number}`
  for (const { atoms, coef } of rest) key += `+${coef}*${atoms.map((a) => a.id).join('*')}`
  return key
}

/** What is not negative where a < b. */
export const below = (a: Poly, b: Poly): Poly => sub(sub(b, a), constant(1))
/** What is not negative where a ≤ b. */
export const atMost = (a: Poly, b: Poly): Poly => sub(b, a)

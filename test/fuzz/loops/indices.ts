/** Where loops read and write: at their counters, some elements away, in steps, backwards, in rows of rows. */

import { binary, type Expr, name, num } from '../tree.ts'
import type { ArrayParam, Index, Size } from './kernel.ts'
import type { Counter, Place } from './place.ts'

export const self = (c: Counter): Index => ({ e: name(c.name, 'num'), min: c.min, max: c.max })

const isEmpty = (a: Index): boolean => a.max < a.min

export function plus(a: Index, by: number): Index {
  if (by === 0) return a
  return { e: binary(by < 0 ? '-' : '+', a.e, num(Math.abs(by))), min: a.min + by, max: a.max + by }
}

/** a + b, of which either may come first. */
export function sum(a: Index, b: Index, swapped: boolean): Index {
  const e = swapped ? binary('+', b.e, a.e) : binary('+', a.e, b.e)
  return isEmpty(a) || isEmpty(b) ? { e, min: 0, max: -1 } : { e, min: a.min + b.min, max: a.max + b.max }
}

export function times(a: Index, { e, value }: Size, swapped: boolean): Index {
  return { e: swapped ? binary('*', e, a.e) : binary('*', a.e, e), min: a.min * value, max: a.max * value }
}

/** last − a, the same elements backwards. */
function reversed(a: Index, top: Size): Index {
  return { e: binary('-', top.e, a.e), min: top.value - a.max, max: top.value - a.min }
}

const FIXED: Index = { e: num(0), min: 0, max: 0 }

/** An index into the array that stays within it, as far as that can be known; of those that a parallel loop allows. */
export function indexInto(p: Place, array: ArrayParam): Index {
  const own = p.region?.own.get(array)
  if (own) return own() ?? FIXED
  const { kernel } = p
  const { rng } = kernel
  for (let k = 0; k < 4; k++) {
    const made = anyIndex(p)
    if (made.min >= 0 && kernel.holds(array, made)) return made
    // Programs that fail on the way are part of the law.
    if (rng.chance(0.02)) return made
  }
  const plain = p.counters.map(self).filter((c) => c.min >= 0 && kernel.holds(array, c))
  return plain.length > 0 ? plain[plain.length - 1]! : FIXED
}

function anyIndex(p: Place): Index {
  const { counters } = p
  const { rng } = p.kernel
  if (counters.length === 0) return { ...plus(FIXED, rng.int(0, 3)) }
  const inner = self(counters[counters.length - 1]!)
  const nest = counters.length > 1
  return rng.weighted<() => Index>([
    [nest ? 14 : 30, () => inner],
    [nest ? 8 : 16, () => offset(p, inner)],
    [nest ? 24 : 0, () => row(p)],
    [nest ? 10 : 0, () => self(rng.pick(counters.slice(0, -1)))],
    [5, () => stepped(p, inner)],
    [4, () => backwards(p, inner)],
    [2, () => ({ e: num(rng.int(0, 3)), min: 0, max: 3 })],
    [nest ? 2 : 0, () => sum(inner, self(counters[counters.length - 2]!), rng.chance(0.5))],
    [p.palette.tidy ? 0.1 : 0.7, () => masked(p, inner)],
  ])()
}

function offset(p: Place, a: Index): Index {
  const { rng } = p.kernel
  const by = rng.weighted<number>([
    [5, 1],
    [3, rng.int(2, 4)],
    [2, rng.int(5, 9)],
  ])
  return plus(a, rng.chance(0.5) && a.min >= by ? -by : by)
}

function stepped(p: Place, a: Index): Index {
  const { rng } = p.kernel
  const step = rng.weighted<number>([
    [5, 2],
    [3, 3],
    [2, rng.int(4, 6)],
    [0.4, 0],
  ])
  const size = rng.chance(0.6) ? { e: num(step), value: step } : p.kernel.parameter(step)
  return plus(times(a, size, rng.chance(0.5)), rng.chance(0.5) ? 0 : rng.int(0, step))
}

function backwards(p: Place, a: Index): Index {
  const { rng } = p.kernel
  const top = isEmpty(a) ? 0 : a.max + rng.weighted([[5, 0] as const, [2, rng.int(1, 5)]])
  if (rng.chance(0.5)) return reversed(a, { e: num(top), value: top })
  const size = p.kernel.size(top + 1)
  const last = { e: binary('-', size.e, num(1)), value: top }
  return rng.chance(0.5) ? plus(reversed(a, size), -1) : reversed(a, last)
}

/** What no analysis follows: a remainder of the counter. */
function masked(p: Place, a: Index): Index {
  const mask = p.kernel.rng.pick([1, 3, 7])
  const e: Expr = p.kernel.rng.chance(0.5) ? binary('&', a.e, num(mask)) : binary('%', a.e, num(mask + 1))
  return { e, min: 0, max: mask }
}

/** i·m + j, j·m + i, (i·m + j)·n + k, of loops that stand in one another. */
export function row(p: Place): Index {
  const { counters } = p
  const { rng } = p.kernel
  const picked = counters.length > 2 && rng.chance(0.6) ? counters.slice(-3) : counters.slice(-2)
  const axes = rng.chance(0.15) ? [...picked].reverse() : picked
  const made = rowOf(p, axes)
  return rng.chance(0.15) ? offset(p, made) : made
}

export function rowOf(p: Place, axes: readonly Counter[]): Index {
  const { rng } = p.kernel
  let made = self(axes[0]!)
  for (const axis of axes.slice(1))
    made = sum(times(made, width(p, axis), rng.chance(0.3)), self(axis), rng.chance(0.2))
  return made
}

/** How many elements a row along the axis takes. */
export function width(p: Place, axis: Counter): Size {
  const { rng } = p.kernel
  if (axis.limit && rng.chance(0.85)) return axis.limit
  const most = Math.max(0, axis.max + 1)
  return p.kernel.size(rng.chance(0.9) ? most + rng.weighted([[3, 0] as const, [1, rng.int(1, 4)]]) : most)
}

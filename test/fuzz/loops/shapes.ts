/**
 * Programs that are loops over arrays, made so that passes find work in them: lanes, rows side by side, sums of every
 * kind, triangles, stencils, elements that an earlier iteration wrote, arrays that overlap.
 */

import type { Rng } from '../rng.ts'
import {
  ARRAYS,
  type ArrayName,
  binary,
  declare,
  type Expr,
  name,
  num,
  type Program,
  run,
  type Stmt,
  set,
} from '../tree.ts'
import { intoBins, newBins } from './atomics.ts'
import { body, innerSize, loop } from './bodies.ts'
import { foldInto, newFold } from './folds.ts'
import { type Index, Kernel, type Size } from './kernel.ts'
import { type Counter, type Local, type Palette, Place, type Region } from './place.ts'
import { products } from './products.ts'
import { helper } from './values.ts'

export function loops(rng: Rng): Program {
  const kernel = new Kernel(rng)
  const small = rng.chance(0.6)
  const p = new Place(kernel, { ...palette(rng), small })
  if (rng.chance(small ? 0.06 : 0.12)) kernel.helpers.push(helper(p))
  const made: Stmt[] = []
  const folds = rng.weighted([
    [kernel.options.fastmath ? 1 : 4, 0] as const,
    [4, 1],
    [small ? 0.5 : 2, 2],
    [small ? 0 : 1, 3],
  ])
  for (let k = folds; k > 0; k--) made.push(newFold(p))
  if (rng.chance(p.palette.tidy ? 0.12 : 0.25)) made.push(carried(p))
  for (let k = rng.weighted([[7, 1] as const, [small ? 0 : 2, 2], [small ? 0 : 0.7, 3]]); k > 0; k--) {
    p.budget = small ? 10 : p.palette.tidy ? 18 : 40
    made.push(...topLoop(p))
  }
  return kernel.program([...made, ...shown(p)], result(p))
}

const NARROW: readonly ArrayName[] = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array']

function palette(rng: Rng): Palette {
  const narrow = rng.pick(NARROW)
  return rng.weighted<Palette>([
    [5, { types: ['Float64Array'], kinds: ['f64'], tidy: true }],
    [4, { types: ['Float32Array'], kinds: ['f32'], tidy: true }],
    [3, { types: ['Int32Array', 'Int32Array', narrow], kinds: ['i32'], tidy: true }],
    [1, { types: ['Uint32Array', 'Int32Array'], kinds: ['i32'], tidy: true }],
    [3, { types: ['Float64Array', 'Float32Array', narrow, 'Int32Array'], kinds: ['f64', 'f64', 'i32'], tidy: true }],
    [2, { types: ['Float32Array', 'Int32Array', narrow], kinds: ['f32', 'i32'], tidy: true }],
    [8, { types: ARRAYS, kinds: ['f64', 'f32', 'i32'], tidy: false }],
  ])
}

/** A local that the loops may change. */
function carried(p: Place): Stmt {
  const text = p.kernel.fresh('v')
  const kind = p.kernel.rng.pick(['f64', 'f64', 'f32', 'i32'] as const)
  p.locals.push({ name: text, kind, writable: true })
  return declare('let', text, num(p.kernel.rng.int(-2, 5)))
}

function topLoop(p: Place): Stmt[] {
  const { rng, options } = p.kernel
  if (rng.chance(0.12)) return products(p)
  const folds = p.folds().filter((l) => l.fold === '+' || l.fold === '*')
  if (options.fastmath && folds.length > 0 && rng.chance(0.4)) return [sums(p, folds)]
  const depth = rng.weighted(p.palette.small ? [[13, 0] as const, [6, 1], [1, 2]] : [[11, 0] as const, [7, 1], [2, 2]])
  const size = p.kernel.size(
    depth === 0 ? length(p) : rng.weighted([[8, rng.int(0, 13)] as const, [1, rng.int(0, 23)]]),
  )
  if (rng.chance(0.15)) return parallel(p, size, depth)
  return [loop(p, size, undefined, () => body(p, depth))]
}

/** A loop that does nothing but add up: what trees of sums are in vectors of. */
function sums(p: Place, folds: readonly Local[]): Stmt {
  const { rng } = p.kernel
  return loop(p, p.kernel.size(rng.int(60, 240)), undefined, () =>
    p.block(() => folds.slice(0, rng.int(1, 2)).flatMap((fold) => foldInto(p, fold))),
  )
}

function length({ kernel: { rng, options } }: Place): number {
  return rng.weighted<() => number>([
    [40, () => rng.int(0, 40)],
    // Shorter sums stay in order.
    [options.fastmath ? 60 : 4, () => rng.int(41, 200)],
    [1, () => rng.int(200, 2000)],
  ])()
}

/** A prange: every iteration has its own elements, folds are the only other locals that it changes. */
function parallel(p: Place, size: Size, depth: number): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  const text = kernel.fresh('p')
  const counter: Counter = { name: text, min: 0, max: size.value - 1, limit: size }
  const before = { region: p.region, jumps: p.jumps }
  const own: Region['own'] = new Map()
  const row = innerSize(p)
  const bins = rng.chance(0.15) ? newBins(kernel) : undefined
  p.region = { outside: p.locals.length, row, own, bins }
  p.jumps = ['']
  const made = p.within(counter, () => {
    for (let k = rng.weighted([[p.folds().length > 0 ? 2 : 0, 0] as const, [6, 1], [2, 2]]); k > 0; k--) {
      const rows = depth > 0 && rng.chance(0.6)
      if (size.value > 0 && rng.chance(0.08)) {
        const fresh = kernel.array(p.types(), (a) => !own.has(a) && a.length === undefined)
        const index = kernel.scattered(name(text, 'num'), size.value)
        if (!own.has(fresh) && kernel.holds(fresh, index)) {
          kernel.promise(fresh)
          own.set(fresh, () => index)
          continue
        }
      }
      const index = rows ? () => elementOfRow(p, counter, row) : () => elementOf(counter)
      const array = kernel.array(p.types(), (a) => !own.has(a) && (rows || kernel.holds(a, elementOf(counter))))
      if (!own.has(array) && (rows || kernel.holds(array, elementOf(counter)))) own.set(array, index)
    }
    const made = body(p, depth)
    return bins ? [...made, intoBins(p, bins)] : made
  })
  p.region = before.region
  p.jumps = before.jumps
  const loop: Stmt = { k: 'prange', name: text, args: [size.e], body: made }
  return bins ? [bins.declared, loop, ...bins.shown] : [loop]
}

const elementOf = ({ name: text, max }: Counter): Index => ({ e: name(text, 'num'), min: 0, max })

/** Of the row of an iteration, the element of a loop over just such a row. */
function elementOfRow(p: Place, counter: Counter, row: Size): Index | undefined {
  const axis = p.counters.find((c) => c !== counter && c.limit === row)
  const start = binary('*', name(counter.name, 'num'), row.e)
  const max = (counter.max + 1) * row.value - 1
  if (axis) return { e: binary('+', start, name(axis.name, 'num')), min: 0, max }
  return row.e.k === 'const' && row.value > 0 ? { e: start, min: 0, max } : undefined
}

function shown(p: Place): Stmt[] {
  const left = p.locals.filter((l) => p.kernel.rng.chance(0.9) && l.kind !== 'bool')
  return left.map((l) => run(set(p.kernel.place(), name(l.name, 'num'))))
}

function result(p: Place): Expr | null {
  const { rng, arrays } = p.kernel
  const numbers = p.locals.filter((l) => l.kind !== 'bool')
  if (numbers.length > 0 && rng.chance(0.6)) return name(rng.pick(numbers).name, 'num')
  const written = arrays.filter((a) => a.written)
  if (written.length > 0 && rng.chance(0.3)) {
    const array = rng.pick(written)
    return name(array.name, array.type)
  }
  return null
}

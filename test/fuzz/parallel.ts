/**
 * Loops over prange without a race: every iteration writes array elements of its own index, variables of its own, and
 * accumulators by operations whose order does not show (or whose tree the laws fix).
 */

import { integer, number, truthValue } from './expressions.ts'
import type { Reduction, Region, Scope, Variable } from './scope.ts'
import { newLength, statements } from './statements.ts'
import { at, binary, call, compare, declare, type Expr, lengthOf, name, num, run, type Stmt, set } from './tree.ts'

const INTEGER = /^(Int|Uint)\d+Array$/

/** Which iterations there are, and which index of a written array belongs to each. */
interface Shape {
  readonly args: readonly Expr[]
  readonly own: () => Expr
  /** The room that the iteration's variable leaves at both ends of arrays. */
  readonly slack: number
}

function shape(s: Scope, self: Expr, target: Expr | undefined): Shape {
  const { rng } = s
  const length = target ? lengthOf(target) : num(s.length)
  const c = rng.int(1, 3)
  return rng.weighted<() => Shape>([
    [10, () => ({ args: [length], own: () => self, slack: 0 })],
    [2, () => ({ args: [num(1), binary('-', length, num(1))], own: () => self, slack: 1 })],
    [1, () => ({ args: [num(0), length, num(c)], own: () => self, slack: 0 })],
    [1, () => ({ args: [binary('-', length, num(1)), num(-1), num(-1)], own: () => self, slack: 0 })],
    [
      1,
      () => ({
        args: [call('Math.max', [num(0), binary('-', length, num(c))])],
        own: () => binary('+', self, num(c)),
        slack: 0,
      }),
    ],
    [1, () => ({ args: [length], own: () => binary('-', binary('-', length, num(1)), self), slack: 0 })],
    [
      1,
      () => {
        const odd = rng.int(0, 1)
        const twice = binary('*', num(2), self)
        return { args: [binary('>>', length, num(1))], own: () => (odd ? binary('+', twice, num(1)) : twice), slack: 0 }
      },
    ],
  ])()
}

export function parallelLoop(s: Scope, depth: number): Stmt[] {
  const { rng } = s
  if (rng.chance(0.2)) return matrix(s, depth)
  const before: Stmt[] = []
  const index = s.fresh('p')
  const self = name(index, 'num')
  const arrays = s.arrays()
  const written = rng.chance(0.7) && arrays.length > 0 ? rng.pick(arrays) : undefined
  const form = shape(s, self, written ? s.ref(written) : undefined)
  const own = new Map<string, () => Expr>()
  if (written) own.set(written.name, form.own)
  const second = arrays.filter((v) => v !== written)
  if (written && second.length > 0 && rng.chance(0.2)) own.set(rng.pick(second).name, form.own)
  const reductions = written && rng.chance(0.6) ? [] : [reduction(s, before)]
  const histograms = arrays.filter((v) => INTEGER.test(v.type) && !own.has(v.name))
  // One operation a loop: only then does the order of the iterations not show.
  const op = rng.pick(['add', 'sub', 'and', 'or', 'xor', 'min', 'max'] as const)
  const histogram = histograms.length > 0 && rng.chance(0.1) ? { variable: rng.pick(histograms), op } : undefined
  const region: Region = {
    outside: s.variables.length,
    written: own,
    hidden: new Set([...reductions.map((r) => r.variable.name), ...(histogram ? [histogram.variable.name] : [])]),
    reductions,
    histogram,
  }
  const body = inRegion(
    s,
    region,
    { name: index, type: 'num', writable: false, slack: form.slack, small: true },
    () => [
      ...statements(s, rng.int(0, 2), Math.min(depth - 1, 1)),
      ...regionStatement(s, 1, true),
      ...statements(s, rng.int(0, 1), Math.min(depth - 1, 1)),
    ],
  )
  return [...before, { k: 'prange', name: index, args: form.args, body }]
}

function inRegion(s: Scope, region: Region, counter: Variable, make: () => Stmt[]): Stmt[] {
  const jumps = s.jumps
  s.jumps = []
  s.region = region
  const body = s.block(() => {
    s.add(counter)
    return make()
  })
  s.region = undefined
  s.jumps = jumps
  return body
}

/** An accumulator: an existing variable or a new one, which `before` then declares. */
function reduction(s: Scope, before: Stmt[]): Reduction {
  const { rng } = s
  const form = rng.weighted<Reduction['form']>([
    [4, '+'],
    [1, '-'],
    [1, '*'],
    [2, 'min'],
    [2, 'max'],
    [0.2, 'if-min'],
    [0.2, 'if-max'],
    [3, 'count'],
    [1, rng.pick(['&', '|', '^'])],
  ])
  const known = s.assignable('num')
  if (known.length > 0 && rng.chance(0.3)) return { variable: rng.pick(known), form }
  const start = rng.weighted([
    [6, form === '*' ? 1 : 0],
    [1, -0],
    [form === 'min' || form === 'if-min' ? 5 : 1, Infinity],
    [form === 'max' || form === 'if-max' ? 5 : 1, -Infinity],
    [1, rng.int(-5, 100)],
  ])
  const variable = s.add({ name: s.fresh('s'), type: 'num', writable: true })
  before.push(declare('let', variable.name, num(start)))
  return { variable, form }
}

/** What only a prange's body has: its own elements, its accumulators, its histogram. */
export function regionStatement(s: Scope, depth: number, must = false): Stmt[] {
  const { rng } = s
  const region = s.region!
  const made: Stmt[] = []
  for (const [array, own] of region.written) {
    if (!must && !rng.chance(0.5)) continue
    const variable = s.variables.find((v) => v.name === array)
    if (!variable) continue
    const value = rng.chance(0.7) ? number(s, 3) : integer(s, 2)
    made.push(
      run(
        set(
          at(s.ref(variable), own()),
          value,
          rng.weighted([
            [6, ''],
            [2, '+'],
            [1, '*'],
            [1, '-'],
          ]),
        ),
      ),
    )
  }
  for (const r of region.reductions) if (must || rng.chance(0.2)) made.push(accumulate(s, r))
  if (region.histogram && (must || rng.chance(0.3))) {
    const histogram = s.ref(region.histogram.variable)
    const bin = binary('%', call('Math.abs', [binary('|', number(s, 1), num(0))]), lengthOf(histogram))
    made.push(run(call(`atomic.${region.histogram.op}`, [histogram, bin, integer(s, 1)])))
  }
  if (made.length > 0 && depth > 0 && rng.chance(0.25))
    return [{ k: 'if', test: truthValue(s, 2), then: made, else: [] }]
  return made
}

function accumulate(s: Scope, { variable, form }: Reduction): Stmt {
  const self = name(variable.name, 'num')
  const value = () => number(s, 2)
  switch (form) {
    case '+':
    case '-':
    case '*':
      return run(set(self, value(), form))
    case 'min':
    case 'max':
      return run(set(self, call(`Math.${form}`, s.rng.chance(0.5) ? [self, value()] : [value(), self])))
    case 'if-min':
    case 'if-max': {
      const local = s.fresh('v')
      const test = compare(form === 'if-min' ? '<' : '>', name(local, 'num'), self)
      return {
        k: 'block',
        label: s.fresh('B'),
        body: [
          declare('const', local, value()),
          { k: 'if', test, then: [run(set(self, name(local, 'num')))], else: [] },
        ],
      }
    }
    case 'count':
      return {
        k: 'if',
        test: truthValue(s, 2),
        then: [run({ k: 'step', type: 'num', op: '++', prefix: false, target: self })],
        else: [],
      }
    case '&':
    case '|':
    case '^':
      return run(set(self, binary('|', value(), num(0)), form))
    default:
      return form satisfies never
  }
}

/** C[i·n + j] over rows in parallel, with new rows × columns to fit the arrays' length. */
function matrix(s: Scope, depth: number): Stmt[] {
  const { rng } = s
  const arrays = s.arrays()
  if (arrays.length === 0) return []
  const columns = rng.int(1, Math.max(1, Math.min(7, s.length)))
  const rows = Math.floor(s.length / columns)
  const width = s.fresh('m')
  const [i, j] = [s.fresh('p'), s.fresh('i')]
  const cell = () => binary('+', binary('*', name(i, 'num'), name(width, 'num')), name(j, 'num'))
  const target = rng.pick(arrays)
  const before: Stmt[] = [declare('const', width, num(columns))]
  s.add({ name: width, type: 'num', writable: false, small: true })
  const wide = rng.chance(0.2) ? { k: 'new' as const, type: 'Float64Array' as const, length: newLength(s) } : undefined
  const region: Region = {
    outside: s.variables.length,
    written: new Map([[target.name, cell]]),
    hidden: new Set(),
    reductions: [],
    histogram: undefined,
  }
  const counter: Variable = {
    name: i,
    type: 'num',
    writable: false,
    small: true,
    ...(rows <= s.length ? { slack: 0 } : {}),
  }
  const body = inRegion(s, region, counter, () => {
    const scratch: Stmt[] = wide ? [declare('const', s.fresh('t'), wide)] : []
    const inner = s.block((): Stmt => {
      s.add({ name: j, type: 'num', writable: false, small: true, slack: 0 })
      return {
        k: 'for',
        label: '',
        name: j,
        from: num(0),
        test: compare('<', name(j, 'num'), name(width, 'num')),
        update: { k: 'step', type: 'num', op: '++', prefix: false, target: name(j, 'num') },
        body: [...statements(s, rng.int(0, 1), Math.min(depth - 2, 1)), ...regionStatement(s, 1, true)],
      }
    })
    return [...scratch, inner]
  })
  return [...before, { k: 'prange', name: i, args: [num(rows)], body }]
}

/** Random statements. Loops are bounded; the oracle gives up on the few programs that still run too long. */

import { element, index, integer, number, truthValue } from './expressions.ts'
import { parallelLoop, regionStatement } from './parallel.ts'
import type { Scope, Variable } from './scope.ts'
import {
  ARRAYS,
  at,
  binary,
  call,
  compare,
  declare,
  type Expr,
  lengthOf,
  num,
  run,
  type Stmt,
  set,
  type Type,
  unary,
} from './tree.ts'

/** `hide`: whether a declaration may take the name of an outer variable (never of a parameter, in its own function). */
export function statements(s: Scope, count: number, depth: number, hide = true): Stmt[] {
  return s.block(() => {
    const made: Stmt[] = []
    for (let k = 0; k < count; k++) {
      made.push(...statement(s, depth, hide && k === 0))
      const last = made[made.length - 1]
      if (last?.k === 'jump' || last?.k === 'return') break
    }
    return made
  })
}

const isArray = (type: Type): boolean => type !== 'num' && type !== 'bool'

function statement(s: Scope, depth: number, first: boolean): Stmt[] {
  const { rng } = s
  if (s.region && rng.chance(0.3)) {
    const special = regionStatement(s, depth)
    if (special.length > 0) return special
  }
  const deep = depth > 0
  const size = () => rng.int(1, depth > 1 ? 4 : 2)
  return rng.weighted<() => Stmt[]>([
    [12, () => [declaration(s, first)]],
    [14, () => assignment(s)],
    [18, () => storeElement(s)],
    [s.sink && !s.region ? 8 : 0, () => [show(s, s.rng.chance(0.8) ? number(s, 3) : integer(s, 2))]],
    [deep ? 8 : 0, () => [branch(s, depth, size)]],
    [deep ? 10 : 0, () => countedLoop(s, depth, size)],
    [deep ? 3 : 0, () => boundedWhile(s, depth, size)],
    [deep ? 2 : 0, () => labelledBlock(s, depth, size)],
    [s.jumps.length > 0 ? 2 : 0, () => jump(s)],
    [s.region ? 0 : 2, () => swap(s)],
    [deep && !s.region && depth > 1 ? 5 : 0, () => parallelLoop(s, depth)],
    [deep && !s.region && depth > 1 ? 2 : 0, () => recurrence(s)],
  ])()
}

/** A name that hides an outer one may only come first in its block, where nothing has named the outer one yet. */
function freshName(s: Scope, prefix: string, first: boolean, init: Expr): string {
  const outer = s.visible((v) => !isArray(v.type) && v.small !== true)
  if (first && !s.region && outer.length > 0 && s.rng.chance(0.05)) {
    const shadowed = s.rng.pick(outer).name
    if (!JSON.stringify(init).includes(`"${shadowed}"`)) return shadowed
  }
  return s.fresh(prefix)
}

function declaration(s: Scope, first: boolean): Stmt {
  const { rng } = s
  const word = rng.chance(0.7) ? 'let' : 'const'
  const kind = rng.weighted([
    [7, 'num'],
    [2, 'int'],
    [2, 'bool'],
    [1.5, 'new'],
    [s.arrays().length > 0 && !s.region ? 1 : 0, 'alias'],
  ] as const)
  const init = ((): Expr => {
    switch (kind) {
      case 'num':
        return number(s, 3)
      case 'int':
        return integer(s, 2)
      case 'bool':
        return truthValue(s, 2)
      case 'new':
        return { k: 'new', type: rng.pick(ARRAYS), length: newLength(s) }
      case 'alias':
        return s.ref(rng.pick(s.arrays()))
      default:
        return kind satisfies never
    }
  })()
  const prefix = kind === 'bool' ? 'f' : kind === 'new' || kind === 'alias' ? 't' : kind === 'int' ? 'k' : 'v'
  const name = freshName(s, prefix, first, init)
  s.add({ name, type: init.type, writable: word === 'let' })
  return declare(word, name, init)
}

export function newLength(s: Scope): Expr {
  const arrays = s.arrays()
  return s.rng.weighted<() => Expr>([
    [arrays.length > 0 ? 10 : 0, () => lengthOf(s.ref(s.rng.pick(arrays)))],
    [4, () => num(s.length)],
    [2, () => num(s.rng.int(0, 9))],
    [1, () => binary('+', num(s.length), num(s.rng.int(0, 3)))],
    [0.2, () => integer(s, 1)],
    [0.1, () => number(s, 1)],
  ])()
}

function assignment(s: Scope): Stmt[] {
  const { rng } = s
  const type = rng.chance(0.85) ? 'num' : 'bool'
  const targets = s.assignable(type)
  if (targets.length === 0) return [declaration(s, false)]
  const target = s.ref(rng.pick(targets))
  if (type === 'bool') return [run(set(target, truthValue(s, 2)))]
  if (rng.chance(0.15)) {
    return [run({ k: 'step', type: 'num', op: rng.pick(['++', '--']), prefix: rng.chance(0.5), target })]
  }
  const op = rng.weighted([
    [10, ''],
    [8, rng.pick(['+', '-', '*', '/', '%'])],
    [2, rng.pick(['&', '|', '^', '<<', '>>', '>>>'])],
    [0.3, '**'],
  ])
  return [run(set(target, rng.chance(0.7) ? number(s, 3) : integer(s, 2), op))]
}

function storeElement(s: Scope): Stmt[] {
  const { rng } = s
  const own = s.ownArrays()
  if (own.length === 0) return assignment(s)
  const array = rng.pick(own)
  const target = at(s.ref(array), index(s, array, 1))
  if (rng.chance(0.08)) {
    return [run({ k: 'step', type: 'num', op: rng.pick(['++', '--']), prefix: rng.chance(0.5), target })]
  }
  const op = rng.weighted([
    [10, ''],
    [5, rng.pick(['+', '-', '*', '/', '%'])],
    [1, rng.pick(['&', '|', '^', '<<', '>>', '>>>'])],
  ])
  if (rng.chance(0.04)) {
    const other = rng.pick(own)
    const inner = set(at(s.ref(other), index(s, other, 0)), number(s, 2))
    return [run(set(target, inner, op))]
  }
  return [run(set(target, number(s, 3), op))]
}

/** Makes a value part of what the call leaves behind. */
export function show(s: Scope, value: Expr): Stmt {
  const target = at({ k: 'name', type: 'Float64Array', name: s.sink!.name }, num(s.rng.int(0, s.sink!.length - 1)))
  return run(set(target, value, s.rng.chance(0.2) ? '+' : ''))
}

function branch(s: Scope, depth: number, size: () => number): Stmt {
  const { rng } = s
  const test = truthValue(s, 2)
  const then = statements(s, size(), depth - 1)
  return { k: 'if', test, then, else: rng.chance(0.4) ? statements(s, size(), depth - 1) : [] }
}

/** Over an array's elements mostly; upwards, downwards, or in steps. */
function countedLoop(s: Scope, depth: number, size: () => number): Stmt[] {
  const { rng } = s
  const name = s.fresh('i')
  const arrays = s.arrays()
  const self: Expr = { k: 'name', type: 'num', name }
  const slack = rng.chance(0.25) ? 1 : 0
  // Nested loops and calls multiply: inner ones are short.
  const nested = s.jumps.filter((j) => j.loop).length
  const whole = nested < 2 && s.length <= 100 && rng.chance(0.75)
  const limit = whole
    ? arrays.length > 0 && rng.chance(0.7)
      ? lengthOf(s.ref(rng.pick(arrays)))
      : num(s.length)
    : num(Math.min(s.length, rng.int(0, 6)))
  const end = slack > 0 ? binary('-', limit, num(slack)) : limit
  const form = rng.weighted([
    [10, 'up'],
    [2, 'down'],
    [2, 'step'],
    [1, 'reach'],
  ] as const)
  const [from, test, update] = ((): readonly [Expr, Expr, Expr] => {
    const step = (op: '++' | '--'): Expr => ({ k: 'step', type: 'num', op, prefix: rng.chance(0.2), target: self })
    switch (form) {
      case 'up':
        return [num(slack), compare(rng.chance(0.9) ? '<' : '!==', self, end), step('++')]
      case 'down':
        return [binary('-', end, num(1)), compare('>=', self, num(slack)), step('--')]
      case 'step':
        return [num(slack), compare('<', self, end), set(self, num(rng.int(1, 4)), '+')]
      case 'reach':
        return [num(slack), compare('<=', self, binary('-', end, num(1))), set(self, num(1), '+')]
      default:
        return form satisfies never
    }
  })()
  return [
    s.block(() => {
      s.add({ name, type: 'num', writable: false, slack, small: true })
      const label = rng.chance(0.15) ? s.fresh('L') : ''
      return {
        k: 'for',
        label,
        name,
        from,
        test,
        update,
        body: inside(s, label, () => statements(s, size(), depth - 1)),
      }
    }),
  ]
}

function inside<T>(s: Scope, label: string, make: () => T): T {
  s.jumps.push({ label, loop: true })
  const made = make()
  s.jumps.pop()
  return made
}

/** while and do…while with a counter of their own that ends them. */
function boundedWhile(s: Scope, depth: number, size: () => number): Stmt[] {
  const { rng } = s
  const counter = s.fresh('w')
  const self: Expr = { k: 'name', type: 'num', name: counter }
  const limit = num(rng.int(1, 7))
  const label = rng.chance(0.2) ? s.fresh('L') : ''
  s.add({ name: counter, type: 'num', writable: false, small: true })
  const extra = rng.chance(0.4) ? truthValue(s, 1) : undefined
  const more = compare('<', self, limit)
  const test = extra ? binary('&&', more, extra, 'bool') : more
  const body = [run(set(self, num(1), '+')), ...inside(s, label, () => statements(s, size(), depth - 1))]
  return [declare('let', counter, num(0)), { k: rng.chance(0.7) ? 'while' : 'until', label, test, body }]
}

function labelledBlock(s: Scope, depth: number, size: () => number): Stmt[] {
  const label = s.fresh('B')
  s.jumps.push({ label, loop: false })
  const body = statements(s, size() + 1, depth - 1)
  s.jumps.pop()
  return [{ k: 'block', label, body }]
}

/** Under a condition, so that what follows is not dead. */
function jump(s: Scope): Stmt[] {
  const { rng } = s
  const loops = s.jumps.filter((j) => j.loop)
  const target = rng.pick(s.jumps)
  const test = truthValue(s, 1)
  const inRegionLoop = s.region !== undefined && loops.length === 0
  if (!target.loop && rng.chance(0.8))
    return [{ k: 'if', test, then: [{ k: 'jump', word: 'break', label: target.label }], else: [] }]
  if (loops.length === 0 && !inRegionLoop) return []
  const labelled = loops.filter((l) => l.label !== '')
  const label = labelled.length > 0 && rng.chance(0.5) ? rng.pick(labelled).label : ''
  const word = label === '' && inRegionLoop ? 'continue' : rng.pick(['break', 'continue'] as const)
  return [{ k: 'if', test, then: [{ k: 'jump', word, label }], else: [] }]
}

/** Two array variables change places: t = u; u = v; v = t. */
function swap(s: Scope): Stmt[] {
  const { rng } = s
  const writable = s.arrays().filter((v) => v.writable)
  const pairs = writable.flatMap((u) =>
    writable.filter((v) => v !== u && v.type === u.type).map((v) => [u, v] as const),
  )
  if (pairs.length === 0) return storeElement(s)
  const [u, v] = rng.pick(pairs)
  if (rng.chance(0.3)) return [run(set(s.ref(u), s.ref(v)))]
  const t: Variable = { name: s.fresh('t'), type: u.type, writable: false }
  return [declare('const', t.name, s.ref(u)), run(set(s.ref(u), s.ref(v))), run(set(s.ref(v), s.ref(t)))]
}

/** Hashes, recurrences and wrapped products: integers that outgrow 32 bits, then 53. */
function recurrence(s: Scope): Stmt[] {
  const { rng } = s
  const h: Variable = { name: s.fresh('h'), type: 'num', writable: true }
  const i = s.fresh('i')
  const self: Expr = { k: 'name', type: 'num', name: i }
  const start = declare('let', h.name, num(rng.pick([0, 1, 5381, -1, 2 ** 31 - 1])))
  s.add(h)
  return [
    start,
    s.block(() => {
      s.add({ name: i, type: 'num', writable: false, small: true, slack: 0 })
      const product = binary('*', s.ref(h), num(rng.pick([31, 33, -7, 65599, 1664525, 1.5])))
      const sum = binary('+', product, rng.chance(0.5) ? element(s, 0) : self)
      const whole = rng.pick([
        sum,
        binary('|', sum, num(0)),
        binary('>>>', sum, num(0)),
        binary('%', sum, num(1000003)),
        call('Math.imul', [s.ref(h), integer(s, 1)]),
      ])
      return {
        k: 'for',
        label: '',
        name: i,
        from: num(0),
        test: compare('<', self, num(Math.min(s.length, rng.int(1, 40)))),
        update: { k: 'step', type: 'num', op: '++', prefix: false, target: self },
        body: [run(set(s.ref(h), rng.chance(0.2) ? unary('-', whole) : whole))],
      }
    }),
  ]
}

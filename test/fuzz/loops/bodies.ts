/** Statements in the body of a loop, and loops within loops. */

import { binary, call, compare, declare, type Expr, name, num, run, type Stmt, set } from '../tree.ts'
import { atomicUpdate, intoBins } from './atomics.ts'
import { foldInto, newFold } from './folds.ts'
import { indexInto } from './indices.ts'
import type { ArrayParam, Size } from './kernel.ts'
import type { Counter, Kind, Local, Place } from './place.ts'
import { double, kindFor, truthValue, value } from './values.ts'

/** The body of a loop; `depth`: how many loops may stand in one another below it. */
export function body(p: Place, depth: number): Stmt[] {
  const { rng } = p.kernel
  return p.block(() => {
    const made: Stmt[] = []
    if (depth > 0 && rng.chance(0.85)) made.push(...nested(p, depth))
    else made.push(...leaf(p, depth))
    const more = rng.weighted(p.palette.small ? [[9, 0] as const, [2, 1]] : [[5, 0] as const, [3, 1], [1, 2]])
    for (let k = 0; k < more; k++) made.push(...statement(p, 1))
    if (!made.some(hasEffect)) made.push(...effect(p))
    return made
  })
}

const hasEffect = (s: Stmt): boolean => s.k !== 'declare'

function leaf(p: Place, depth: number): Stmt[] {
  const { rng } = p.kernel
  const made: Stmt[] = []
  const before = rng.weighted(p.palette.small ? [[6, 0] as const, [4, 1]] : [[5, 0] as const, [4, 1], [2, 2]])
  for (let k = before; k > 0; k--) made.push(...statement(p, depth))
  made.push(...effect(p))
  return made
}

/** Something that shows after the loop. */
function effect(p: Place): Stmt[] {
  const { rng } = p.kernel
  const folds = p.folds()
  if (folds.length === 0 || rng.chance(0.6)) return store(p)
  const fold = rng.pick(folds)
  if (rng.chance(0.25) && (fold.fold === '+' || fold.fold === '*')) return guarded(p, fold)
  const twice = rng.chance(0.15) ? foldInto(p, fold) : []
  return [...foldInto(p, fold), ...twice]
}

function statement(p: Place, depth: number): Stmt[] {
  const { rng } = p.kernel
  const folds = p.folds()
  const writable = p.writable()
  return rng.weighted<() => Stmt[]>([
    [9, () => store(p)],
    [10, () => [local(p)]],
    [writable.length > 0 ? 6 : 0, () => assignment(p)],
    [folds.length > 0 ? 7 : 0, () => foldInto(p, rng.pick(folds))],
    [8, () => [branch(p, depth)]],
    [2, () => chosen(p)],
    [1.5, () => [skip(p)]],
    [depth > 0 ? 3 : 0, () => exits(p)],
    [0.4, () => update(p)],
    [p.region?.bins ? 4 : 0, () => [intoBins(p, p.region!.bins!)]],
  ])()
}

export function store(p: Place): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  const own = p.ownArrays()
  if (own?.length === 0) return [local(p)]
  const array = own ? rng.pick(own) : written(p)
  const target = kernel.element(array, indexInto(p, array), true)
  const kind = kindFor(p, array.type)
  if (rng.chance(0.03)) return [run({ k: 'step', type: 'num', op: rng.pick(['++', '--']), prefix: true, target })]
  const op = rng.weighted([[12, ''] as const, [4, '+'], [1, '-'], [1, '*']])
  const wraps = kind === 'i32' && op === '' && rng.chance(0.1)
  const stored = value(p, kind, 3)
  return [run(set(target, wraps ? binary('>>>', stored, num(rng.int(0, 4))) : stored, op))]
}

/** An array to write: mostly one that nobody reads, so that iterations do not depend on each other. */
function written(p: Place): ArrayParam {
  const { kernel } = p
  const fits = kernel.rng.chance(p.palette.tidy ? 0.6 : 0.3) ? (a: ArrayParam) => !a.read : () => true
  return kernel.array(p.types(), fits)
}

/** An atomic at an element that is this iteration's alone, or in a loop in order: its old value is known too. */
function update(p: Place): Stmt[] {
  const { kernel } = p
  const own = p.ownArrays()
  if (own?.length === 0) return [local(p)]
  const array = own ? kernel.rng.pick(own) : written(p)
  const { array: elements, index } = kernel.element(array, indexInto(p, array), true) as Extract<Expr, { k: 'at' }>
  const made = atomicUpdate(kernel.rng, elements, index, () => value(p, kindFor(p, array.type), 1))
  if (kernel.rng.chance(0.4)) return [run(made)]
  const old = kernel.fresh('t')
  p.locals.push({ name: old, kind: 'f64', writable: false })
  return [declare('const', old, made)]
}

function kindOf(p: Place): Kind {
  if (p.palette.tidy) return p.kernel.rng.pick([...p.palette.kinds, ...p.palette.kinds, 'bool'])
  return p.kernel.rng.weighted<Kind>([
    [8, 'f64'],
    [3, 'f32'],
    [3, 'i32'],
    [1.5, 'bool'],
  ])
}

function local(p: Place): Stmt {
  const kind = kindOf(p)
  const init = value(p, kind, 2)
  const text = p.kernel.fresh(kind === 'bool' ? 'f' : 't')
  const writable = p.kernel.rng.chance(0.5)
  p.locals.push({ name: text, kind, writable })
  return declare(writable ? 'let' : 'const', text, init)
}

/** To a local of this turn, or one that is handed from turn to turn. */
function assignment(p: Place): Stmt[] {
  const { rng } = p.kernel
  const target = rng.pick(p.writable())
  const self = name(target.name, target.kind === 'bool' ? 'bool' : 'num')
  return [run(set(self, value(p, target.kind, 2)))]
}

/** let v = a; if (c) v = b: what a choice by mask is made of. */
function chosen(p: Place): Stmt[] {
  const kind = kindOf(p)
  const first = value(p, kind, 1)
  const text = p.kernel.fresh('t')
  const self = name(text, kind === 'bool' ? 'bool' : 'num')
  const test = truthValue(p, 2)
  const second = value(p, kind, 2)
  const other = p.kernel.rng.chance(0.4) ? [run(set(self, value(p, kind, 1)))] : []
  p.locals.push({ name: text, kind, writable: true })
  return [declare('let', text, first), { k: 'if', test, then: [run(set(self, second))], else: other }]
}

function branch(p: Place, depth: number): Stmt {
  const { rng } = p.kernel
  const test = truthValue(p, 2)
  const arm = () =>
    p.block(() => {
      if (depth >= 0 && rng.chance(0.2)) return [branch(p, depth - 1), ...(rng.chance(0.5) ? effect(p) : [])]
      return rng.chance(0.6) ? effect(p) : [...statement(p, depth - 1), ...effect(p)]
    })
  return { k: 'if', test, then: arm(), else: rng.chance(0.4) ? arm() : [] }
}

/** `continue`, and `break` where a loop stands around. */
function skip(p: Place): Stmt {
  const { rng } = p.kernel
  const test = truthValue(p, 1)
  const labels = p.jumps.filter((label) => label !== '')
  const label = labels.length > 0 && rng.chance(0.5) ? rng.pick(labels) : ''
  const outermost = p.jumps.length <= 1
  const word =
    !outermost && rng.chance(0.4) ? 'break' : outermost && rng.chance(0.04) && !p.region ? 'break' : 'continue'
  if (label === '' && p.jumps.length === 0) return { k: 'if', test, then: [], else: [] }
  return { k: 'if', test, then: [{ k: 'jump', word, label }], else: [] }
}

// ─────────────────────────── loops ───────────────────────────

/** The head of a loop over a size, and its counter. */
export function head(p: Place, size: Size, within?: Counter): { counter: Counter; make: (body: Stmt[]) => Stmt } {
  const { kernel } = p
  const { rng } = kernel
  const text = kernel.fresh('i')
  const self = name(text, 'num')
  const label = rng.chance(0.08) ? kernel.fresh('L') : ''
  const up: Expr = rng.chance(0.8)
    ? { k: 'step', type: 'num', op: '++', prefix: rng.chance(0.1), target: self }
    : set(self, num(1), '+')
  const lo = rng.weighted<number>([
    [14, 0],
    [2, 1],
    [1, rng.int(2, 9)],
  ])
  const top = size.value - 1
  const loop =
    (from: Expr, test: Expr, update: Expr) =>
    (inner: Stmt[]): Stmt => ({
      k: 'for',
      label,
      name: text,
      from,
      test,
      update,
      body: inner,
    })
  const counter = (min: number, max: number, limit?: Size): Counter => ({ name: text, min, max, limit })
  const form = rng.weighted<'up' | 'triangle' | 'short' | 'reach' | 'step' | 'down' | 'unequal'>([
    [20, 'up'],
    [within ? 6 : 0, 'triangle'],
    [2, 'short'],
    [1, 'reach'],
    [1, 'step'],
    [1, 'down'],
    [0.5, 'unequal'],
  ])
  switch (form) {
    case 'up':
      return {
        counter: counter(lo, top, lo === 0 ? size : undefined),
        make: loop(num(lo), compare('<', self, size.e), up),
      }
    case 'triangle': {
      const outer = name(within!.name, 'num')
      return rng.weighted([
        [2, { counter: counter(lo, within!.max - 1), make: loop(num(lo), compare('<', self, outer), up) }],
        [2, { counter: counter(lo, within!.max), make: loop(num(lo), compare('<=', self, outer), up) }],
        [2, { counter: counter(within!.min, top), make: loop(outer, compare('<', self, size.e), up) }],
        [
          1,
          {
            counter: counter(within!.min + 1, top),
            make: loop(binary('+', outer, num(1)), compare('<', self, size.e), up),
          },
        ],
      ])
    }
    case 'short': {
      const less = rng.int(1, 3)
      return {
        counter: counter(lo, top - less),
        make: loop(num(lo), compare('<', self, binary('-', size.e, num(less))), up),
      }
    }
    case 'reach':
      return { counter: counter(lo, top), make: loop(num(lo), compare('<=', self, binary('-', size.e, num(1))), up) }
    case 'step': {
      const by = rng.int(2, 4)
      return { counter: counter(lo, top), make: loop(num(lo), compare('<', self, size.e), set(self, num(by), '+')) }
    }
    case 'down': {
      const down: Expr = { k: 'step', type: 'num', op: '--', prefix: false, target: self }
      return { counter: counter(lo, top), make: loop(binary('-', size.e, num(1)), compare('>=', self, num(lo)), down) }
    }
    case 'unequal':
      return { counter: counter(0, top, size), make: loop(num(0), compare('!==', self, size.e), up) }
    default:
      return form satisfies never
  }
}

/** Whether a loop may be left by its own name. */
export function inside(p: Place, label: string, make: () => Stmt[]): Stmt[] {
  const before = p.jumps
  p.jumps = [...before, label]
  const made = make()
  p.jumps = before
  return made
}

const labelOf = (s: Stmt): string => (s.k === 'for' ? s.label : '')

/** A loop over its own iterations: `make` gets its body. */
export function loop(p: Place, size: Size, within: Counter | undefined, make: () => Stmt[]): Stmt {
  const { counter, make: close } = head(p, size, within)
  return close(p.within(counter, () => inside(p, labelOf(close([])), make)))
}

/** A loop inside this turn, with a sum of its own or without. */
function nested(p: Place, depth: number): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  const outer = p.counters[p.counters.length - 1]
  const size = innerSize(p)
  const own = rng.chance(0.6) ? [newFold(p)] : []
  const sums = p.locals.slice(p.locals.length - own.length)
  const before = rng.chance(0.2) ? statement(p, 0) : []
  const inner = loop(p, size, outer, () => {
    if (depth > 1 && rng.chance(0.7)) return body(p, depth - 1)
    return [
      ...(rng.chance(0.3) ? statement(p, depth - 1) : []),
      ...sums.flatMap((s) => foldInto(p, s)),
      ...(sums.length > 0 && rng.chance(0.7) ? [] : effect(p)),
    ]
  })
  const after = sums.flatMap((sum) => leave(p, name(sum.name, 'num')))
  return [...own, ...before, inner, ...after]
}

/** Inner loops are short, so that nests end. */
export function innerSize(p: Place): Size {
  const { rng } = p.kernel
  if (p.region && rng.chance(0.7)) return p.region.row
  const known = p.counters.flatMap((c) => (c.limit && c.limit.value <= 20 ? [c.limit] : []))
  if (known.length > 0 && rng.chance(0.3)) return rng.pick(known)
  return p.kernel.size(
    rng.weighted<number>([
      [6, rng.int(1, 12)],
      [1, 0],
      [1, rng.int(13, 24)],
    ]),
  )
}

/** What takes long and is folded by some iterations only: lanes gain though they have to be folded one by one. */
function guarded(p: Place, { name: text, fold = '+' }: Local): Stmt[] {
  const { rng } = p.kernel
  const slow = () =>
    rng.weighted<() => Expr>([
      [4, () => call('Math.sqrt', [rng.chance(0.7) ? call('Math.abs', [double(p, 1)]) : double(p, 1)])],
      [3, () => binary('/', double(p, 1), double(p, 1))],
      [1, () => call(`Math.${rng.pick(['exp', 'log', 'sin', 'cbrt'])}`, [double(p, 1)])],
    ])()
  const held = p.kernel.fresh('t')
  const init = rng.chance(0.5) ? slow() : binary(rng.pick(['+', '*']), slow(), slow())
  p.locals.push({ name: held, kind: 'f64', writable: false })
  const self = name(held, 'num')
  const test = compare(rng.pick(['<', '>', '<=', '>=']), self, rng.chance(0.6) ? num(rng.int(0, 8)) : double(p, 1))
  return [declare('const', held, init), { k: 'if', test, then: [run(set(name(text, 'num'), self, fold))], else: [] }]
}

/** A value shows: in an element, or folded. */
function leave(p: Place, e: Expr): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  const own = p.ownArrays()
  if (own?.length === 0) return []
  const array = own ? rng.pick(own) : written(p)
  const target = kernel.element(array, indexInto(p, array), true)
  return [run(set(target, e, rng.weighted([[8, ''] as const, [2, '+'], [1, '*']])))]
}

/**
 * A loop that each iteration leaves at its own time (`while` with a condition of floats, or a `break`): what
 * mandelbrot does.
 */
function exits(p: Place): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  const [a, k] = [kernel.fresh('v'), kernel.fresh('w')]
  const [va, vk] = [name(a, 'num'), name(k, 'num')]
  const most = num(rng.int(1, 12))
  const limit = compare('<', vk, most)
  const start = double(p, 1)
  p.locals.push({ name: a, kind: 'f64', writable: true })
  const near = rng.chance(0.7)
    ? compare('<', binary('*', va, va), num(rng.int(1, 100)))
    : compare(rng.pick(['<', '>', '<=']), va, double(p, 1))
  const step = run(
    set(va, binary('+', rng.chance(0.6) ? binary('*', va, va) : binary('*', va, num(1.5)), double(p, 1))),
  )
  const count: Stmt = run({ k: 'step', type: 'num', op: '++', prefix: false, target: vk })
  const more = rng.chance(0.3) ? inside(p, '', () => p.block(() => [skipHere(p), ...statement(p, 0)])) : []
  const inner = rng.weighted<() => Stmt>([
    [
      5,
      () => ({
        k: 'while',
        label: '',
        test: rng.chance(0.5) ? binary('&&', limit, near, 'bool') : binary('&&', near, limit, 'bool'),
        body: [count, step, ...more],
      }),
    ],
    [2, () => ({ k: 'until', label: '', test: binary('&&', limit, near, 'bool'), body: [count, step, ...more] })],
    [
      3,
      () => ({
        k: 'for',
        label: '',
        name: k,
        from: num(0),
        test: limit,
        update: { k: 'step', type: 'num', op: '++', prefix: false, target: vk },
        body: [
          step,
          {
            k: 'if',
            test: { k: 'unary', type: 'bool', op: '!', a: near },
            then: [{ k: 'jump', word: 'break', label: '' }],
            else: [],
          },
          ...more,
        ],
      }),
    ],
  ])()
  const counted = inner.k !== 'for'
  p.locals.push({ name: k, kind: 'i32', writable: false })
  const out = [
    declare('let', a, start),
    ...(counted ? [declare('let', k, num(0))] : []),
    inner,
    ...leave(p, counted && rng.chance(0.5) ? vk : va),
  ]
  if (!counted) p.locals.pop()
  return out
}

function skipHere(p: Place): Stmt {
  const word = p.kernel.rng.chance(0.5) ? 'continue' : 'break'
  return { k: 'if', test: truthValue(p, 1), then: [{ k: 'jump', word, label: '' }], else: [] }
}

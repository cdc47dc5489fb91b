/** Sums, products, extremes, counts: what a loop folds its iterations into. */

import { binary, call, compare, declare, type Expr, name, num, run, type Stmt, set } from '../tree.ts'
import type { Fold, Kind, Local, Place } from './place.ts'
import { double, integer, truthValue, value } from './values.ts'

/** A fold, declared by the statement. */
export function newFold(p: Place): Stmt {
  const { rng } = p.kernel
  const { kinds, tidy } = p.palette
  const has = (kind: Kind) => (!tidy || kinds.includes(kind) ? 1 : 0.1)
  const fold = rng.weighted<Fold>([
    [7, '+'],
    [1.5, '*'],
    [2, 'min'],
    [2, 'max'],
    [1, 'if-min'],
    [1, 'if-max'],
    [3, 'count'],
    [3 * has('i32'), 'wrap'],
    [2 * has('i32'), 'whole'],
    [1.2 * has('i32'), 'whole-min'],
    [1.2 * has('i32'), 'whole-max'],
    [2 * has('f32'), 'fround'],
    [0.7, rng.pick(['&', '|', '^'] as const)],
    [1, 'last'],
  ])
  const start = ((): number => {
    if (rng.chance(0.2)) return rng.pick([-0, 0, 1, -1, 100, 0.5])
    if (fold === '*') return 1
    if (fold === 'min' || fold === 'if-min') return Infinity
    if (fold === 'max' || fold === 'if-max') return -Infinity
    if (fold === 'whole-min') return rng.pick([2 ** 31 - 1, 1000, 5])
    if (fold === 'whole-max') return rng.pick([-(2 ** 31), -1000, -5])
    return 0
  })()
  const whole = ['count', 'wrap', 'whole', 'whole-min', 'whole-max', '&', '|', '^'].includes(fold)
  const begins = whole ? Math.trunc(start) : start
  const text = p.kernel.fresh('s')
  p.locals.push({ name: text, kind: whole ? 'i32' : fold === 'fround' ? 'f32' : 'f64', writable: true, fold })
  return declare('let', text, num(begins))
}

export function foldInto(p: Place, { name: text, fold = '+' }: Local): Stmt[] {
  const { rng } = p.kernel
  const self = name(text, 'num')
  const next = () => double(p, 2)
  switch (fold) {
    case '+':
      return [run(rng.chance(0.8) ? set(self, next(), rng.chance(0.9) ? '+' : '-') : set(self, sum(p, self, next())))]
    case '*':
      return [run(set(self, next(), '*'))]
    case 'min':
    case 'max':
      return [run(set(self, call(`Math.${fold}`, rng.chance(0.5) ? [self, next()] : [next(), self])))]
    case 'whole-min':
    case 'whole-max': {
      const least = fold === 'whole-min'
      // Far from 0, where a fold that begins there would show.
      const far = rng.chance(0.5) ? binary(least ? '+' : '-', integer(p, 1), num(rng.int(100, 400))) : integer(p, 1)
      return [run(set(self, call(least ? 'Math.min' : 'Math.max', rng.chance(0.5) ? [self, far] : [far, self])))]
    }
    case 'if-min':
    case 'if-max': {
      const held = p.kernel.fresh('v')
      const test = compare(fold === 'if-min' ? '<' : '>', name(held, 'num'), self)
      const then = [run(set(self, name(held, 'num')))]
      return [declare('const', held, next()), { k: 'if', test, then, else: [] }]
    }
    case 'count': {
      const step: Stmt = run({ k: 'step', type: 'num', op: '++', prefix: false, target: self })
      return rng.chance(0.85) ? [{ k: 'if', test: truthValue(p, 2), then: [step], else: [] }] : [step]
    }
    case 'wrap':
      return [
        run(
          set(self, binary('|', binary(p.region ? '+' : rng.pick(['+', '+', '-', '*']), self, integer(p, 2)), num(0))),
        ),
      ]
    case 'whole':
      return [run(set(self, integer(p, 1), rng.pick(['+', '+', '-'])))]
    case 'fround':
      return [run(set(self, call('Math.fround', [binary(rng.pick(['+', '*']), self, value(p, 'f32', 1))])))]
    case '&':
    case '|':
    case '^':
      return [run(set(self, integer(p, 1), fold))]
    case 'last':
      return [run(set(self, next()))]
    default:
      return fold satisfies never
  }
}

const sum = (p: Place, a: Expr, b: Expr): Expr => (p.kernel.rng.chance(0.5) ? binary('+', a, b) : binary('+', b, a))

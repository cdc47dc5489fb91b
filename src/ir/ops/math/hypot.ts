/**
 * Lengths of vectors of 2, 3 and 4 numbers. The sum of their squares is rounded once: squares of heads are exact, what
 * sums of those lose is kept, and all that is small is added last. So the root is within ½ + √½/2 < 0.86 ulp;
 * a subnormal one is rounded twice.
 */

import { twoSum } from './double.ts'
import type { Expansion, Lanes } from './lanes.ts'

function sumOfSquares<V, M>(l: Lanes<V, M>, given: readonly V[]): V {
  const { add, sub, mul, head } = l
  const heads = given.map((x) => head(x))
  const tails = given.map((x, k) => mul(sub(x, heads[k]!), add(x, heads[k]!)))
  let rest = tails.reduce((a, b) => add(a, b))
  const whole = heads
    .map((x) => mul(x, x))
    .reduce((a, b) => {
      const { hi, lo } = twoSum(l, a, b)
      rest = add(rest, lo)
      return hi
    })
  return add(whole, rest)
}

/** Whether no square has overflown, and none that counts has lost digits. */
const isModerate = <V, M>(l: Lanes<V, M>, sum: V): M => l.and(l.ge(sum, l.c(2 ** -900)), l.le(sum, l.c(2 ** 1000)))

const length = (name: string): Expansion => ({
  name,
  source:
    'squares in twice the digits (Dekker 1971, Knuth’s sums), scaled by powers of 2 where they leave the range; within 0.86 ulp, 0.93 of subnormal results',
  fast: (l, ...given) => l.sqrt(sumOfSquares(l, given)),
  usual(l, ...given) {
    const { c, or, eq } = l
    const none = eq(
      given.map((x) => l.abs(x)).reduce((a, b) => l.add(a, b)),
      c(0),
    )
    return or(isModerate(l, sumOfSquares(l, given)), none)
  },
  rare(l, ...given) {
    const { c, select } = l
    const sizes = given.map((x) => l.abs(x))
    const largest = sizes.reduce((a, b) => select(l.gt(b, a), b, a))
    const small = l.lt(largest, c(2 ** -400))
    const large = l.gt(largest, c(2 ** 400))
    const scale = select(small, c(2 ** 600), select(large, c(2 ** -600), c(1)))
    const back = select(small, c(2 ** -600), select(large, c(2 ** 600), c(1)))
    const scaled = sizes.map((x) => l.mul(x, scale))
    const infinite = sizes.map((x) => l.eq(x, c(Infinity))).reduce((a, b) => l.or(a, b))
    return select(infinite, c(Infinity), l.mul(l.sqrt(sumOfSquares(l, scaled)), back))
  },
})

export const hypot: Expansion = length('hypot')
export const hypot3: Expansion = length('hypot3')
export const hypot4: Expansion = length('hypot4')

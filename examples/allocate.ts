/** Heat in a rod: two arrays that swap roles, made with `allocate` so that no call copies them. */

import { allocate, jit } from 'tsumba'

const spread = jit((from: Float64Array, to: Float64Array, steps: number) => {
  let u = from
  let v = to
  for (let step = 0; step < steps; step++) {
    for (let i = 1; i < u.length - 1; i++) v[i] = u[i]! + 0.25 * (u[i - 1]! - 2 * u[i]! + u[i + 1]!)
    const t = u
    u = v
    v = t
  }
  return u
})

const n = 1001
const a = allocate(Float64Array, n)
const b = allocate(Float64Array, n)
a[n >> 1] = 1000
const result = spread(a, b, 10_000)
console.log(`after 10,000 steps the middle has ${result[n >> 1]!.toFixed(3)} of its 1000 left`)
console.log(`the result is one of the two arrays themselves: ${result === a || result === b}`)

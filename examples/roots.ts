/** A plain function, compiled: the answer is the same to the last bit. */

import { jit } from 'tsumba'

const roots = jit((x: Float64Array) => {
  const r = new Float32Array(x.length)
  for (let i = 0; i < x.length; i++) r[i] = Math.sqrt(x[i]!)
  return r
})

const x = Float64Array.from({ length: 1_000_000 }, (_, i) => i / 2000)
const compiled = roots(x)
const plain = roots.plain(x)
console.log(`sqrt(${x[4000]}) = ${compiled[4000]}`)
console.log(`equal to plain JavaScript: ${compiled.every((value, i) => Object.is(value, plain[i]))}`)
console.log(String(roots.explain(x)))

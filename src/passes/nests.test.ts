/** The passes that move accesses and run rows side by side, held to random nests. */

import { expect, test } from 'vitest'
import { MOST, ROOM, randomAffine } from '../../test/ir/affine.ts'
import { numbersFrom } from '../../test/ir/nests.ts'
import { passContext } from '../../test/ir/passes.ts'
import { lowered, outcome } from '../../test/ir/same.ts'
import { verify } from '../ir/verify.ts'
import { annotate } from './annotate.ts'
import { bounds } from './bounds.ts'
import { forward } from './forward.ts'
import { hoist } from './hoist.ts'
import { jam } from './jam.ts'
import { rejoin } from './rejoin.ts'
import { separate } from './separate.ts'
import { split } from './split.ts'
import { version } from './version.ts'

const PROGRAMS = 60
const CALLS = 3
const TYPES = ['float64[]', 'float32[]', 'int32[]'] as const
const CTORS = { 'float64[]': Float64Array, 'float32[]': Float32Array, 'int32[]': Int32Array }

test('random nests mean the same after each pass', { timeout: 120_000 }, () => {
  const done = { separate: 0, split: 0, hoist: 0, jam: 0, forward: 0, rejoin: 0 }
  const passes = { separate, split, hoist, jam, forward, rejoin }
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const below = numbersFrom(seed * 104729)
    const source = randomAffine(below)
    // biome-ignore lint/security/noGlobalEval: the kernel is text
    // biome-ignore lint/complexity/noCommaOperator: indirect, so that it sees no variable of this file
    const kernel = (0, eval)(source) as (...args: never[]) => unknown
    const type = TYPES[Math.max(0, below(5) - 2)]!
    const context = passContext()
    const before = version(
      bounds(annotate(lowered(kernel, [type, type, type, 'int32', 'int32']), context), context),
      context,
    )
    const calls = Array.from({ length: CALLS }, (_, k) => {
      const values = Array.from({ length: 3 * ROOM + 64 }, () => (below(2000) - 1000) / (type === 'int32[]' ? 16 : 512))
      const { buffer } = CTORS[type].from(values)
      // Arrays that overlap in the last call.
      const places = k === CALLS - 1 ? [0, below(30), ROOM + below(40)] : [0, ROOM, 2 * ROOM]
      const arrays = places.map((at) => new CTORS[type](buffer, at * CTORS[type].BYTES_PER_ELEMENT, ROOM))
      return [...arrays, below(MOST), below(MOST)]
    })
    const expected = calls.map((args) => outcome(before, args))
    let now = before
    for (const [name, pass] of Object.entries(passes)) {
      const next = pass(now, context)
      if (next === now) continue
      done[name as keyof typeof done]++
      verify(next)
      for (const [k, args] of calls.entries()) {
        expect(outcome(next, args), `seed ${seed}, ${name}: ${source}`).toStrictEqual(expected[k])
      }
      now = next
    }
  }
  // Else the kernels show nothing.
  const { split: cut, ...often } = done
  expect(cut).toBeGreaterThan(0)
  for (const count of Object.values(often)) expect(count).toBeGreaterThan(PROGRAMS / 10)
})

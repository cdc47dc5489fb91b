/** The passes that prove indices and fill arrays, held to random kernels. */

import { expect, test } from 'vitest'
import { numbersFrom, randomNest } from '../../test/ir/nests.ts'
import { passContext } from '../../test/ir/passes.ts'
import { lowered, outcome } from '../../test/ir/same.ts'
import { verify } from '../ir/verify.ts'
import { bounds } from './bounds.ts'
import { fill } from './fill.ts'
import { inline } from './inline.ts'
import { version } from './version.ts'

const PROGRAMS = 250
const CALLS = 6

test('random nests mean the same before and after', () => {
  const context = passContext()
  const done = { proven: 0, filled: 0, versions: 0, returned: 0, failed: 0 }
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const below = numbersFrom(seed * 7919)
    const source = randomNest(below)
    // biome-ignore lint/security/noGlobalEval: the kernel is text
    // biome-ignore lint/complexity/noCommaOperator: indirect, so that it sees no variable of this file
    const kernel = (0, eval)(source) as (...args: never[]) => unknown
    const before = inline(lowered(kernel, ['float64[]', 'float64[]', 'int32', 'int32', 'int32']))
    const proven = bounds(before, context)
    const filled = fill(proven)
    const after = version(filled, context)
    verify(after)
    if (proven !== before) done.proven++
    if (filled !== proven) done.filled++
    if (after !== filled) done.versions++
    for (let call = 0; call < CALLS; call++) {
      const array = () => Float64Array.from({ length: below(below(3) ? 30 : 8) }, () => below(9) - 3)
      const x = array()
      const args = [x, below(5) ? array() : x, below(9) - 2, below(9) - 2, below(7) - 2]
      const expected = outcome(before, args)
      expect(outcome(after, args), `seed ${seed}: ${source}`).toStrictEqual(expected)
      if (expected.failure) done.failed++
      else done.returned++
    }
  }
  // Else the kernels show nothing.
  expect(done.proven).toBeGreaterThan(PROGRAMS / 20)
  expect(done.filled).toBeGreaterThan(PROGRAMS / 20)
  expect(done.versions).toBeGreaterThan(PROGRAMS / 10)
  expect(done.returned).toBeGreaterThan(PROGRAMS)
  expect(done.failed).toBeGreaterThan(PROGRAMS)
})

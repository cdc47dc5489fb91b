import { expect, it } from 'vitest'
import { generate } from './generate.ts'
import { makeArgs } from './inputs.ts'
import { runPlain } from './oracle.ts'
import { candidates, shrink, wellScoped } from './shrink.ts'
import { fnText, type Program } from './tree.ts'

const texts = (p: Program) => [...p.helpers, p.entry].map(fnText)
const outcome = (p: Program) => runPlain(texts(p), 'kernel', makeArgs(p.inputs), 5000).outcome

it('makes programs that run, and the same ones from the same seed', () => {
  const kinds = { value: 0, failure: 0, endless: 0, broken: 0 }
  for (let k = 0; k < 400; k++) {
    const program = generate(7, k)
    expect(wellScoped(program), texts(program).join('\n')).toBe(true)
    kinds[outcome(program).kind]++
    expect(generate(7, k)).toEqual(program)
  }
  expect(kinds.broken).toBe(0)
  expect(kinds.endless).toBeLessThan(20)
  expect(kinds.failure).toBeGreaterThan(10)
  expect(kinds.value).toBeGreaterThan(250)
})

it('offers candidates that are programs too', () => {
  let tried = 0
  for (let k = 0; k < 20; k++) {
    for (const candidate of [...candidates(generate(11, k))].slice(0, 60)) {
      if (!wellScoped(candidate)) continue
      tried++
      const end = outcome(candidate)
      // Cutting a loop's step can make it endless; nothing may make it unparsable or leave a name undeclared.
      const fault = end.kind === 'broken' ? String(end.error) : ''
      expect(fault, texts(candidate).join('\n')).not.toMatch(/SyntaxError|ReferenceError|constant/)
    }
  }
  expect(tried).toBeGreaterThan(500)
})

it('cuts a program down to what makes it fail', async () => {
  const mentions = (p: Program) => texts(p).join('\n').includes('Math.cbrt(') && outcome(p).kind === 'value'
  let start: Program | undefined
  for (let k = 0; !start; k++) if (mentions(generate(3, k))) start = generate(3, k)
  const small = await shrink(start, async (p) => mentions(p))
  expect(mentions(small)).toBe(true)
  expect(small.helpers.length).toBeLessThanOrEqual(1)
  expect(texts(small).join('\n').split('\n').length).toBeLessThanOrEqual(6)
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EDITS } from './edits.ts'
import { edited } from './plant.ts'
import { TABLES } from './tables.ts'

describe('planted bugs', () => {
  it.each(EDITS)('$name is a change of one line that is there', ({ bug }) => {
    if (bug.kind !== 'edit') throw new Error('an edit was expected')
    const text = readFileSync(new URL(`../../../${bug.file}`, import.meta.url), 'utf8')
    expect(edited(text, bug)).not.toBe(text)
  })

  it('have names of their own', () => {
    const names = [...TABLES, ...EDITS].map((plant) => plant.name)
    expect(new Set(names).size).toBe(names.length)
  })
})

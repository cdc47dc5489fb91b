import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'

const FOLDER = import.meta.dirname

/**
 * The text is the one in test/golden/NAME.ir. Where it is meant to be another, `BLESS=1 npx vitest run test/golden`
 * writes the files anew; what changed is then for the reader of the commit to judge. `name` may have folders and a
 * suffix of its own (`roots.wat`).
 */
export function expectGolden(name: string, text: string): void {
  const file = join(FOLDER, /\.[a-z]+$/.test(name) ? name : `${name}.ir`)
  if (process.env['BLESS'] === '1') {
    mkdirSync(dirname(file), { recursive: true })
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text)
    return
  }
  if (!existsSync(file)) {
    throw new Error(`test/golden has no ${file.slice(FOLDER.length + 1)}: BLESS=1 writes it, once its text is right`)
  }
  expect(text, `${name} (BLESS=1 writes it anew)`).toBe(readFileSync(file, 'utf8'))
}

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { expectGolden } from './golden.ts'

const folder = mkdtempSync(join(import.meta.dirname, 'tmp-'))
const name = join(relative(import.meta.dirname, folder), 'roots')
afterEach(() => vi.unstubAllEnvs())

test('a golden file is written only on request, then compared', () => {
  try {
    vi.stubEnv('BLESS', '')
    expect(() => expectGolden(name, 'one\n')).toThrow('BLESS=1 writes it')
    expect(existsSync(join(folder, 'roots.ir'))).toBe(false)
    vi.stubEnv('BLESS', '1')
    expectGolden(name, 'one\n')
    expect(readFileSync(join(folder, 'roots.ir'), 'utf8')).toBe('one\n')
    vi.stubEnv('BLESS', '')
    expectGolden(name, 'one\n')
    expect(() => expectGolden(name, 'two\n')).toThrow(/roots \(BLESS=1 writes it anew\)/)
    expect(readFileSync(join(folder, 'roots.ir'), 'utf8')).toBe('one\n')
    vi.stubEnv('BLESS', '1')
    expectGolden(`${name}.wat`, '(module)\n')
    expect(readFileSync(join(folder, 'roots.wat'), 'utf8')).toBe('(module)\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

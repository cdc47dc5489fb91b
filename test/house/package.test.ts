import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Node, parse } from 'acorn'
import { describe, expect, it } from 'vitest'
import { PACKAGE } from '../../src/types.ts'
import { root, sources, withoutTypes } from './sources.ts'

describe("the package's name", () => {
  it('stands in package.json and in PACKAGE, and in no other string of the source', () => {
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name).toBe(PACKAGE)
    const naming = sources().flatMap((source) =>
      strings(parse(withoutTypes(source), { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }))
        .filter((text) => text.includes(PACKAGE))
        .map((text) => `${source.path}: ${text}`),
    )
    expect(naming).toEqual([`types.ts: ${PACKAGE}`])
  })
})

/** The text of every string literal and template in a syntax tree. */
function strings(node: unknown): string[] {
  if (node === null || typeof node !== 'object') return []
  if (Array.isArray(node)) return node.flatMap(strings)
  const { type, value } = node as Node & { value?: unknown }
  if (type === 'Literal') return typeof value === 'string' ? [value] : []
  if (type === 'TemplateElement') return [(value as { raw: string }).raw]
  return Object.values(node).flatMap(strings)
}

describe('importing the package', () => {
  // Other tests run at the same time and can only make it slower: the quickest tries count.
  const LIMIT_MS = 30
  const TRIES = 5
  const RUNS = 7

  it(`takes at most ${LIMIT_MS} ms`, () => {
    const url = pathToFileURL(join(root, 'dist/node.js')).href
    const script = `const t = performance.now(); await import('${url}'); console.log(performance.now() - t)`
    const once = () =>
      Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
    const medians: number[] = []
    while (medians.length < TRIES && !medians.some((ms) => ms <= LIMIT_MS)) {
      const times = Array.from({ length: RUNS }, once).sort((a, b) => a - b)
      medians.push(times[RUNS >> 1]!)
    }
    expect(Math.min(...medians)).toBeLessThanOrEqual(LIMIT_MS)
  })
})

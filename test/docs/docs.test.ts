/**
 * The documents are held to the code: their examples print what they say, and the files that they name are there.
 * `BLESS=1 npx vitest run test/docs` writes into them what is printed now; the reader of the commit judges it.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PASSES } from '../../src/passes/index.ts'
import { bless, examplesOf, printedBy, ROOT, typeErrors, writeExamples } from './examples.ts'

const documents = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => join(ROOT, 'docs', name))
const withExamples = documents.filter((document) => examplesOf(readFileSync(document, 'utf8')).length > 0)

mkdirSync(join(ROOT, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(ROOT, '.tmp/docs-'))
const files = new Map(withExamples.map((document) => [document, writeExamples(document, folder)]))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the examples', () => {
  it('are found', () => {
    expect(withExamples.map((document) => basename(document))).toContain('semantics.md')
  })

  it.each(withExamples.map((document) => [basename(document), document]))(
    'of %s print what they say',
    async (_, document) => {
      const printed = await printedBy(files.get(document)!, folder)
      const text = readFileSync(document!, 'utf8')
      if (process.env['BLESS'] === '1') writeFileSync(document!, bless(text, printed))
      for (const [k, { line, expected }] of examplesOf(readFileSync(document!, 'utf8')).entries()) {
        expect.soft(printed[k], `${basename(document!)}, line ${line} (BLESS=1 writes it anew)`).toEqual(expected)
      }
    },
  )

  it('type-check', async () => {
    expect(await typeErrors(folder)).toBe('')
  })
})

/** The passes as a table. Each is the function of its name, in the file of its name. */
const passTable = [
  '| pass | for | why it stands there |',
  '|---|---|---|',
  ...PASSES.map(({ name, targets, why }) => `| \`src/passes/${name}.ts\` | ${targets?.join(', ') ?? 'all'} | ${why} |`),
].join('\n')

it('architecture.md has the list of passes', () => {
  const document = join(ROOT, 'docs/architecture.md')
  const [begin, end] = ['<!-- passes:begin -->\n', '\n<!-- passes:end -->']
  const section = new RegExp(`(?<=${begin}).*?(?=${end.trim()})`, 's')
  const text = readFileSync(document, 'utf8')
  if (process.env['BLESS'] === '1')
    writeFileSync(
      document,
      text.replace(section, () => `${passTable}\n`),
    )
  expect(readFileSync(document, 'utf8')).toContain(`${begin}${passTable}${end}`)
})

/** Relative links, and words in backticks that look like paths of the repository; NAME in one stands for any. */
function pathsIn(document: string): string[] {
  const text = readFileSync(document, 'utf8')
  const links = [...text.matchAll(/\]\(([^)#:]+?)(?:#[^)]*)?\)/g)].map(([, path]) => join(dirname(document), path!))
  const named = [...text.matchAll(/`((?:src|test|docs|bench|examples|scripts)\/[\w./-]*)`/g)].filter(
    ([, path]) => !/(NAME|VERB)/.test(path!),
  )
  return [...links, ...named.map(([, path]) => join(ROOT, path!))]
}

describe('the paths', () => {
  it.each(documents.map((document) => [basename(document), document]))('that %s names are there', (_, document) => {
    const missing = pathsIn(document!).filter((path) => !existsSync(path))
    expect(missing.map((path) => path.slice(ROOT.length))).toEqual([])
  })

  it('are found', () => {
    expect(documents.flatMap(pathsIn).length).toBeGreaterThan(50)
  })
})

describe('the reading of examples', () => {
  const block = (code: string) => `text\n\n\`\`\`ts\n${code}\`\`\`\n`

  it('takes what the comments say, line by line', () => {
    const text = block('print(1) // → 1\nprint(two)\n// → a\n// →\n// → b\n')
    expect(examplesOf(text)).toMatchObject([{ line: 4, expected: ['1', 'a', '', 'b'] }])
    expect(examplesOf(block('f() // nothing is printed\n'))).toEqual([])
  })

  it('writes what is printed in its place', () => {
    const text = block('print(1) // → ?\n// →\n')
    expect(bless(text, [['1', '$&']])).toBe(block('print(1) // → 1\n// → $&\n'))
    expect(bless(block('all()\n// → ?\nend()\n'), [['1', '2']])).toBe(block('all()\n// → 1\n// → 2\nend()\n'))
  })

  it('leaves what cannot be placed, and what went wrong', () => {
    const text = block('print(1) // → ?\n// →\n')
    expect(bless(text, [['1']])).toBe(text)
    expect(bless(text, [['1', 'uncaught: Error']])).toBe(text)
  })
})

/** The tools themselves, each on the same kernels: what it makes of their text must still mean the same. */

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, transformSync } from 'esbuild'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { report } from './fixtures/program.ts'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const fixtures = join(here, 'fixtures')
// Inside the repository, so that what stays outside a bundle is found in node_modules.
const out = join(fixtures, 'out')

const exec = promisify(execFile)
type Report = ReturnType<typeof report>

async function node(...args: string[]): Promise<Report> {
  const { stdout } = await exec(process.execPath, ['--no-warnings', ...args], { cwd: root, timeout: 20_000 })
  return JSON.parse(stdout) as Report
}

function expectSame({ plain, normalised, compiledPlain, compiled, refusal }: Report): void {
  expect(normalised).toEqual(plain)
  expect(compiled).toEqual(compiledPlain)
  expect(refusal).toBe('reassigned-capture')
}

afterAll(() => rmSync(out, { recursive: true, force: true }))

describe('kernels mean the same under', () => {
  it('vitest', () => expectSame(report()))

  it('vitest with a mocked module', async () => {
    vi.resetModules()
    vi.doMock('./fixtures/lib.ts', async (original) => ({ ...(await original<object>()) }))
    const mocked = await import('./fixtures/program.ts')
    expectSame(mocked.report())
    vi.doUnmock('./fixtures/lib.ts')
  })

  it('tsx', async () => {
    expectSame(await node('--import', 'tsx', join(fixtures, 'main.ts')))
  })

  it('plain Node, after tsc', async () => {
    const dir = join(out, 'tsc')
    await exec(
      process.execPath,
      [
        join(root, 'node_modules/typescript/bin/tsc'),
        ...['--ignoreConfig', '--target', 'es2022', '--module', 'nodenext', '--rewriteRelativeImportExtensions'],
        ...['--lib', 'es2023,esnext.disposable,dom', '--types', 'node', '--skipLibCheck'],
        ...['--rootDir', root, '--outDir', dir, join(fixtures, 'main.ts')],
      ],
      { cwd: root },
    )
    expectSame(await node(join(dir, 'test/capture/fixtures/main.js')))
  })

  it('plain Node, which strips types itself', async (test) => {
    // 'strip' from Node 22.18 on.
    const strips = (process.features as { typescript?: unknown }).typescript
    if (!strips) test.skip(`Node ${process.version} does not run TypeScript`)
    expectSame(await node(join(fixtures, 'main.ts')))
  })

  it.each([
    ['minified', { minify: true }],
    ['minified in one file of CommonJS', { minify: true, format: 'cjs' }],
    ['minified for es2015', { minify: true, target: 'es2015' }],
    ['with names kept', { minify: true, keepNames: true }],
    ['not minified, for es2015', { target: 'es2015' }],
  ] as const)('an esbuild bundle, %s', async (what, options) => {
    const outfile = join(out, `${what.replace(/\W+/g, '-')}.${'format' in options ? 'cjs' : 'mjs'}`)
    await build({
      entryPoints: [join(fixtures, 'main.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      ...options,
      outfile,
    })
    expectSame(await node(outfile))
  })

  it('CommonJS modules', async () => {
    const dir = join(out, 'cjs')
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'package.json'), '{ "type": "commonjs" }')
    await build({
      entryPoints: [join(root, 'test/support/evaluate.ts'), join(root, 'src/index.ts')],
      outdir: dir,
      outbase: root,
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      outExtension: { '.js': '.mjs' },
    })
    const places: Record<string, string> = {
      '../../../src/index.ts': './src/index.mjs',
      '../../support/evaluate.ts': './test/support/evaluate.mjs',
    }
    for (const name of ['lib', 'kernels', 'program', 'main']) {
      const { code } = transformSync(readFileSync(join(fixtures, `${name}.ts`), 'utf8'), {
        loader: 'ts',
        format: 'cjs',
      })
      const linked = code.replace(/require\("(.*?)"\)/g, (_all, path: string) => {
        return `require("${places[path] ?? path.replace(/\.ts$/, '.js')}")`
      })
      writeFileSync(join(dir, `${name}.js`), linked)
    }
    expectSame(await node(join(dir, 'main.js')))
  })
})

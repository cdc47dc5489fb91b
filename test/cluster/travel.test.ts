/** Functions travel whatever tool has been at their text, and the whole cluster runs under each way of starting Node. */

import { execFile } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { report } from './fixtures/travel.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url))
// Inside the repository, so that what stays outside a bundle is found in node_modules.
const out = join(root, 'node_modules/.cache/tsumba-travel', `${process.pid}`)
const url = (path: string) => pathToFileURL(join(root, path)).href

const exec = promisify(execFile)
type Report = Awaited<ReturnType<typeof report>>

async function node(...args: string[]): Promise<Report> {
  const { stdout, stderr } = await exec(process.execPath, args, { cwd: root, timeout: 60_000 })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Report
}

function expectSame({ plain, travelled }: Report): void {
  expect(plain).toHaveLength(13)
  expect(travelled).toEqual(plain)
}

afterAll(() => rmSync(out, { recursive: true, force: true }))

describe('functions mean the same after their way under', () => {
  it('vitest', async () => expectSame(await report()))

  it('tsx', async () => expectSame(await node('--import', 'tsx', join(fixtures, 'travel-main.ts'))))

  it('plain Node, which strips types itself', async (test) => {
    // 'strip' from Node 22.18 on.
    if (!(process.features as { typescript?: unknown }).typescript) {
      test.skip(`Node ${process.version} does not run TypeScript`)
    }
    expectSame(await node(join(fixtures, 'travel-main.ts')))
  })

  it.each([
    ['minified', { minify: true }],
    ['minified in one file of CommonJS', { minify: true, format: 'cjs' }],
    ['with names kept', { minify: true, keepNames: true }],
    ['not minified, for es2017', { target: 'es2017' }],
    ['not minified, for es2015', { target: 'es2015' }],
  ] as const)('an esbuild bundle, %s', async (what, options) => {
    mkdirSync(out, { recursive: true })
    const outfile = join(out, `${what.replace(/\W+/g, '-')}.${'format' in options ? 'cjs' : 'mjs'}`)
    await build({
      entryPoints: [join(fixtures, 'travel-main.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      external: ['esbuild'],
      ...options,
      outfile,
    })
    expectSame(await node(outfile))
  })
})

describe('a LocalCluster runs them under', () => {
  const main = join(fixtures, 'cluster-main.mjs')

  it.each(['threads', 'processes'])('tsx, in %s', async (kind) => {
    const functions = pathToFileURL(join(fixtures, 'functions.ts')).href
    expectSame(await node('--import', 'tsx', main, url('src/cluster/index.ts'), functions, kind))
  })

  it.each(['threads', 'processes'])('plain Node, from the built package, in %s', async (kind) => {
    mkdirSync(out, { recursive: true })
    const functions = join(out, 'functions.mjs')
    await build({
      entryPoints: [join(fixtures, 'functions.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      plugins: [
        {
          // One instance of the package, as where it is installed.
          name: 'package',
          setup: (b) =>
            b.onResolve({ filter: /src\/index\.ts$/ }, () => ({ path: url('dist/node.js'), external: true })),
        },
      ],
      outfile: functions,
    })
    expectSame(await node(main, url('dist/cluster/index.js'), pathToFileURL(functions).href, kind))
  })
})

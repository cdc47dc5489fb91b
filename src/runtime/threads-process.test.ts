/** The pool in processes of its own: bundled and minified, as a user's tools would have it. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pool-'))
const bundles: Record<string, string> = {}

/** What every bundle starts with: a pool with a program that says whether workers helped. */
const source = `
import { busy, INT32, FLOAT64, loop, ON_WORKER, shared, startPool } from './test/house/pool.ts'
import { getNumThreads, poolReason, setNumThreads } from './src/runtime/threads.ts'
import { runAsync } from './src/runtime/threads-async.ts'
const out = shared(1000)
const program = loop(
  \`for (let i = lo; i < hi; i++) {
    \${busy(20)}
    if (fault === 1 && \${ON_WORKER}) process.exit(9)
    out[i] = 1
  }\`,
  { out: INT32, fault: FLOAT64 },
  \`(ms) => { const until = performance.now() + ms; while (performance.now() < until); return ms }\`,
)
const say = (x) => console.log(JSON.stringify(x))
const run = {
  one() {
    const status = program.run(0, 1000, out, 0)
    say({ status, ones: out.view.filter((x) => x === 1).length, threads: getNumThreads(), reason: poolReason() })
  },
  pool() {
    setNumThreads(3)
    startPool()
    run.one()
  },
  death() {
    setNumThreads(2)
    startPool()
    const began = performance.now()
    try {
      for (;;) program.run(0, 1000, out, 1)
    } catch (error) {
      say({ code: error.code, ms: performance.now() - began })
    }
    run.one()
  },
  async call() {
    say(await runAsync(program.id, [300]))
  },
  env() {
    try {
      run.one()
    } catch (error) {
      say({ code: error.code, message: error.message })
    }
  },
  /** The same in a thread of the user's own. */
  async inside() {
    const { Worker } = await import('node:worker_threads')
    const worker = new Worker(process.argv[1], { argv: [process.argv[3]] })
    await new Promise((resolve) => worker.on('exit', resolve))
    say('ended')
  },
}
run[process.argv[2]]()
`

beforeAll(async () => {
  const options: Record<string, BuildOptions> = {
    plain: {},
    minified: { minify: true },
    // Its helper that keeps names has a name of one letter here, which the threads have to cope with.
    named: { minify: true, keepNames: true },
  }
  for (const [name, more] of Object.entries(options)) {
    bundles[name] = join(folder, `${name}.mjs`)
    await build({
      stdin: { contents: source, resolveDir: root, loader: 'ts' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile: bundles[name],
      ...more,
    })
  }
  writeFileSync(join(folder, 'browser.mjs'), `delete globalThis.process; await import('./plain-browser.mjs')`)
  await build({
    stdin: {
      contents: `
        import { getNumThreads, launch, poolReason, setNumThreads } from './src/runtime/threads.ts'
        setNumThreads(4)
        let sum = 0
        const status = launch(0, 0, 0, 1000, 0, (lo, hi) => { for (let i = lo; i < hi; i++) sum += i; return 0 })
        console.log(JSON.stringify({ status, sum, threads: getNumThreads(), reason: poolReason() }))`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    outfile: join(folder, 'plain-browser.mjs'),
  })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

interface Ran {
  said: unknown[]
  errors: string
  code: number | null
  ms: number
}

function node(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const began = performance.now()
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(NODE_|VITEST|TSUMBA_)/.test(k)))
  const child = spawn(process.execPath, args, { env: { ...inherited, ...env }, cwd: root })
  let text = ''
  let errors = ''
  child.stdout.on('data', (part) => (text += part))
  child.stderr.on('data', (part) => (errors += part))
  const limit = setTimeout(() => child.kill('SIGKILL'), 10_000)
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(limit)
      const said = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
      resolve({ said, errors, code, ms: performance.now() - began })
    }),
  )
}

const done = { status: 0, ones: 1000 }

describe('in a process', () => {
  it.each(['plain', 'minified', 'named'])('bundled %s, it works and does not hold the process up', async (bundle) => {
    const { said, code, errors } = await node([bundles[bundle]!, 'pool'])
    expect(errors).toBe('')
    expect(said).toEqual([{ ...done, threads: 3 }])
    expect(code).toBe(0)
  })

  it('under a loader and preloads, workers start without them', async () => {
    const { said, code } = await node([bundles['plain']!, 'pool'], { NODE_OPTIONS: '--import tsx' })
    expect(said).toEqual([{ ...done, threads: 3 }])
    expect(code).toBe(0)
  })

  it('a death is an error in time, inside a thread of the user’s too', async () => {
    const main = await node([bundles['plain']!, 'death'])
    const inside = await node([bundles['plain']!, 'inside', 'death'])
    expect(inside.said.pop()).toBe('ended')
    for (const { said, code, errors } of [main, inside]) {
      expect(errors).toBe('')
      expect(said).toEqual([
        { code: 'worker-died', ms: expect.any(Number) },
        { ...done, threads: 2 },
      ])
      expect((said[0] as { ms: number }).ms).toBeLessThan(2000)
      expect(code).toBe(0)
    }
  })

  it('inside a thread of the user’s, it works and ends with it', async () => {
    const { said, errors } = await node([bundles['plain']!, 'inside', 'pool'])
    expect(errors).toBe('')
    expect(said).toEqual([{ ...done, threads: 3 }, 'ended'])
  })

  it('a call under way keeps the process alive', async () => {
    const { said, code } = await node([bundles['plain']!, 'call'])
    expect(said).toEqual([{ status: 0, result: 300 }])
    expect(code).toBe(0)
  })

  it('TSUMBA_NUM_THREADS says how many', async () => {
    expect((await node([bundles['plain']!, 'env'], { TSUMBA_NUM_THREADS: '1' })).said).toEqual([
      { ...done, threads: 1, reason: expect.stringMatching(/one/) },
    ])
    expect((await node([bundles['plain']!, 'env'], { TSUMBA_NUM_THREADS: '7' })).said).toEqual([
      { ...done, threads: 7 },
    ])
    expect((await node([bundles['plain']!, 'env'], { TSUMBA_NUM_THREADS: 'many' })).said).toEqual([
      { code: 'num-threads', message: expect.stringMatching(/TSUMBA_NUM_THREADS is "many".*Remedy/s) },
    ])
  })
})

describe('where threads are not to be had', () => {
  it('by permission, one does the work, and the reason is given', async () => {
    const permission = Number(process.versions.node.split('.')[0]) >= 23 ? '--permission' : '--experimental-permission'
    const flags = [permission, '--allow-fs-read=*']
    const { said } = await node([...flags, bundles['plain']!, 'one'], { TSUMBA_NUM_THREADS: '2' })
    expect(said).toEqual([{ ...done, threads: 1, reason: expect.stringMatching(/do not start: Access/) }])
  })

  it('as in a page, the module loads and one does the work', async () => {
    const { said, errors } = await node([join(folder, 'browser.mjs')])
    expect(errors).toBe('')
    expect(said).toEqual([{ status: 0, sum: 499_500, threads: 1, reason: expect.stringMatching(/Node only/) }])
  })
})

/** The process speaks with a stand-in for the Python script, which Node runs: what it is told, and what it says. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Case } from '../programs/program.ts'
import { NumbaProcess } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'numba-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const x = Float64Array.of(1, 4, 9)
const plain = Float64Array.of(1, 2, 3)
const program: Case = {
  program: 'roots',
  about: '',
  n: 3,
  plain: () => plain,
  withPrange: () => plain,
  inputs: () => [x, 3],
  bytes: 48,
  allowed: () => 1e-12,
}
/** As for plain, but the second element one unit in the last place away. */
const near = Float64Array.of(1, 2 + 2 * Number.EPSILON, 3)

let running: NumbaProcess | undefined
afterEach(() => running?.close())

/** A script that keeps what it is told and answers with `reply`, code that has `job`, `say` and `answer(name, array)`. */
function process(reply: string): { started: NumbaProcess; told: () => { job: Record<string, unknown>; env: string } } {
  const script = join(folder, 'script.mjs')
  const told = join(folder, 'told.json')
  writeFileSync(
    script,
    `import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
const say = (message) => console.log(JSON.stringify(message))
for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line)
  const data = [...new Float64Array(new Uint8Array(readFileSync(job.arguments[0].file)).buffer)]
  writeFileSync(${JSON.stringify(told)}, JSON.stringify({ job: { ...job, data }, env: process.env.NUMBA_NUM_THREADS }))
  const answer = (variant, values, samples = [3, 1, 2]) => {
    const file = job.answers + '/' + variant
    writeFileSync(file, values)
    say({ variant, firstCallMs: 50, samples, answer: file, dtype: values instanceof Float32Array ? 'float32' : 'float64' })
  }
  ${reply}
}`,
  )
  running = new NumbaProcess(globalThis.process.execPath, 3, script)
  return { started: running, told: () => JSON.parse(readFileSync(told, 'utf8')) }
}

const measure = (started: NumbaProcess, of = program, progress: (what: string) => void = () => {}) =>
  started.measure(
    of,
    of.inputs(() => x) as readonly (Float64Array | number)[],
    plain,
    { seconds: 1.5, minRounds: 2 },
    progress,
  )

const allRight = `
  say({ step: 'numba, first call' })
  for (const name of ['numba', 'numba-fastmath', 'numba-parallel']) answer(name, Float64Array.of(1, 2, 3))
  say({ done: true, threadingLayer: 'omp' })`

describe('NumbaProcess', () => {
  it('hands over program, data, budget and threads, and takes medians', async () => {
    const { started, told } = process(allRight)
    const steps: string[] = []
    const rows = await measure(started, program, (what) => steps.push(what))
    const { job, env } = told()
    expect(job).toMatchObject({ program: 'roots', data: [1, 4, 9], seconds: 1.5, minRounds: 2 })
    expect((job['arguments'] as unknown[])[1]).toBe(3)
    expect(env).toBe('3')
    expect(steps).toEqual(['numba, first call'])
    expect(rows.map(({ variant }) => [variant.name, variant.parallel])).toEqual([
      ['numba', false],
      ['numba-fastmath', false],
      ['numba-parallel', true],
    ])
    for (const row of rows) expect(row).toMatchObject({ medianMs: 2, firstCallMs: 50, rounds: 3, ulps: 0, ok: true })
  })

  it('does one job after another in one process', async () => {
    const { started } = process(allRight)
    await measure(started)
    expect((await measure(started)).every((row) => row.ok)).toBe(true)
  })

  it('checks answers bit for bit, except where rounding may differ', async () => {
    const nearly = `
      const near = Float64Array.of(1, ${near[1]}, 3)
      for (const name of ['numba', 'numba-fastmath', 'numba-parallel']) answer(name, near)
      say({ done: true, threadingLayer: null })`
    const { started } = process(nearly)
    const rows = await measure(started)
    expect(rows.map((row) => row.ok)).toEqual([false, true, false])
    expect(rows[0]!.problem).toBe(`element 1 is ${near[1]}, plain's 2`)
    expect(rows[1]!.ulps).toBe(1)
    // Where another library computes the logarithms, all three may.
    const elsewhere = await measure(started, { ...program, mathError: () => 1e-15 })
    expect(elsewhere.map((row) => row.ok)).toEqual([true, true, true])
  })

  it('refuses answers of another type', async () => {
    const { started } = process(`answer('numba', Float32Array.of(1, 2, 3)); say({ done: true })`)
    const [row] = await measure(started)
    expect(row!.problem).toBe("the answer is a Float32Array of 3, plain's a Float64Array of 3")
  })

  it('gives the reason for a variant that fails, and for one that is not spoken of', async () => {
    const { started } = process(`say({ variant: 'numba', problem: 'TypingError: no' }); say({ done: true })`)
    const rows = await measure(started)
    expect(rows[0]).toMatchObject({ ok: false, problem: 'Numba: TypingError: no', medianMs: NaN })
    expect(rows[1]!.problem).toBe('Numba: said nothing of this variant')
  })

  it.each([
    ['ends', `console.error('Traceback\\nMemoryError'); process.exit(3)`, /Python ended \(status 3\): MemoryError/],
    ['prints something else', `console.log('hello')`, /Python printed 'hello'/],
  ])('goes on when it %s', async (_, reply, reason) => {
    const { started } = process(reply)
    const rows = await measure(started)
    expect(rows.map((row) => row.ok)).toEqual([false, false, false])
    for (const row of rows) expect(row.problem).toMatch(reason)
    if (reply.includes('exit')) expect((await measure(started))[0]!.problem).toMatch(reason)
  })

  it('says so when it cannot be started', async () => {
    running = new NumbaProcess(join(folder, 'no-python'), 1, 'x.py')
    expect((await measure(running))[0]!.problem).toMatch(/Python cannot be started: .*ENOENT/)
  })

  it('leaves nothing behind', async () => {
    const { started, told } = process(allRight)
    await measure(started)
    const { job } = told()
    expect(existsSync(join(job['answers'] as string, '..'))).toBe(true)
    started.close()
    expect(existsSync(join(job['answers'] as string, '..'))).toBe(false)
  })
})

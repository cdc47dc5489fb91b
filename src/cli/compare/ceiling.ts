/**
 * What this machine lets several threads gain at most on a job: as many independent processes as threads run the
 * serially compiled job at once, and their common throughput is set against one process alone. Shared caches, memory
 * and turbo clocks keep it below the number of threads.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { median } from '../../statistics.ts'
import { builtModule } from '../packageFiles.ts'

/** Alone and together take turns so often, so that a passing disturbance meets both. */
const TURNS = 3

/** @returns how many times the throughput of one copy `copies` copies reach; NaN when a copy fails. */
export async function measureCeiling(
  program: string,
  caseIndex: number,
  size: 'full' | 'quick',
  copies: number,
  seconds: number,
): Promise<number> {
  const job = fileURLToPath(builtModule('compare/job.js'))
  const children = Array.from({ length: copies }, () => fork(job, [program, String(caseIndex), size]))
  try {
    await Promise.all(children.map(nextMessage))
    const alone: number[] = []
    const together: number[] = []
    const run = (child: ChildProcess) => {
      child.send({ seconds: seconds / TURNS / 2 })
      return nextMessage(child)
    }
    for (let turn = 0; turn < TURNS; turn++) {
      alone.push(await run(children[0]!))
      together.push(...(await Promise.all(children.map(run))))
    }
    return (copies * median(alone)) / median(together)
  } catch {
    return NaN
  } finally {
    for (const child of children) child.kill()
  }
}

async function nextMessage(child: ChildProcess): Promise<number> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('the process ended')
  })
  try {
    const [value] = await Promise.race([once(child, 'message', { signal: ended.signal }), exit])
    return value as number
  } finally {
    ended.abort()
    exit.catch(() => {})
  }
}

/** What is left after the end: nothing. */

import { describe, expect, it } from 'vitest'
import { eventually, isAlive, leftovers, type Subject, sleep } from './subject.ts'

const square = (x: number) => x * x

/** What keeps this process running and is not of the test runner: sockets, pipes, processes, threads. */
const handles = () =>
  process.getActiveResourcesInfo().filter((kind) => /TCP|Process|MessagePort|Worker|Timeout|Pipe/.test(kind)).length

export function ends(subject: Subject): void {
  describe(`${subject.name}: the end`, () => {
    it('leaves no process, socket or file', async (ctx) => {
      const missing = await subject.missing()
      if (missing !== undefined) ctx.skip(missing)
      const files = leftovers()
      const before = handles()
      const cluster = await subject.start({ workers: 2, threads: 1 })
      const client = await cluster.connect()
      const parts = await client.scatter([new Float64Array(300_000), new Float64Array(300_000)])
      const futures = client.map((x: Float64Array) => x.map((v) => v + 1), parts)
      expect((await client.gather(futures)).map((x) => x[5])).toEqual([1, 1])
      const pids = (await client.schedulerInfo()).workers.map(({ pid }) => pid).filter((pid) => pid !== process.pid)
      const open = client.submit((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)), 60_000)
      await sleep(50)
      await client.close()
      expect(open.status).toBe('cancelled')
      expect(() => client.submit(square, 1)).toThrow(/closed/)
      await cluster.close()
      expect(await eventually(() => pids.every((pid) => !isAlive(pid)))).toBe(true)
      expect(leftovers()).toEqual(files)
      expect(await eventually(() => handles() <= before)).toBe(true)
    }, 120_000)
  })
}

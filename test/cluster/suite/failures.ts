/** What goes wrong, in the user's words, and in bounded time. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CancelledError, KilledWorker, wait } from '../../../src/cluster/index.ts'
import { Bench, eventually, type Subject, sleep } from './subject.ts'

const square = (x: number) => x * x

export function failures(subject: Subject): void {
  describe(`${subject.name}: failures`, () => {
    const bench = new Bench(subject, { workers: 2, threads: 1 })
    const folder = mkdtempSync(join(tmpdir(), 'tsumba-suite-'))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    it("gives a task's error with its name, text, stack and worker", async (ctx) => {
      const client = await bench.client(ctx)
      function explode(x: number): number {
        throw new RangeError(`no ${x}`)
      }
      const error = await client.submit(explode, 5).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(RangeError)
      const addresses = (await client.schedulerInfo()).workers.map(({ address }) => address)
      expect(error).toMatchObject({ name: 'RangeError', message: 'no 5', key: expect.stringMatching(/^explode-/) })
      expect((error as Error).stack).toContain('explode')
      expect(addresses).toContain((error as { worker: string }).worker)
    })

    it('keeps the names of classes of the user, causes, and what is no error', async (ctx) => {
      const client = await bench.client(ctx)
      const custom = () => {
        class HeatError extends Error {
          override name = 'HeatError'
        }
        throw new HeatError('too hot', { cause: new TypeError('below') })
      }
      const error = (await client.submit(custom).exception())!
      expect([error.name, error.message]).toEqual(['HeatError', 'too hot'])
      expect(error.cause).toMatchObject({ name: 'TypeError', message: 'below' })
      const text = () => {
        throw 'just a text'
      }
      expect((await client.submit(text).exception())!.message).toContain('just a text')
      expect((await client.submit(() => Promise.reject(new Error('later'))).exception())!.message).toBe('later')
    })

    it('hands a failure on to what depends on it, and skips it when told', async (ctx) => {
      const client = await bench.client(ctx)
      const fail = (x: number): number => {
        if (x === 2) throw new Error('two')
        return x
      }
      const futures = client.map(fail, [1, 2, 3])
      const after = client.map(square, futures)
      await expect(client.gather(after)).rejects.toThrow('two')
      expect(await client.gather(after, { errors: 'skip' })).toEqual([1, 9])
      expect(after[1]!.status).toBe('error')
    })

    it('tries again as often as told', async (ctx) => {
      const client = await bench.client(ctx)
      const flaky = async (file: string, good: number) => {
        const fs = await import('node:fs')
        fs.appendFileSync(file, 'x')
        if (fs.readFileSync(file).length < good) throw new Error('not yet')
        return fs.readFileSync(file).length
      }
      expect(await client.with({ retries: 3 }).submit(flaky, join(folder, 'a'), 3)).toBe(3)
      const once = client.with({ retries: 1 }).submit(flaky, join(folder, 'b'), 3)
      await expect(once.result()).rejects.toThrow('not yet')
      expect(readFileSync(join(folder, 'b'))).toHaveLength(2)
      appendFileSync(join(folder, 'b'), 'x')
      await once.retry()
      expect(await once).toBe(4)
    })

    it('says what cannot travel, where it is written', async (ctx) => {
      const client = await bench.client(ctx)
      const socket = Object.create({ secret: 1 }) as object
      const uses = new WeakMap<object, number>([[socket, 1]])
      expect(() => client.submit(() => uses.get({}))).toThrow(/uses/)
      expect(() => client.submit((x: unknown) => x, { deep: [new WeakRef({})] })).toThrow(/deep.*WeakRef.*Remedy/s)
      expect(() => client.submit((x: unknown) => x, Promise.resolve(1))).toThrow(/promise.*Remedy/s)
      const result = client.submit(() => new WeakMap() as unknown)
      expect((await result.exception())!.message).toMatch(/WeakMap/)
    })

    it('names the task that kills its workers, and goes on', async (ctx) => {
      const client = await bench.client(ctx)
      const others = client.map(square, [1, 2, 3, 4])
      const poison = () => process.exit(3)
      const future = client.with({ key: `poison-${Date.now()}` }).submit(poison)
      const error = await future.exception({ timeout: 60 })
      expect(error).toBeInstanceOf(KilledWorker)
      expect(error!.message).toContain(future.key)
      expect(await client.gather(others)).toEqual([1, 4, 9, 16])
      expect(await client.submit(square, 9).result({ timeout: 60 })).toBe(81)
    }, 120_000)

    it('cancels what waits, and what waits for it', async (ctx) => {
      const client = await bench.client(ctx)
      const slow = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms))
      const blockers = client.map(slow, [1500, 1500])
      const waiting = client.submit(slow, 1)
      const after = client.submit(square, waiting)
      await sleep(100)
      await waiting.cancel({ reason: 'changed my mind' })
      await expect(waiting.result()).rejects.toThrow(CancelledError)
      await expect(waiting.result()).rejects.toThrow(/changed my mind/)
      const outcome = await after.result({ timeout: 20 }).catch((thrown: Error) => thrown.name)
      expect(outcome).toBe('CancelledError')
      await client.cancel(blockers)
      expect(await client.submit(square, 3).result({ timeout: 20 })).toBe(9)
    }, 60_000)

    it('leaves nothing behind for a future that is cancelled', async (ctx) => {
      const client = await bench.client(ctx)
      const future = client.submit((n: number) => new Float64Array(n), 1000)
      await wait(future)
      await future.cancel()
      expect(await eventually(async () => ((await client.whoHas()).get(future.key) ?? []).length === 0)).toBe(true)
    })
  })
}

/** Order, and what workers and schedulers are told. */

import { describe, expect, it } from 'vitest'
import type { Capability } from '../../../src/cluster/backend.ts'
import { asCompleted, Event, Lock, Queue, Semaphore, TimeoutError, Variable, wait } from '../../../src/cluster/index.ts'
import { Bench, type Subject, sleep } from './subject.ts'

const square = (x: number) => x * x

export function control(subject: Subject): void {
  describe(`${subject.name}: control`, () => {
    const bench = new Bench(subject, { workers: 1, threads: 1 })

    it('has what is tested, and says so of the rest', async (ctx) => {
      const { capabilities } = (await bench.client(ctx)).backend
      const all = [
        'resources',
        'actors',
        'coordination',
        'several-machines',
        'retire-workers',
        'restart',
        'python',
        'processes',
      ]
      const missing = all.filter((one) => !capabilities.has(one as Capability))
      expect(Object.keys(subject.without).sort()).toEqual(missing.sort())
    })

    it('runs urgent tasks first', async (ctx) => {
      const client = await bench.client(ctx)
      const slow = (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms))
      const blocker = client.submit(slow, 300)
      await sleep(100)
      const order: number[] = []
      const late = client.with({ priority: -10 }).submit(square, 1)
      const middle = client.submit(square, 2)
      const early = client.with({ priority: 10 }).submit(square, 3)
      for await (const future of asCompleted([late, middle, early])) order.push(await future)
      expect(order).toEqual([9, 4, 1])
      expect(await blocker).toBe(300)
    })

    it('has or refuses resources', async (ctx) => {
      const client = await bench.client(ctx)
      if (subject.without.resources !== undefined) {
        expect(() => client.with({ resources: { GPU: 1 } })).toThrow(/resources: not to be had/)
      } else expect(await client.with({ resources: { GPU: 1 } }).submit(square, 3)).toBe(9)
    })

    it('has locks, semaphores, events, queues and variables', async (ctx) => {
      const [client, other] = [await bench.client(ctx, 'coordination'), await bench.client(ctx, 'coordination')]
      const name = (kind: string) => `${kind}-${process.pid}-${Date.now()}`
      const lockName = name('lock')
      const [lock, same] = [new Lock(client, lockName), new Lock(other, lockName)]
      expect(await lock.acquire()).toBe(true)
      expect(await same.acquire({ timeout: 0.2 })).toBe(false)
      await lock.release()
      expect(await same.with(() => 'held')).toBe('held')
      const semaphore = new Semaphore(client, name('semaphore'), 2)
      expect(await semaphore.acquire()).toBe(true)
      expect(await semaphore.acquire()).toBe(true)
      expect(await semaphore.acquire({ timeout: 0.2 })).toBe(false)
      await semaphore[Symbol.asyncDispose]()
      const event = new Event(client, name('event'))
      expect(await event.wait({ timeout: 0.1 })).toBe(false)
      await event.set()
      expect(await new Event(other, event.name).wait({ timeout: 5 })).toBe(true)
      const queue = new Queue<{ x: number }>(client, name('queue'))
      await queue.put({ x: 1 })
      await queue.put({ x: -0 })
      expect(await queue.size()).toBe(2)
      const taken = new Queue<{ x: number }>(other, queue.name)
      expect(await taken.get({ timeout: 5 })).toEqual({ x: 1 })
      expect(await taken.get({ timeout: 5 })).toEqual({ x: -0 })
      await expect(taken.get({ timeout: 0.2 })).rejects.toThrow(TimeoutError)
      const variable = new Variable<number[]>(client, name('variable'))
      await variable.set([1, 2])
      expect(await new Variable(other, variable.name).get({ timeout: 5 })).toEqual([1, 2])
      await variable.delete()
    })

    it('starts anew', async (ctx) => {
      const client = await bench.client(ctx, 'restart')
      const future = client.submit(square, 3)
      await wait(future)
      await client.restart({ timeout: 30 })
      expect(future.status).toBe('cancelled')
      await expect(future.result()).rejects.toThrow(/restarted/)
      expect(await client.submit(square, 4).result({ timeout: 30 })).toBe(16)
    }, 60_000)
  })
}

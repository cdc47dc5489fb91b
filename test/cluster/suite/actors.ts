/** Objects that live on a worker. */

import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Bench, eventually, leftovers, type Subject } from './subject.ts'

class Counter {
  n: number
  readonly seen: number[] = []
  constructor(n: number) {
    if (n < 0) throw new RangeError(`a count of ${n}`)
    this.n = n
  }
  add(by: number) {
    this.n += by
    return this.n
  }
  async slowly(by: number) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    this.seen.push(by)
    return by
  }
  fail(): never {
    throw new TypeError('no such luck')
  }
  end(code: number): number {
    process.exit(code)
  }
  endSoon() {
    setTimeout(() => process.exit(3), 20)
  }
  place() {
    return process.pid
  }
}

class Rows extends Counter {
  kept: Float64Array | undefined
  keep(row: Float64Array) {
    this.kept = row
    row[0] = 100
    return row.length
  }
  scaled(by: number) {
    return this.kept!.map((x) => x * by)
  }
}

const filesIn = (folder: string): string[] =>
  ['/dev/shm', tmpdir()]
    .map((place) => join(place, folder))
    .flatMap((path) => (existsSync(path) ? readdirSync(path) : []))

export function actors(subject: Subject): void {
  describe(`${subject.name}: actors`, () => {
    const { actors: missing } = subject.without
    if (missing !== undefined) {
      // A scheduler and its workers are not started for this.
      it('are called and read', (ctx) => ctx.skip(missing))
      return
    }
    const bench = new Bench(subject, { workers: 2, threads: 1 })

    it('are called and read', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const counter = await client.actor(Counter, 5)
      expect([await counter.add(1), await counter.add(2), await counter.n]).toEqual([6, 8, 8])
      const rows = await client.actor(Rows, 1)
      expect(await rows.add(1)).toBe(2)
      expect(() => client.submit((c: unknown) => c, counter)).toThrow(/is an actor/)
      await expect(client.future(counter.actorKey).result()).rejects.toThrow(/is an actor/)
    })

    it('do one thing after the other, in the order of the calls', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const counter = await client.actor(Counter, 0)
      const late = client.submit((ms: number) => new Promise<number>((r) => setTimeout(() => r(7), ms)), 200)
      const answers = [counter.slowly(1), counter.slowly(late), counter.slowly(3), counter.seen]
      expect(await Promise.all(answers)).toEqual([1, 7, 3, [1, 7, 3]])
    })

    it('are on the worker that has fewest, or where they are told', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const { workers } = await client.schedulerInfo()
      const whereIs = async (actor: { actorKey: string }) =>
        (await client.whoHas(client.future(actor.actorKey))).get(actor.actorKey)
      const [a, b] = await Promise.all([client.actor(Counter, 1), client.actor(Counter, 2)])
      const told = await client.with({ workers: [workers[1]!.address] }).actor(Counter, 3)
      expect(await whereIs(told)).toEqual([workers[1]!.address])
      const places = await Promise.all([whereIs(a), whereIs(b)])
      expect(places.flat().sort()).toEqual(workers.map(({ address }) => address).sort())
      expect(await told.place()).toBe(workers[1]!.pid)
    })

    it('get futures as values, and arrays of their own', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const [row] = await client.scatter([Float64Array.from({ length: 50_000 }, (_, i) => i)])
      const rows = await client.actor(
        Rows,
        client.submit((x: number) => x + 1, 1),
      )
      expect(await rows.n).toBe(2)
      expect(await rows.keep(row!)).toBe(50_000)
      expect((await row!)[0]).toBe(0)
      row!.release()
      await client.scatter([new Float64Array(50_000).fill(-1)])
      const scaled = await rows.scaled(2)
      expect([scaled.length, scaled[0], scaled[49_999]]).toEqual([50_000, 200, 99_998])
      const mine = new Float64Array(50_000).fill(3)
      const late = client.submit((x: number) => new Promise<number>((r) => setTimeout(() => r(x), 100)), 2)
      const answers = [rows.slowly(late), rows.keep(mine)]
      mine.fill(4)
      await Promise.all(answers)
      expect((await rows.scaled(1)).slice(0, 3)).toEqual(Float64Array.of(100, 3, 3))
      const failed = client.submit((): number => {
        throw new RangeError('not today')
      })
      await expect(rows.add(failed)).rejects.toThrow('not today')
      expect(await rows.add(1)).toBe(3)
    })

    it('throw what their methods and constructors throw', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const counter = await client.actor(Counter, 1)
      const error = await counter.fail().then(
        () => undefined,
        (thrown: Error) => thrown,
      )
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ message: 'no such luck', stack: expect.stringContaining('Counter.fail') })
      expect(await counter.add(1)).toBe(2)
      await expect(client.actor(Counter, -1)).rejects.toMatchObject({ name: 'RangeError', message: 'a count of -1' })
      const strange = client.with({ workers: ['nobody'] }).actor(Counter, 1)
      if (!subject.name.startsWith('Dask')) await expect(strange).rejects.toMatchObject({ code: 'no-worker' })
    })

    it('are lost with their thread, and the worker goes on', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const [one, other] = [await client.actor(Counter, 1), await client.actor(Counter, 2)]
      const answers = await Promise.allSettled([one.slowly(1), one.end(4), one.add(1)])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
      for (const answer of answers.slice(1)) {
        expect(answer).toMatchObject({
          reason: { code: 'actor-lost', message: expect.stringContaining('exit code 4') },
        })
      }
      await expect(one.add(1)).rejects.toMatchObject({ code: 'actor-lost' })
      await other.endSoon()
      await sleep(300)
      await expect(other.n).rejects.toMatchObject({
        code: 'actor-lost',
        message: expect.stringContaining('exit code 3'),
      })
      expect(await client.submit((x: number) => x + 1, 1)).toBe(2)
    })

    it('are lost with their worker', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      if (subject.without.processes !== undefined) ctx.skip(subject.without.processes)
      const counter = await client.actor(Counter, 1)
      const pid = await counter.place()
      const open = counter.slowly(1)
      process.kill(pid, 'SIGKILL')
      await expect(open).rejects.toMatchObject({ code: 'actor-lost', message: expect.stringContaining('SIGKILL') })
      await expect(counter.add(1)).rejects.toMatchObject({ code: 'actor-lost' })
      const again = await client.actor(Counter, 1)
      expect(await again.add(1)).toBe(2)
    })

    it('leave nothing of what they were given and what they gave', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const files = () => leftovers().flatMap((name) => filesIn(name)).length
      const rows = await client.actor(Rows, 1)
      const before = files()
      for (let k = 1; k <= 20; k++) {
        expect(await rows.keep(new Float64Array(50_000).fill(k))).toBe(50_000)
        expect((await rows.scaled(2))[1]).toBe(2 * k)
      }
      expect(await eventually(() => files() <= before)).toBe(true)
    })

    it('go when the cluster starts anew', async (ctx) => {
      const client = await bench.client(ctx, 'actors', 'restart')
      const counter = await client.actor(Counter, 1)
      const open = counter.slowly(1)
      const heard = expect(open).rejects.toMatchObject({ message: expect.stringContaining('restarted') })
      await client.restart({ timeout: 30 })
      await heard
      await expect(counter.add(1)).rejects.toMatchObject({ code: 'cancelled' })
      expect(await (await client.actor(Counter, 1)).add(1)).toBe(2)
    }, 60_000)

    it('go when they are released, and with their client', async (ctx) => {
      const client = await bench.client(ctx, 'actors')
      const threads = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length
      const before = threads()
      const counter = await client.actor(Counter, 1)
      const other = await client.actor(Counter, 2)
      if (subject.name.startsWith('threads')) expect(threads()).toBeGreaterThan(before)
      const open = counter.slowly(1)
      counter[Symbol.dispose]()
      await expect(open).rejects.toMatchObject({ code: 'actor-lost', message: expect.stringContaining('released') })
      await expect(counter.add(1)).rejects.toMatchObject({ code: 'actor-lost' })
      const last = other.slowly(1)
      await client.close()
      await expect(last).rejects.toMatchObject({ code: 'actor-lost' })
      expect(await eventually(() => threads() <= before)).toBe(true)
    })
  })
}

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeBackend, type FakeOptions } from '../../../test/cluster/support/fake.ts'
import { asCompleted } from './asCompleted.ts'
import { Client } from './client.ts'
import { TimeoutError } from './errors.ts'
import { Future } from './future.ts'
import { barOf, type Progress, progress } from './progress.ts'
import { wait } from './wait.ts'

const clients: Client[] = []
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())))

function start(options: FakeOptions = {}) {
  const backend = new FakeBackend(options)
  const client = Client.over(backend)
  clients.push(client)
  return { backend, client }
}

const square = (x: number) => x * x
const fails = (x: number) => {
  throw new Error(`not ${x}`)
}
const memory = (future: Future<unknown>) => ({ type: 'memory', key: future.key, typename: 'number' }) as const

describe('asCompleted', () => {
  it('yields futures, not values, in the order in which they end', async () => {
    const { client, backend } = start({ paused: true })
    const futures = client.map(square, [1, 2, 3])
    const seen: unknown[] = []
    setTimeout(() => backend.emit(memory(futures[2]!), memory(futures[0]!)), 5)
    setTimeout(() => backend.emit(memory(futures[1]!)), 15)
    for await (const future of asCompleted(futures)) seen.push(future)
    expect(seen).toEqual([futures[2], futures[0], futures[1]])
    expect(seen[0]).toBeInstanceOf(Future)
    expect(backend.keysOf('gather')).toEqual([])
  })

  it('takes more futures while it runs', async () => {
    const { client } = start()
    const all = asCompleted(client.map(square, [2, 3]))
    const values: number[] = []
    for await (const future of all) {
      values.push(await future)
      if (values.length === 2) {
        all.add(client.submit(square, 4))
        all.add(future)
        expect(all.count).toBe(2)
      }
    }
    expect(values.sort((a, b) => a - b).filter((v) => v !== 4 && v !== 9)).toEqual([16])
    expect(values).toHaveLength(4)
    expect(all.isEmpty).toBe(true)
  })

  it('yields failed and cancelled ones too', async () => {
    const { client } = start()
    const futures = [client.submit(fails, 1), client.submit(square, 2)]
    const cancelled = client.submit(square, 3)
    await cancelled.cancel()
    const statuses: string[] = []
    for await (const future of asCompleted([...futures, cancelled])) statuses.push(future.status)
    expect(statuses.sort()).toEqual(['cancelled', 'error', 'finished'])
  })

  it('brings values when told, and throws at failures', async () => {
    const { client } = start()
    const pairs: unknown[] = []
    for await (const [future, value] of asCompleted(client.map(square, [5]), { withResults: true })) {
      expect(value satisfies number).toBe(25)
      pairs.push(future)
    }
    expect(pairs).toHaveLength(1)
    await expect(asCompleted([client.submit(fails, 1)], { withResults: true }).next()).rejects.toThrow('not 1')
  })

  it('gives all that have ended at once as a list', async () => {
    const { client } = start()
    const futures = client.map(square, [1, 2, 3])
    await wait(futures)
    const sizes: number[] = []
    for await (const batch of asCompleted(futures).batches()) sizes.push(batch.length)
    expect(sizes).toEqual([3])
  })

  it('ends at its time-out, and when it is left', async () => {
    const { client } = start({ paused: true })
    const futures = client.map(square, [1, 2])
    await expect(asCompleted(futures, { timeout: 0.01 }).next()).rejects.toThrow(TimeoutError)
    const all = asCompleted(futures)
    const next = all.next()
    all.clear()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  it('is quick with many that have ended', async () => {
    const { client } = start()
    const futures = client.map(square, Array(50_000).keys())
    await wait(futures)
    const begin = performance.now()
    let count = 0
    for await (const future of asCompleted(futures)) count += future.status === 'finished' ? 1 : 0
    expect(count).toBe(50_000)
    expect(performance.now() - begin).toBeLessThan(5_000)
  })
})

describe('wait', () => {
  it('sorts futures when all have ended', async () => {
    const { client } = start()
    const futures = [client.submit(square, 1), client.submit(fails, 1)]
    expect(await wait(futures)).toEqual({ done: futures, notDone: [] })
    expect(await wait([])).toEqual({ done: [], notDone: [] })
  })

  it('ends at the first when told', async () => {
    const { client, backend } = start({ paused: true })
    const futures = client.map(square, [1, 2])
    setTimeout(() => backend.emit(memory(futures[1]!)), 5)
    const { done, notDone } = await wait(futures, { returnWhen: 'FIRST_COMPLETED' })
    expect(done).toEqual([futures[1]])
    expect(notDone).toEqual([futures[0]])
  })

  it('ends at its time-out, saying what is open', async () => {
    const { client } = start({ paused: true })
    const futures = client.map(square, [1, 2, 3])
    await expect(wait(futures, { timeout: 0.01 })).rejects.toThrow(/"square-.*-0" and 2 more took longer/)
  })

  it('takes futures only', async () => {
    await expect(wait([5 as never])).rejects.toThrow(/wait takes futures; it got 5/)
    await expect(wait([], { returnWhen: 'soon' as never })).rejects.toThrow(/returnWhen/)
  })
})

describe('progress', () => {
  it('calls back with counts, at the end with all', async () => {
    const { client } = start()
    const seen: Progress[] = []
    await progress([...client.map(square, [1, 2]), client.submit(fails, 1)], { callback: (p) => seen.push(p) })
    expect(seen[0]).toMatchObject({ done: 0, total: 3, failed: 0 })
    expect(seen.at(-1)).toMatchObject({ done: 3, total: 3, failed: 1 })
  })

  it('draws a bar in a terminal, and nothing elsewhere', async () => {
    const { client } = start()
    const written: string[] = []
    const stream = (isTTY: boolean) =>
      ({ isTTY, columns: 60, write: (text: string) => written.push(text) > 0 }) as never
    await progress(client.map(square, [1, 2]), { stream: stream(false) })
    expect(written).toEqual([])
    await progress(client.map(square, [1, 2]), { stream: stream(true) })
    expect(written.at(-2)).toMatch(/^\r\[#+\] \| 100% \| 2\/2 \| \d+\.\d s$/)
  })

  it('fits the terminal', () => {
    const bar = barOf({ done: 1, total: 4, failed: 1, seconds: 1.25 }, 40)
    expect(bar).toBe('[#      ] | 25% | 1/4, 1 failed | 1.3 s')
    expect(barOf({ done: 0, total: 0, failed: 0, seconds: 0 }, 80)).toContain('100%')
  })
})

describe('futures that nobody holds', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void

  const until = async (done: () => boolean) => {
    for (let k = 0; k < 50 && !done(); k++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  it('release their keys', async () => {
    const { client, backend } = start()
    const kept = client.submit(square, 1)
    await (async () => {
      await client.gather(client.map(square, Array(100).keys()))
    })()
    await until(() => backend.keysOf('release').length === 100)
    expect(backend.keysOf('release')).toHaveLength(100)
    expect(backend.keysOf('release')).not.toContain(kept.key)
    kept.release()
  })

  it('are held by who waits for them', async () => {
    const { client, backend } = start({ paused: true })
    const values = Promise.all([client.submit(square, 3).result(), client.gather([client.submit(square, 4)])])
    const waiting = wait(client.map(square, [1]))
    for (let k = 0; k < 5; k++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(backend.keysOf('release')).toEqual([])
    backend.resume()
    expect(await values).toEqual([9, [16]])
    expect((await waiting).done).toHaveLength(1)
  })
})

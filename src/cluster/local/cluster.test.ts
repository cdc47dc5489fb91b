import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { allocate } from '../../index.ts'
import type { Client } from '../client/client.ts'
import { bytesOf, LocalCluster, type LocalClusterOptions } from './cluster.ts'

const open: LocalCluster[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((cluster) => cluster.close()))
})

async function start(options: LocalClusterOptions): Promise<{ cluster: LocalCluster; client: Client }> {
  const cluster = await LocalCluster.start(options)
  open.push(cluster)
  return { cluster, client: await cluster.connect() }
}

/** Files and folders of clusters of this process. */
const leftovers = (): string[] =>
  ['/dev/shm', tmpdir()].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(`tsumba-${process.pid}-`)) : [],
  )

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 10_000) throw new Error(`${what} did not happen within 10 s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const pids = async (client: Client) => (await client.schedulerInfo()).workers.map(({ pid }) => pid)

/** Larger than what goes within a message. */
const MANY = 20_000
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const busy = (ms: number) => {
  const end = Date.now() + ms
  while (Date.now() < end);
  return ms
}

describe.each([
  ['threads', false],
  ['processes', true],
])('a LocalCluster of %s', (_, processes) => {
  it('computes from scattered arrays, and gives back arrays of the user’s own', async () => {
    const { client } = await start({ workers: 2, processes })
    const array = Float64Array.from({ length: MANY }, (_, i) => i)
    const [x] = await client.scatter(array)
    // What was scattered is as it was then.
    array.fill(0)
    const twice = client.submit((a: Float64Array) => a.map((v) => v * 2), x!)
    const sum = client.submit((a: Float64Array, b: Float64Array) => a[5]! + b[5]! + b.length, x!, twice)
    expect(await sum).toBe(15 + MANY)
    const back = await twice
    expect(back).toEqual(Float64Array.from({ length: MANY }, (_, i) => 2 * i))
    expect(back.buffer).toBeInstanceOf(ArrayBuffer)
    back.fill(7)
    expect((await client.gather(twice))[1]).toBe(2)
    // Arguments count as they are when the call is made.
    const argument = new Float64Array(MANY).fill(1)
    const later = client.submit((a: Float64Array) => a[0]! + a[MANY - 1]!, argument)
    await Promise.resolve()
    argument.fill(5)
    expect(await later).toBe(2)
  })

  it('a task that writes into its input writes into a copy', async () => {
    const { client } = await start({ workers: 1, processes })
    const [x] = await client.scatter(new Float64Array(MANY).fill(1))
    const writes = (a: Float64Array) => {
      a.fill(9)
      return a[0]
    }
    expect(await client.submit(writes, x!)).toBe(9)
    expect(await client.submit((a: Float64Array) => a[0], x!)).toBe(1)
  })

  it('runs several tasks of a worker at a time', async () => {
    const { client } = await start({ workers: 1, threadsPerWorker: 3, processes })
    const begun = performance.now()
    await client.gather(client.map((ms: number) => new Promise((r) => setTimeout(r, ms, ms)), [1000, 1000, 1000]))
    expect(performance.now() - begun).toBeLessThan(2900)
  })

  it('cancels what runs: its worker goes on with something else', async () => {
    const { client } = await start({ workers: 1, processes })
    await client.submit(busy, 0)
    const endless = client.submit(() => {
      for (;;);
    })
    await sleep(300)
    await endless.cancel()
    expect(endless.status).toBe('cancelled')
    expect(await client.submit((a: number) => a + 1, 1)).toBe(2)
  })

  it('a task that ends its thread again and again is given up by name; others are not', async () => {
    const { client } = await start({ workers: 2, processes })
    const leave = () => process.exit(3)
    const poison = client.submit(leave)
    const good = client.map(
      (x: number) => x + 1,
      Array.from({ length: 200 }, (_, i) => i),
    )
    expect(await client.gather(good)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    await expect(poison.result()).rejects.toMatchObject({
      name: 'KilledWorker',
      message: expect.stringMatching(/\(leave\) was running when its worker died, 4 times; last: it ended itself/),
    })
  })

  it('tasks behind a slow one go to the worker that has nothing to do', async () => {
    const { client } = await start({ workers: 2, processes })
    await client.gather(client.map(busy, new Array(20).fill(0)))
    const slow = client.submit(busy, 1500)
    const quick = client.map(busy, new Array(100).fill(0))
    await client.gather(quick)
    expect(slow.status).toBe('pending')
    expect(await slow).toBe(1500)
  })

  it('out of memory is a death too', async () => {
    const { client } = await start({
      workers: 1,
      processes,
      memoryLimit: processes ? '250MB' : '64MB',
      allowedFailures: 0,
    })
    const greedy = client.submit(() => {
      const all: unknown[] = []
      for (;;) all.push({ x: [all.length] })
    })
    const error = await greedy.exception()
    expect(error).toMatchObject({ name: 'KilledWorker', message: expect.stringMatching(/heap|more than its limit/) })
  })

  it('calls a function on every worker', async () => {
    const { client } = await start({ workers: 2, processes })
    const found = await client.run((x: number) => [process.pid, x], 5)
    expect([...found.values()].map(([pid, x]) => [pid, x])).toEqual((await pids(client)).map((pid) => [pid, 5]))
    await expect(client.run(() => process.exit())).rejects.toThrow(/died while it ran/)
  })

  it('restarts: tasks are cancelled, workers are new', async () => {
    const { client } = await start({ workers: 2, processes })
    const before = await pids(client)
    const waits = client.submit(busy, 60_000)
    await sleep(100)
    await client.restart()
    expect(waits.status).toBe('cancelled')
    const after = await pids(client)
    if (processes) expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(await client.submit((a: number) => a + 1, 1)).toBe(2)
  })

  it('serves several clients; one’s end is not the other’s', async () => {
    const { cluster, client } = await start({ workers: 1, processes })
    const other = await cluster.connect()
    const x = client.with({ key: 'shared' }).submit((a: number) => a + 1, 1)
    expect(await x).toBe(2)
    const same = other.future<number>('shared')
    expect(await same).toBe(2)
    await client.close()
    expect(await other.gather(same)).toBe(2)
  })

  it('close leaves nothing: no process, no file', async () => {
    const { cluster, client } = await start({ workers: 2, processes })
    const all = await pids(client)
    const [x] = await client.scatter(new Float64Array(MANY))
    const y = client.submit((a: Float64Array) => a.map((v) => v + 1), x!)
    await y
    const running = client.submit(busy, 60_000)
    await sleep(100)
    if (processes) expect(leftovers().length).toBeGreaterThan(0)
    await cluster.close()
    expect(leftovers()).toEqual([])
    if (processes) expect(all.filter(isAlive)).toEqual([])
    expect(running.status).toBe('cancelled')
    await expect(cluster.connect()).rejects.toThrow(/is closed/)
  })
})

describe('processes', () => {
  it('that are killed lose no value, and what they ran runs again', async () => {
    const { client } = await start({ workers: 2, processes: true })
    const made = client.map((k: number) => new Float64Array(MANY).fill(k), [1, 2, 3, 4])
    await client.gather(made)
    const slow = client.map(
      (x: Float64Array, ms: number) => {
        const end = Date.now() + ms
        while (Date.now() < end);
        return x[MANY - 1]
      },
      made,
      [700, 700, 700, 700],
    )
    await sleep(200)
    const before = await pids(client)
    process.kill(before[0]!, 'SIGKILL')
    expect(await client.gather(slow)).toEqual([1, 2, 3, 4])
    expect((await client.gather(made)).map((x) => x[0])).toEqual([1, 2, 3, 4])
    expect((await pids(client))[0]).not.toBe(before[0])
  })

  it('run a graph to its end while they are killed', async () => {
    const { client } = await start({ workers: 2, processes: true, allowedFailures: 1000 })
    const rows = 6
    let layer = Array.from({ length: 40 }, (_, i) => client.submit((x: number) => x, i))
    const expected = Array.from({ length: 40 }, (_, i) => i)
    const step = (a: number, b: number) => {
      const end = Date.now() + 3
      while (Date.now() < end);
      return a + 2 * b
    }
    for (let r = 0; r < rows; r++) {
      layer = layer.map((f, i) => client.submit(step, f, layer[(i + 7) % 40]!))
      const before = expected.slice()
      for (let i = 0; i < 40; i++) expected[i] = before[i]! + 2 * before[(i + 7) % 40]!
    }
    const done = client.gather(layer)
    for (let kills = 0; kills < 3; kills++) {
      await sleep(250)
      const [pid] = (await pids(client)).slice(kills % 2)
      if (pid) process.kill(pid, 'SIGKILL')
    }
    expect(await done).toEqual(expected)
  })

  it('end when their parent is gone', async () => {
    const { client } = await start({ workers: 1, processes: true })
    const program = `
      const { LocalCluster } = await import(${JSON.stringify(new URL('./cluster.ts', import.meta.url).href)})
      const cluster = await LocalCluster.start({ workers: 1, processes: true })
      const client = await cluster.connect()
      await client.scatter(new Float64Array(${MANY}))
      client.submit(() => { for (;;); })
      console.log(JSON.stringify({ pid: (await client.schedulerInfo()).workers[0].pid, self: process.pid }))
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)`
    const { spawnSync } = await import('node:child_process')
    const tsx = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href
    const { stdout } = spawnSync(process.execPath, ['--import', tsx, '--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    const { pid, self } = JSON.parse(stdout.trim()) as { pid: number; self: number }
    await until(() => !isAlive(pid), 'the end of the worker')
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`tsumba-${self}-`))).toEqual([])
    expect(await client.submit((a: number) => a, 1)).toBe(1)
  })

  it('that do not start are an error in bounded time, and leave nothing', async () => {
    const before = process.env['NODE_OPTIONS']
    process.env['NODE_OPTIONS'] = '--there-is-no-such-option'
    try {
      await expect(LocalCluster.start({ workers: 2, processes: true })).rejects.toMatchObject({
        code: 'no-worker',
        message: expect.stringMatching(/does not start: its process ended \(exit code 9\).*Remedy/),
      })
    } finally {
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    }
    expect(leftovers()).toEqual([])
  })

  it('with more memory than their limit are replaced', async () => {
    const { client } = await start({ workers: 1, processes: true, memoryLimit: 300e6, allowedFailures: 0 })
    const before = await pids(client)
    const greedy = client.submit(async () => {
      const all = new Uint8Array(400e6).fill(1)
      await new Promise((resolve) => setTimeout(resolve, 5000))
      return all.length
    })
    expect(await greedy.exception()).toMatchObject({
      message: expect.stringMatching(/it used \d+ MB, more than its limit of 300 MB/),
    })
    expect(await client.submit((a: number) => a, 1)).toBe(1)
    expect(await pids(client)).not.toEqual(before)
  })
})

describe('threads', () => {
  it('read `allocate`d arrays where they are', async () => {
    const { client } = await start({ workers: 1 })
    const array = allocate(Float64Array, MANY).fill(1)
    const [x] = await client.scatter(array)
    array[3] = 4
    // No copy: what is written before the task begins is what it reads.
    expect(await client.submit((a: Float64Array) => a[3], x!)).toBe(4)
  })

  it('that are killed by a task’s own error outside of it', async () => {
    const { client } = await start({ workers: 1, allowedFailures: 1 })
    const loose = client.submit(async () => {
      setTimeout(() => {
        throw new Error('loose')
      }, 1)
      await new Promise((resolve) => setTimeout(resolve, 3000))
    })
    expect(await loose.exception()).toMatchObject({ name: 'KilledWorker', message: expect.stringMatching(/loose/) })
  })
})

describe('options', () => {
  it('are checked', async () => {
    await expect(LocalCluster.start({ workers: 0 })).rejects.toThrow(/`workers` is 0/)
    await expect(LocalCluster.start({ threadsPerWorker: 1.5 })).rejects.toThrow(/`threadsPerWorker` is 1.5/)
    await expect(LocalCluster.start({ memoryLimit: 'much' })).rejects.toThrow(/memory limit is "much"/)
    expect([bytesOf(2e9), bytesOf('2GB'), bytesOf('512 MiB'), bytesOf('1.5g')]).toEqual([
      2e9,
      2e9,
      512 * 2 ** 20,
      1.5e9,
    ])
  })
})

import { afterAll, describe, expect, it } from 'vitest'
import { Pool } from '../../src/cluster/dask/wire/pool.ts'
import { makeCertificates, noOpenssl } from './support/certificates.ts'
import { environment, python, startPythonWorker, startScheduler, VERSIONS, type Version } from './support/python.ts'

const pool = new Pool({})
afterAll(() => pool.close())

describe.each(Object.keys(VERSIONS) as Version[])('Dask %s', (version) => {
  it('runs: scheduler, worker, client', { timeout: 600_000 }, async (ctx) => {
    const found = await environment(version)
    if ('missing' in found) return ctx.skip(found.missing)
    const scheduler = await startScheduler(found.environment)
    try {
      const versions = (await pool.call(scheduler.address, { op: 'versions' })) as Record<
        string,
        Record<string, string>
      >
      expect(versions['packages']!['distributed']).toBe(VERSIONS[version])
      const worker = await startPythonWorker(scheduler, { name: 'w', resources: 'GPU=2' })
      const identity = (await pool.call(scheduler.address, { op: 'identity', n_workers: -1 })) as {
        workers: Record<string, { name: string; resources: unknown }>
      }
      expect(identity.workers[worker.address]).toMatchObject({ name: 'w', resources: { GPU: 2 } })
      expect(await python(scheduler, 'print(client.submit(sum, [1, 2]).result())')).toBe('3')
      await worker.stop()
      expect(() => process.kill(worker.pid, 0)).toThrow(/ESRCH/)
    } finally {
      await scheduler.stop()
    }
    expect(() => process.kill(scheduler.pid, 0)).toThrow(/ESRCH/)
  })

  it('speaks TLS with us', { timeout: 60_000 }, async (ctx) => {
    const found = await environment(version)
    if ('missing' in found) return ctx.skip(found.missing)
    const missing = noOpenssl()
    if (missing) return ctx.skip(missing)
    const { tls, remove } = makeCertificates()
    const scheduler = await startScheduler(found.environment, { tls })
    const secure = new Pool({ tls })
    try {
      expect(await secure.call(scheduler.address, { op: 'identity' })).toMatchObject({ type: 'Scheduler' })
      await expect(
        new Pool({}).call(scheduler.address.replace('tls', 'tcp'), { op: 'identity' }),
      ).rejects.toMatchObject({
        code: 'not-dask',
      })
      const strange = makeCertificates()
      const other = new Pool({ tls: strange.tls })
      await expect(other.call(scheduler.address, { op: 'identity' })).rejects.toMatchObject({ code: 'tls' })
      strange.remove()
      other.close()
    } finally {
      secure.close()
      await scheduler.stop()
      remove()
    }
  })
})

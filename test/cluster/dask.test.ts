import { Client } from '../../src/cluster/index.ts'
import { suite } from './suite/index.ts'
import type { Subject } from './suite/subject.ts'
import { environment, startScheduler, VERSIONS, type Version } from './support/python.ts'
import { startWorker } from './support/worker.ts'

const dask = (version: Version): Subject => ({
  name: `Dask ${VERSIONS[version]}`,
  without: { actors: 'actors on a Dask scheduler are not served yet' },
  async missing() {
    const found = await environment(version)
    return 'missing' in found ? found.missing : undefined
  },
  async start({ workers, threads }) {
    const found = await environment(version)
    if ('missing' in found) throw new Error(found.missing)
    const scheduler = await startScheduler(found.environment, { config: { 'distributed.scheduler.validate': true } })
    const names = Array.from({ length: workers }, (_, k) => `suite-${k}`)
    const started = await Promise.all(
      names.map((name) => startWorker(scheduler.address, { name, nthreads: threads, resources: 'GPU=1', nanny: true })),
    )
    return {
      connect: () => Client.connect(scheduler.address),
      async close() {
        await Promise.all(started.map((worker) => worker.stop()))
        await scheduler.stop()
      },
    }
  },
})

suite(dask('oldest'))
suite(dask('newest'))

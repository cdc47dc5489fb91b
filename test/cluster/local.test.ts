import { LocalCluster } from '../../src/cluster/index.ts'
import { suite } from './suite/index.ts'
import type { Subject } from './suite/subject.ts'

const local = (processes: boolean): Subject => ({
  name: processes ? 'processes of this machine' : 'threads of this process',
  without: {
    resources: 'a cluster on one machine has no resources to count',
    coordination: 'locks and queues live on a scheduler',
    'retire-workers': 'a cluster on one machine keeps its workers',
    'several-machines': 'a cluster on one machine is on one',
    python: 'workers of this machine are all in Node',
    ...(processes ? {} : { processes: 'workers are threads' }),
  },
  missing: async () => undefined,
  start: ({ workers, threads }) => LocalCluster.start({ workers, threadsPerWorker: threads, processes }),
})

suite(local(false))
suite(local(true))

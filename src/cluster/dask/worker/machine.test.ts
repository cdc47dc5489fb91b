import { describe, expect, it } from 'vitest'
import type { Encoded } from '../../travel/encoded.ts'
import { brokenLaws } from './check.ts'
import type { Instruction, Times, WorkerEvent } from './events.ts'
import { type MachineOptions, WorkerMachine } from './machine.ts'
import { stateOf } from './tasks.ts'

const HERE = 'tcp://here:1'
const A = 'tcp://a:1'
const B = 'tcp://b:1'
const TIMES: Times = { start: 1, stop: 2, thread: 3 }

const value = (nbytes = 8): Encoded => ({
  serializer: 'test',
  header: new Uint8Array(0),
  frames: [],
  nbytes,
  typename: 'object',
})

const failure = { name: 'RangeError', message: 'no', stack: undefined }

type Compute = Extract<WorkerEvent, { type: 'compute-task' }>

function compute(key: string, runId: number, options: Partial<Compute> & { holders?: Record<string, string[]> } = {}) {
  const { holders = {}, ...rest } = options
  const whoHas = new Map(Object.entries(holders))
  return {
    type: 'compute-task',
    key,
    runId,
    priority: [0],
    whoHas,
    nbytes: new Map([...whoHas.keys()].map((input) => [input, 8])),
    resources: {},
    spec: { kind: 'work', work: `work of ${key}` },
    ...rest,
  } satisfies WorkerEvent
}

/** Instructions in short: `run x(a,b)`, `fetch a,b from …`, `send task-finished x run 7`. */
function short(instruction: Instruction): string {
  switch (instruction.do) {
    case 'send': {
      const { message } = instruction
      switch (message.op) {
        case 'task-finished':
          return `finished ${message.key} run ${message.runId} ${message.nbytes}B`
        case 'task-erred':
          return `erred ${message.key} run ${message.runId} ${message.failure.code ?? message.failure.name}`
        case 'add-keys':
          return `add ${message.keys}`
        case 'release-worker-data':
          return `released ${message.key}`
        case 'request-refresh-who-has':
          return `who has ${message.keys}`
        case 'steal-response':
          return `steal ${message.key} ${message.state} ${message.stimulus}`
        case 'worker-status-change':
          return `status ${message.status}`
        default:
          return message satisfies never
      }
    }
    case 'run':
      return `run ${instruction.job} ${instruction.key}(${instruction.inputs})`
    case 'fetch':
      return `fetch ${instruction.keys} from ${instruction.worker}`
    case 'retry-later':
      return `retry ${instruction.worker}`
    case 'store':
      return `store ${instruction.key}`
    case 'drop':
      return `drop ${instruction.key}`
    case 'spill':
      return `spill ${instruction.key}`
    case 'close':
      return `close ${instruction.reason}${instruction.restart ? ', restart' : ''}`
    default:
      return instruction satisfies never
  }
}

function start(options: Partial<MachineOptions> = {}) {
  const machine = new WorkerMachine({ address: HERE, nthreads: 1, ...options })
  const on = (...events: WorkerEvent[]): string[] => {
    const instructions = machine.handle(events).map(short)
    expect(brokenLaws(machine)).toEqual([])
    return instructions
  }
  const stateOfKey = (key: string) => {
    const task = machine.tasks.get(key)
    return task ? stateOf(task) : 'forgotten'
  }
  return { machine, on, stateOfKey }
}

const done = (job: number, nbytes = 8): WorkerEvent => ({ type: 'job-done', job, value: value(nbytes), times: TIMES })
const free = (...keys: string[]): WorkerEvent => ({ type: 'free-keys', keys })
const arrived = (worker: string, ...keys: string[]): WorkerEvent => ({
  type: 'data-arrived',
  worker,
  values: new Map(keys.map((key) => [key, value()])),
})
const steal = (key: string): WorkerEvent => ({ type: 'steal-request', key, stimulus: 's1' })

describe('a task', () => {
  it('without inputs runs at once and is answered with its run id', () => {
    const { on, stateOfKey } = start()
    expect(on(compute('x', 7))).toEqual(['run 1 x()'])
    expect(stateOfKey('x')).toBe('executing')
    expect(on(done(1))).toEqual(['store x', 'finished x run 7 8B'])
    expect(stateOfKey('x')).toBe('memory')
  })

  it('waits for all its inputs', () => {
    const { on, stateOfKey } = start()
    expect(on(compute('x', 1, { holders: { a: [A], b: [B] } }))).toEqual([`fetch a from ${A}`, `fetch b from ${B}`])
    expect(stateOfKey('x')).toBe('waiting')
    expect(stateOfKey('a')).toBe('flight')
    expect(on(arrived(A, 'a'))).toEqual(['store a', 'add a'])
    expect(on(arrived(B, 'b'))).toEqual(['store b', 'add b', 'run 1 x(a,b)'])
  })

  it('uses what is held here already', () => {
    const { on } = start()
    on(compute('a', 1), done(1))
    on(done(1))
    expect(on(compute('x', 2, { holders: { a: [HERE] } }))).toEqual(['run 2 x(a)'])
  })

  it('that fails is told with its run id, and forgotten', () => {
    const { on, stateOfKey } = start()
    on(compute('x', 4, { holders: { a: [A] } }))
    on(arrived(A, 'a'))
    expect(on({ type: 'job-failed', job: 1, failure, times: TIMES })).toEqual(['erred x run 4 RangeError'])
    expect(stateOfKey('x')).toBe('forgotten')
    // What it read stays until the scheduler frees it.
    expect(stateOfKey('a')).toBe('memory')
    expect(on(free('a'))).toEqual(['drop a', 'released a'])
  })

  it('that this worker cannot run is refused by name, before anything is fetched', () => {
    const { on, stateOfKey } = start()
    const refused = { kind: 'refused', failure: { ...failure, code: 'python-task' } } as const
    expect(on(compute('x', 3, { spec: refused, holders: { a: [A] } }))).toEqual(['erred x run 3 python-task'])
    expect(stateOfKey('a')).toBe('forgotten')
  })

  it('that is held already is answered without a second run', () => {
    const { on } = start()
    on(compute('x', 1))
    on(done(1, 24))
    expect(on(compute('x', 2))).toEqual(['finished x run 2 24B'])
  })

  it('of higher priority goes first, of equal priority the earlier one', () => {
    const { on } = start()
    on(compute('busy', 0))
    on(
      compute('late', 1, { priority: [0, 2] }),
      compute('first', 2, { priority: [-1, 9] }),
      compute('long', 3, { priority: [0, 1, 5] }),
      compute('short', 4, { priority: [0, 1] }),
      compute('short too', 5, { priority: [0, 1] }),
    )
    const order: string[] = []
    for (let job = 1; job <= 6; job++) order.push(...on(done(job)).filter((text) => text.startsWith('run')))
    expect(order).toEqual(['run 2 first()', 'run 3 short()', 'run 4 short too()', 'run 5 long()', 'run 6 late()'])
  })
})

describe('a task that is taken back', () => {
  it('before it ran is forgotten without a word', () => {
    const { on, machine } = start()
    on(compute('busy', 1))
    on(compute('x', 2, { holders: { a: [A] } }))
    expect(on(free('x'))).toEqual([])
    expect([...machine.tasks.keys()]).toEqual(['busy'])
    // The input arrives for nobody.
    expect(on(arrived(A, 'a'))).toEqual([])
  })

  it('while it runs keeps its thread, and its result is thrown away', () => {
    const { on, machine } = start()
    on(compute('x', 1))
    expect(on(free('x'), compute('y', 2))).toEqual([])
    expect(machine.jobs.size).toBe(1)
    expect(on(done(1))).toEqual(['run 2 y()'])
    expect(on(done(2))).toEqual(['store y', 'finished y run 2 8B'])
  })

  it('and asked for again runs again: the old result may be of another definition', () => {
    const { on, stateOfKey } = start({ nthreads: 2 })
    on(compute('x', 1))
    expect(on(free('x'), compute('x', 2))).toEqual(['run 2 x()'])
    expect(on(done(1, 99))).toEqual([])
    expect(stateOfKey('x')).toBe('executing')
    expect(on(done(2, 16))).toEqual(['store x', 'finished x run 2 16B'])
  })

  it('by a new request for it, without being freed first, is answered for the new one only', () => {
    const { on } = start({ nthreads: 2 })
    on(compute('x', 1))
    expect(on(compute('x', 2))).toEqual(['run 2 x()'])
    expect(on(done(1))).toEqual([])
    expect(on(done(2))).toEqual(['store x', 'finished x run 2 8B'])
  })

  it('by cancel-compute only while it has not started', () => {
    const { on, stateOfKey } = start()
    on(compute('x', 1), compute('y', 2))
    expect(on({ type: 'cancel-compute', key: 'x' }, { type: 'cancel-compute', key: 'y' })).toEqual([])
    expect(stateOfKey('x')).toBe('executing')
    expect(stateOfKey('y')).toBe('forgotten')
  })
})

describe('a steal request', () => {
  it('is confirmed for what has not started, and the task is gone', () => {
    const { on, stateOfKey } = start({ resources: { GPU: 1 } })
    on(compute('busy', 1))
    on(
      compute('ready', 2),
      compute('waiting', 3, { holders: { a: [A] } }),
      compute('gpu', 4, { resources: { GPU: 1 } }),
    )
    expect(on(steal('ready'))).toEqual(['steal ready ready s1'])
    expect(on(steal('waiting'))).toEqual(['steal waiting waiting s1'])
    expect(on(steal('gpu'))).toEqual(['steal gpu constrained s1'])
    for (const key of ['ready', 'waiting', 'gpu', 'a']) expect(stateOfKey(key)).toBe('forgotten')
  })

  it('is rejected for what runs or is done', () => {
    const { on, stateOfKey } = start()
    on(compute('x', 1))
    expect(on(steal('x'))).toEqual(['steal x executing s1'])
    on(done(1))
    expect(on(steal('x'))).toEqual(['steal x memory s1'])
    expect(stateOfKey('x')).toBe('memory')
  })

  it('for what is not computed here is answered with null, never with a word that the scheduler does not know', () => {
    const { on } = start()
    on({ type: 'acquire-replicas', whoHas: new Map([['a', [A]]]), nbytes: new Map([['a', 1]]) })
    expect(on(steal('a'), steal('unheard of'))).toEqual(['steal a null s1', 'steal unheard of null s1'])
  })
})

describe('a value', () => {
  it('that is missing where it was said to be is sought elsewhere, then asked for', () => {
    const { on, stateOfKey } = start()
    on(compute('x', 1, { holders: { a: [A, B] } }))
    expect(on(arrived(A))).toEqual([`fetch a from ${B}`])
    expect(on(arrived(B))).toEqual(['who has a'])
    expect(stateOfKey('a')).toBe('missing')
    expect(on({ type: 'refresh-who-has', whoHas: new Map([['a', []]]) })).toEqual([])
    expect(on({ type: 'tick' })).toEqual(['who has a'])
    expect(on({ type: 'refresh-who-has', whoHas: new Map([['a', [B]]]) })).toEqual([`fetch a from ${B}`])
    expect(on(arrived(B, 'a'))).toEqual(['store a', 'add a', 'run 1 x(a)'])
  })

  it('on a worker that is lost is sought elsewhere; all that it held is', () => {
    const { on } = start()
    on(compute('x', 1, { holders: { a: [A], b: [A, B] } }))
    expect(on({ type: 'peer-lost', worker: A })).toEqual([`retry ${A}`, `fetch b from ${B}`, 'who has a'])
    // Not at once, even if the scheduler still believes in it.
    expect(on({ type: 'refresh-who-has', whoHas: new Map([['a', [A]]]) })).toEqual([])
    expect(on({ type: 'peer-free', worker: A })).toEqual([`fetch a from ${A}`])
  })

  it('on a worker that the scheduler removed is asked for', () => {
    const { on } = start()
    on({ type: 'worker-status-change', status: 'paused' })
    on(compute('x', 1, { holders: { a: [A] } }))
    expect(on({ type: 'remove-worker', worker: A })).toEqual(['who has a'])
  })

  it('on a busy worker is asked for again later', () => {
    const { on } = start()
    on(compute('x', 1, { holders: { a: [A] } }))
    expect(on({ type: 'peer-busy', worker: A })).toEqual([`retry ${A}`, 'who has a'])
    expect(on({ type: 'peer-free', worker: A })).toEqual([`fetch a from ${A}`])
  })

  it('that cannot be read fails the tasks that need it, by name', () => {
    const { on, machine } = start()
    on(compute('x', 5, { holders: { a: [A] } }))
    expect(on({ type: 'peer-unreadable', worker: A, reason: 'compressed' })).toEqual(['erred x run 5 unreadable-value'])
    expect(machine.tasks.size).toBe(0)
  })

  it('that comes after it was freed is thrown away, even when wanted again', () => {
    const { on } = start()
    on(compute('x', 1, { holders: { a: [A] } }))
    expect(on(free('x', 'a'), compute('x', 2, { holders: { a: [A] } }))).toEqual([])
    expect(on(arrived(A, 'a'))).toEqual([`fetch a from ${A}`])
    expect(on(arrived(A, 'a'))).toEqual(['store a', 'add a', 'run 1 x(a)'])
  })

  it('that is freed under a waiting task makes it wait again, and the scheduler is asked', () => {
    const { on, stateOfKey } = start()
    on(compute('busy', 1))
    on({ type: 'scattered', values: new Map([['a', value()]]) })
    on(compute('x', 2, { holders: { a: [HERE] } }))
    expect(stateOfKey('x')).toBe('ready')
    expect(on(free('a'))).toEqual(['drop a', 'released a', 'who has a'])
    expect(stateOfKey('x')).toBe('waiting')
    expect(on(done(1))).toEqual(['store busy', 'finished busy run 1 8B'])
  })

  it('is not asked for when the task that needs it is freed in the same breath', () => {
    const { on } = start()
    on(compute('busy', 1))
    on({ type: 'scattered', values: new Map([['a', value()]]) }, compute('x', 2, { holders: { a: [HERE] } }))
    expect(on(free('a', 'x'))).toEqual(['drop a', 'released a'])
  })

  it('from a client is not announced: the client does that', () => {
    const { on } = start()
    expect(on({ type: 'scattered', values: new Map([['a', value()]]) })).toEqual(['store a'])
  })

  it('that the scheduler believes here and is not, is taken back', () => {
    const { on } = start()
    expect(on(compute('x', 1, { holders: { a: [HERE, A] } }))).toEqual(['released a', `fetch a from ${A}`])
  })
})

describe('replicas', () => {
  const acquire = (key: string, ...workers: string[]): WorkerEvent => ({
    type: 'acquire-replicas',
    whoHas: new Map([[key, workers]]),
    nbytes: new Map([[key, 8]]),
  })

  it('are fetched and announced', () => {
    const { on } = start()
    expect(on(acquire('a', A))).toEqual([`fetch a from ${A}`])
    expect(on(arrived(A, 'a'))).toEqual(['store a', 'add a'])
    expect(on(acquire('a', A))).toEqual(['add a'])
  })

  it('come after the inputs of ordinary tasks', () => {
    const { on } = start({ transfers: { count: 1, countFromBytes: 0, bytes: 1e6, messageBytes: 8 } })
    on({ type: 'worker-status-change', status: 'paused' }, acquire('a', A))
    on(compute('x', 1, { holders: { b: [B] } }))
    expect(on({ type: 'worker-status-change', status: 'running' })).toEqual(['status running', `fetch b from ${B}`])
    expect(on(arrived(B, 'b'))).toEqual(['store b', 'add b', `fetch a from ${A}`, 'run 1 x(b)'])
  })

  it('are dropped when told', () => {
    const { on } = start()
    on(acquire('a', A))
    on(arrived(A, 'a'))
    expect(on({ type: 'remove-replicas', keys: ['a', 'unknown'] })).toEqual(['drop a', 'released a'])
  })

  it('that a task still reads are dropped when it is done', () => {
    const { on } = start()
    on(compute('x', 1, { holders: { a: [A] } }))
    on(arrived(A, 'a'))
    expect(on({ type: 'remove-replicas', keys: ['a'] })).toEqual([])
    expect(on(done(1))).toEqual(['drop a', 'released a', 'store x', 'finished x run 1 8B'])
  })
})

describe('transfers', () => {
  it('of one worker go one after the other, and small values together', () => {
    const { on } = start({ nthreads: 9 })
    on(compute('x', 1, { holders: { a: [A] } }))
    expect(on(compute('y', 2, { holders: { b: [A], c: [A] } }))).toEqual([])
    expect(on(arrived(A, 'a'))).toEqual(['store a', 'add a', `fetch b,c from ${A}`, 'run 1 x(a)'])
  })

  it('stay under the limit of bytes, but for a single value that is larger', () => {
    const { on } = start({ transfers: { count: 10, countFromBytes: 0, bytes: 100, messageBytes: 100 } })
    const big = compute('x', 1, { whoHas: new Map([['a', [A]]]), nbytes: new Map([['a', 1000]]) })
    expect(on(big)).toEqual([`fetch a from ${A}`])
    expect(on(compute('y', 2, { holders: { b: [B] } }))).toEqual([])
    expect(on(arrived(A, 'a'))).toEqual(['store a', 'add a', `fetch b from ${B}`, 'run 1 x(a)'])
  })

  it('do not start while paused', () => {
    const { on } = start()
    expect(on({ type: 'worker-status-change', status: 'paused' })).toEqual(['status paused'])
    expect(on(compute('x', 1, { holders: { a: [A] } }), compute('y', 2))).toEqual([])
    expect(on({ type: 'worker-status-change', status: 'running' })).toEqual([
      'status running',
      `fetch a from ${A}`,
      'run 1 y()',
    ])
  })
})

describe('resources', () => {
  it('are held by a job until it ends', () => {
    const { on } = start({ nthreads: 4, resources: { GPU: 2 } })
    const gpu = (key: string, runId: number, amount: number) => compute(key, runId, { resources: { GPU: amount } })
    expect(on(gpu('a', 1, 1), gpu('b', 2, 2), gpu('c', 3, 1), compute('d', 4))).toEqual([
      'run 1 a()',
      'run 2 c()',
      'run 3 d()',
    ])
    expect(on(done(1))).toEqual(['store a', 'finished a run 1 8B'])
    expect(on(done(2))).toEqual(['store c', 'finished c run 3 8B', 'run 4 b()'])
  })

  it('are held by a stale job too', () => {
    const { on } = start({ nthreads: 4, resources: { GPU: 1 } })
    const gpu = (key: string, runId: number) => compute(key, runId, { resources: { GPU: 1 } })
    on(gpu('a', 1))
    expect(on(free('a'), gpu('b', 2))).toEqual([])
    expect(on(done(1))).toEqual(['run 2 b()'])
  })

  it('that the worker does not have keep a task waiting', () => {
    const { on, stateOfKey } = start()
    expect(on(compute('a', 1, { resources: { GPU: 1 } }))).toEqual([])
    expect(stateOfKey('a')).toBe('constrained')
  })
})

describe('a thread that ends', () => {
  const died = (job: number): WorkerEvent => ({ type: 'job-died', job, reason: 'exit code 3', times: TIMES })

  it('lets its task run again, and the fourth time fails it', () => {
    const { on } = start()
    on(compute('x', 1))
    expect(on(died(1))).toEqual(['run 2 x()'])
    expect(on(died(2))).toEqual(['run 3 x()'])
    expect(on(died(3))).toEqual(['run 4 x()'])
    expect(on(died(4))).toEqual(['erred x run 1 killed-worker'])
  })

  it('after its task was taken back is nothing', () => {
    const { on } = start()
    on(compute('x', 1))
    on(free('x'))
    expect(on(died(1))).toEqual([])
  })
})

describe('memory', () => {
  const LIMIT = 100_000
  const filled = (keys: readonly string[]) => {
    const started = start({ memoryLimit: LIMIT, nthreads: 1 })
    for (const key of keys) started.on({ type: 'scattered', values: new Map([[key, value(25_000)]]) })
    return started
  }

  it('past the target sends the least recently used value to disk', () => {
    const { on, machine } = filled(['a', 'b'])
    expect(on({ type: 'scattered', values: new Map([['c', value(25_000)]]) })).toEqual(['store c', 'spill a'])
    on({ type: 'spilled', key: 'a' })
    expect([machine.residence.memory, machine.residence.disk]).toEqual([50_000, 25_000])
    // A task that reads it brings it back, and something else goes.
    expect(on(compute('x', 1, { holders: { a: [HERE], b: [HERE] } }))).toEqual(['run 1 x(a,b)'])
    expect(on({ type: 'loaded', key: 'a' })).toEqual(['spill c'])
  })

  it('counts what is on its way to disk once', () => {
    const { on } = filled(['a', 'b', 'c'])
    expect(on({ type: 'tick' })).toEqual([])
    expect(on({ type: 'memory', process: 75_000 })).toEqual([])
    expect(on({ type: 'spilled', key: 'a' })).toEqual([])
    expect(on({ type: 'memory', process: 75_000 })).toEqual(['spill b'])
  })

  it('of a full disk is tried again after a tick', () => {
    const { on } = filled(['a', 'b', 'c'])
    expect(on({ type: 'spill-failed', key: 'a' })).toEqual([])
    expect(on({ type: 'tick' })).toEqual(['spill b'])
  })

  it('of a value that is freed on its way to disk is counted off', () => {
    const { on, machine } = filled(['a', 'b', 'c'])
    expect(on(free('a'))).toEqual(['drop a', 'released a'])
    on({ type: 'spilled', key: 'a' })
    expect([machine.residence.memory, machine.residence.disk]).toEqual([50_000, 0])
    expect(on({ type: 'scattered', values: new Map([['d', value(25_000)]]) })).toEqual(['store d', 'spill b'])
  })

  it('past the pause threshold stops new work until it falls again', () => {
    const { on } = start({ memoryLimit: LIMIT })
    expect(on({ type: 'memory', process: 81_000 })).toEqual(['status paused'])
    expect(on(compute('x', 1))).toEqual([])
    expect(on({ type: 'memory', process: 60_000 })).toEqual(['status running', 'run 1 x()'])
  })

  it('does not wake a worker that retires', () => {
    const { on } = start({ memoryLimit: LIMIT })
    on({ type: 'worker-status-change', status: 'closing_gracefully' })
    expect(on({ type: 'memory', process: 10 })).toEqual([])
  })

  it('of an input that cannot be read back is fetched anew', () => {
    const { on } = filled(['a', 'b', 'c'])
    on({ type: 'spilled', key: 'a' })
    on(compute('x', 1, { holders: { a: [HERE, A] } }))
    expect(on({ type: 'job-unfed', job: 1, missing: ['a'] })).toEqual(['drop a', 'released a', `fetch a from ${A}`])
    expect(on(arrived(A, 'a'))).toEqual(['store a', 'add a', 'run 2 x(a)'])
  })
})

describe('closing', () => {
  it('is the last that is heard', () => {
    const { on, machine } = start()
    expect(on({ type: 'close', reason: 'because', restart: true }, compute('x', 1))).toEqual(['close because, restart'])
    expect(on(compute('y', 1), { type: 'tick' })).toEqual([])
    expect(machine.tasks.size).toBe(0)
  })
})

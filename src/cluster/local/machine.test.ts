import { describe, expect, it } from 'vitest'
import type { Key, TaskOptions } from '../task.ts'
import type { TravellingFunction } from '../travel/functions.ts'
import { Heap } from './heap.ts'
import { Machine } from './machine.ts'
import {
  type Instruction,
  type LocalEvent,
  type NewTask,
  newWorker,
  type TaskResult,
  type WorkerState,
} from './state.ts'

const CLIENT = 1
const FN: TravellingFunction = { id: 'f', name: 'f', bytes: new Uint8Array() }

/** A machine whose values are texts, and what it has said so far. */
class Bench {
  readonly workers: WorkerState<string>[]
  readonly machine: Machine<string>
  now = 0
  said: string[] = []

  constructor(workers = 1, { nthreads = 1, allowedFailures = 3 } = {}) {
    this.workers = Array.from({ length: workers }, (_, k) => newWorker<string>(`local://${k}`, `${k}`, nthreads))
    this.machine = new Machine(this.workers, { allowedFailures })
  }

  up(): this {
    for (const worker of this.workers) this.handle({ type: 'worker-up', worker, now: this.now })
    return this
  }

  handle(event: LocalEvent<string>): string[] {
    const said = this.machine.handle(event).map(text)
    this.said.push(...said)
    return said
  }

  task(key: Key, dependencies: readonly Key[] = [], options: TaskOptions = {}, fn = FN): NewTask<string> {
    return { key, fn, args: `args of ${key}`, dependencies, options }
  }

  submit(tasks: readonly NewTask<string>[], wanted: readonly Key[] = tasks.map(({ key }) => key)): string[] {
    return this.handle({ type: 'submit', client: CLIENT, tasks, wanted })
  }

  end(key: Key, result: TaskResult<string> = { status: 'ok', value: `${key}!`, typename: 'string' }): string[] {
    for (const worker of this.workers) {
      const state = [...worker.running].find((s) => s.key === key)
      if (!state) continue
      const outcomes = [{ state, result, seconds: 0.001 }]
      return this.handle({ type: 'outcomes', worker, outcomes, now: this.now })
    }
    throw new Error(`${key} is not running`)
  }
}

function text(i: Instruction<string>): string {
  switch (i.do) {
    case 'run':
      return `run ${i.tasks.map(({ key }) => key).join(' ')} on ${i.worker.name}`
    case 'kill':
      return `kill ${i.task.key} on ${i.worker.name}`
    case 'recall':
      return `recall ${i.worker.name}`
    case 'drop':
      return `drop ${i.value}`
    case 'tell': {
      const { event } = i
      if (event.type === 'memory') return `memory ${event.key}`
      if (event.type === 'erred') return `erred ${event.key}: ${event.failure.message}`
      if (event.type === 'cancelled') return `cancelled ${event.keys}: ${event.reason}`
      return event.type
    }
    default:
      return i satisfies never
  }
}

const error = (message: string): TaskResult<string> => ({
  status: 'error',
  failure: { name: 'Error', message, stack: undefined },
})

describe('the dispatcher', () => {
  it('runs what is ready, and forgets inputs that nobody wants', () => {
    const bench = new Bench().up()
    expect(bench.submit([bench.task('a'), bench.task('b', ['a'])], ['b'])).toEqual(['run a on 0'])
    expect(bench.end('a')).toEqual(['drop args of a', 'run b on 0'])
    expect(bench.end('b')).toEqual(['memory b', 'drop args of b', 'drop a!'])
    expect(bench.handle({ type: 'release', client: CLIENT, keys: ['b'] })).toEqual(['drop b!'])
    expect(bench.machine.tasks.size).toBe(0)
  })

  it('takes larger priorities first, then the order of submission', () => {
    const bench = new Bench()
    bench.submit([bench.task('a'), bench.task('b', [], { priority: 5 }), bench.task('c', [], { priority: 5 })])
    expect(bench.handle({ type: 'worker-up', worker: bench.workers[0]!, now: 0 })).toEqual(['run b on 0'])
    expect(bench.end('b')).toEqual(['memory b', 'drop args of b', 'run c a on 0'])
  })

  it('gives quick tasks in batches, and shares them out', () => {
    const bench = new Bench(2).up()
    bench.submit([bench.task('first')])
    bench.end('first')
    const tasks = Array.from({ length: 12 }, (_, k) => bench.task(`t${k}`))
    expect(bench.submit(tasks)).toEqual(['run t0 t1 t2 t3 t4 t5 on 0', 'run t6 t7 t8 t9 t10 t11 on 1'])
  })

  it('does not run what is known again: who wants it hears', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('a')])
    bench.end('a')
    expect(bench.submit([bench.task('a')])).toEqual(['drop args of a', 'memory a'])
    expect(bench.handle({ type: 'want', client: 2, keys: ['a', 'nobody'] })).toEqual([
      'memory a',
      'cancelled nobody: there is no such key',
    ])
    expect(bench.handle({ type: 'client-gone', client: CLIENT })).toEqual([])
    expect(bench.handle({ type: 'client-gone', client: 2 })).toEqual(['drop a!'])
  })

  it('keeps what was scattered as long as it is wanted or needed', () => {
    const bench = new Bench().up()
    const values = [{ key: 'x', value: 'X', typename: 'string' }]
    expect(bench.handle({ type: 'scatter', client: CLIENT, values })).toEqual(['memory x'])
    expect(bench.submit([bench.task('a', ['x'])])).toEqual(['run a on 0'])
    expect(bench.handle({ type: 'release', client: CLIENT, keys: ['x'] })).toEqual([])
    expect(bench.end('a')).toEqual(['memory a', 'drop args of a', 'drop X'])
  })

  it('fails what depends on what has failed, and runs both again on `retry`', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('a'), bench.task('b', ['a']), bench.task('c', ['b'])], ['a', 'c'])
    expect(bench.end('a', error('no'))).toEqual(['erred a: no', 'erred c: no'])
    expect(bench.handle({ type: 'retry', keys: ['c'] })).toEqual(['run a on 0'])
    bench.end('a')
    bench.end('b')
    expect(bench.end('c')).toEqual(['memory c', 'drop args of c', 'drop b!'])
  })

  it('tries again what throws as often as its retries say', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('a', [], { retries: 1 })])
    expect(bench.end('a', error('once'))).toEqual(['run a on 0'])
    expect(bench.end('a', error('twice'))).toEqual(['erred a: twice'])
  })

  it('says what it cannot do: inputs that are gone, workers that are not there', () => {
    const bench = new Bench().up()
    expect(bench.submit([bench.task('a', ['gone'])])[0]).toMatch(/^erred a: .*its input gone is not there any more/)
    expect(bench.submit([bench.task('b', [], { workers: ['7'] })])[0]).toMatch(/^erred b: .*there is no worker 7/)
  })

  it('keeps tasks to the workers that they name', () => {
    const bench = new Bench(2).up()
    expect(bench.submit([bench.task('a', [], { workers: ['1'] })])).toEqual(['run a on 1'])
    expect(bench.submit([bench.task('b', [], { workers: ['local://1'] })])).toEqual([])
    expect(bench.submit([bench.task('c', [], { workers: ['1'], allowOtherWorkers: true })])).toEqual(['run c on 0'])
    expect(bench.end('a')).toEqual(['memory a', 'drop args of a', 'run b on 1'])
  })

  it('cancels a task with all that need it, and stops it where it runs', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('a'), bench.task('b', ['a'])])
    const cancelled = bench.handle({ type: 'cancel', keys: ['a'], reason: 'enough' })
    expect(cancelled).toEqual(['cancelled b: enough', 'drop args of b', 'kill a on 0', 'cancelled a: enough'])
    expect(bench.machine.tasks.size).toBe(0)
    // The same key again is another task; the first one's end is not its own.
    const first = [...bench.workers[0]!.running][0]!
    expect(bench.submit([bench.task('a')])).toEqual([])
    const outcomes = [{ state: first, result: { status: 'died', reason: 'killed' } as const, seconds: 0 }]
    expect(bench.handle({ type: 'outcomes', worker: bench.workers[0]!, outcomes, now: 0 })).toEqual([
      'drop args of a',
      'run a on 0',
    ])
  })

  it('lets a released task run out with its inputs, and keeps nothing of it', () => {
    const bench = new Bench().up()
    bench.handle({ type: 'scatter', client: CLIENT, values: [{ key: 'x', value: 'X', typename: 'string' }] })
    bench.submit([bench.task('a', ['x'])])
    expect(bench.handle({ type: 'release', client: CLIENT, keys: ['a', 'x'] })).toEqual([])
    const state = [...bench.workers[0]!.running][0]!
    const outcomes = [{ state, result: { status: 'ok', value: 'a!', typename: '' } as const, seconds: 0 }]
    expect(bench.handle({ type: 'outcomes', worker: bench.workers[0]!, outcomes, now: 0 })).toEqual([
      'drop a!',
      'drop args of a',
      'drop X',
    ])
    expect(bench.machine.tasks.size).toBe(0)
  })

  it('chains longer than the stack is deep', () => {
    const bench = new Bench().up()
    const n = 50_000
    const chain = Array.from({ length: n }, (_, k) => bench.task(`t${k}`, k > 0 ? [`t${k - 1}`] : []))
    bench.submit(chain, [`t${n - 1}`])
    expect(bench.end('t0', error('no'))).toEqual([`erred t${n - 1}: no`])
    bench.handle({ type: 'retry', keys: ['t0'] })
    expect(bench.handle({ type: 'release', client: CLIENT, keys: [`t${n - 1}`] })).toHaveLength(n - 1)
    expect(bench.machine.tasks.size).toBe(0)
  })
})

describe('workers that die', () => {
  const die = (bench: Bench, k: number) =>
    bench.handle({ type: 'worker-down', worker: bench.workers[k]!, reason: 'SIGKILL', now: 0 })
  const rise = (bench: Bench, k: number) => bench.handle({ type: 'worker-up', worker: bench.workers[k]!, now: 0 })

  it('lose no values; what they had runs alone from then on', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('first')])
    bench.end('first')
    expect(bench.submit(['a', 'b', 'c'].map((key) => bench.task(key)))).toEqual(['run a b c on 0'])
    bench.end('a')
    expect(die(bench, 0)).toEqual([])
    expect(rise(bench, 0)).toEqual(['run b on 0'])
    bench.submit([bench.task('d')])
    expect(bench.end('b')).toEqual(['memory b', 'drop args of b', 'run c on 0'])
    expect(bench.end('c')).toEqual(['memory c', 'drop args of c', 'run d on 0'])
    expect(bench.machine.tasks.get('a')!.status).toBe('memory')
  })

  it('too often over one task are its failure, with its name; others are not blamed', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('first')])
    bench.end('first')
    bench.submit([bench.task('good'), bench.task('poison'), bench.task('other')])
    for (let deaths = 1; deaths <= 3; deaths++) {
      die(bench, 0)
      rise(bench, 0)
      for (const key of ['good', 'other']) if (bench.machine.tasks.get(key)!.status === 'running') bench.end(key)
    }
    const said = die(bench, 0)
    expect(said).toEqual([
      'erred poison: The task "poison" (f) was running when its worker died, 4 times; last: SIGKILL',
    ])
    rise(bench, 0)
    if (bench.machine.tasks.get('other')!.status === 'running') bench.end('other')
    expect(bench.said.filter((s) => s.startsWith('memory'))).toEqual(['memory first', 'memory good', 'memory other'])
  })

  it('a task that must run alone waits for a worker to be empty, while others go on', () => {
    const bench = new Bench(2).up()
    bench.submit([bench.task('a'), bench.task('b')])
    die(bench, 0)
    // b still runs on the other worker: a waits for it to end, and nobody comes before.
    expect(bench.submit([bench.task('c')])).toEqual([])
    expect(rise(bench, 0)).toEqual(['run a on 0'])
    expect(bench.end('b')).toEqual(['memory b', 'drop args of b', 'run c on 1'])
  })

  it('what was given back is nobody’s fault', () => {
    const bench = new Bench().up()
    bench.submit([bench.task('a')])
    expect(bench.end('a', { status: 'returned' })).toEqual(['run a on 0'])
    expect(bench.machine.tasks.get('a')!.deaths).toBe(0)
  })
})

describe('a worker that is silent', () => {
  it('gives back what it has not begun when others have nothing to do', () => {
    const bench = new Bench(2).up()
    bench.submit([bench.task('first')])
    bench.end('first')
    bench.submit(Array.from({ length: 6 }, (_, k) => bench.task(`t${k}`)))
    expect(bench.machine.needsTicks).toBe(false)
    for (const key of ['t3', 't4', 't5']) bench.end(key)
    expect(bench.machine.needsTicks).toBe(true)
    expect(bench.handle({ type: 'tick', now: 10 })).toEqual([])
    expect(bench.handle({ type: 'tick', now: 100 })).toEqual(['recall 0'])
    expect(bench.handle({ type: 'tick', now: 200 })).toEqual([])
    const outcomes = [...bench.workers[0]!.running]
      .filter(({ key }) => key !== 't0')
      .map((state) => ({ state, result: { status: 'returned' } as const, seconds: 0 }))
    expect(bench.handle({ type: 'outcomes', worker: bench.workers[0]!, outcomes, now: 201 })).toEqual([
      'run t1 t2 on 1',
    ])
  })
})

describe('the heap', () => {
  it('gives things in order', () => {
    const heap = new Heap<number>((a, b) => a < b)
    const numbers = Array.from({ length: 200 }, (_, i) => (i * 7919) % 211)
    for (const n of numbers) heap.push(n)
    const out: number[] = []
    for (let n = heap.pop(); n !== undefined; n = heap.pop()) out.push(n)
    expect(out).toEqual([...numbers].sort((a, b) => a - b))
    expect(heap.pop()).toBeUndefined()
  })
})

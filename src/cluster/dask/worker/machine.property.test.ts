/**
 * Random legal histories: a scheduler, peers, threads and a disk that do what the protocol allows in any order. After
 * every turn the books hold; after the last, once all faults stop, every task that was not taken back has been answered
 * once, with its own run id, and the scheduler's idea of what is held here is what is held.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'
import { brokenLaws } from './check.ts'
import type { Instruction, Times, WorkerEvent, WorkerMessage } from './events.ts'
import { WorkerMachine } from './machine.ts'

const HERE = 'tcp://here:1'
const PEERS = ['tcp://a:1', 'tcp://b:1', 'tcp://c:1']
const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']
const TIMES: Times = { start: 1, stop: 2, thread: 0 }

const sized = (nbytes: number): Encoded => ({
  serializer: 'test',
  header: new Uint8Array(0),
  frames: [],
  nbytes,
  typename: 'object',
})

/** A choice of what happens next: small numbers that the world takes as it needs them. */
interface Step {
  readonly what: number
  readonly a: number
  readonly b: number
  readonly c: number
}

const step = fc.record({ what: fc.nat(20), a: fc.nat(1000), b: fc.nat(1000), c: fc.nat(1000) })

class World {
  readonly machine = new WorkerMachine({
    address: HERE,
    nthreads: 2,
    resources: { GPU: 1 },
    memoryLimit: 100_000,
    transfers: { count: 2, countFromBytes: 0, bytes: 50_000, messageBytes: 30_000 },
  })
  /** Runs that the scheduler waits for; taken back ones are deleted. */
  readonly assigned = new Map<Key, number>()
  readonly answered = new Set<number>()
  /** What the scheduler believes is held here. */
  readonly believed = new Set<Key>()
  readonly stored = new Map<Key, Encoded>()
  readonly jobs = new Map<number, { key: Key; inputs: readonly Key[] }>()
  readonly fetches = new Map<string, readonly Key[]>()
  readonly spilling: { key: Key; value: Encoded }[] = []
  readonly onDisk = new Set<Key>()
  readonly retries: string[] = []
  readonly asked: Key[] = []
  readonly steals = new Map<string, Key>()
  private runId = 0
  private serial = 0

  tell(...events: WorkerEvent[]): void {
    for (const instruction of this.machine.handle(events)) this.carryOut(instruction)
    expect(brokenLaws(this.machine)).toEqual([])
    expect([...this.stored.keys()].sort()).toEqual(
      [...this.machine.tasks.values()]
        .filter(({ held }) => held)
        .map(({ key }) => key)
        .sort(),
    )
    expect(this.jobs.size).toBe(this.machine.jobs.size)
  }

  private carryOut(instruction: Instruction): void {
    switch (instruction.do) {
      case 'store':
        this.stored.set(instruction.key, instruction.value)
        this.onDisk.delete(instruction.key)
        break
      case 'drop':
        expect(this.stored.delete(instruction.key)).toBe(true)
        this.onDisk.delete(instruction.key)
        break
      case 'run':
        for (const input of instruction.inputs) expect(this.stored.has(input)).toBe(true)
        this.jobs.set(instruction.job, { key: instruction.key, inputs: instruction.inputs })
        break
      case 'fetch':
        expect(this.fetches.has(instruction.worker)).toBe(false)
        expect(instruction.keys.length).toBeGreaterThan(0)
        this.fetches.set(instruction.worker, instruction.keys)
        break
      case 'retry-later':
        this.retries.push(instruction.worker)
        break
      case 'spill':
        this.spilling.push({ key: instruction.key, value: this.stored.get(instruction.key)! })
        break
      case 'send':
        this.receive(instruction.message)
        break
      case 'close':
        throw new Error('nobody asked to close')
      default:
        instruction satisfies never
    }
  }

  private receive(message: WorkerMessage): void {
    switch (message.op) {
      case 'task-finished':
        this.answer(message.key, message.runId)
        this.believed.add(message.key)
        break
      case 'task-erred':
        this.answer(message.key, message.runId)
        break
      case 'add-keys':
        for (const key of message.keys) this.believed.add(key)
        break
      case 'release-worker-data':
        this.believed.delete(message.key)
        break
      case 'request-refresh-who-has':
        this.asked.push(...message.keys)
        break
      case 'steal-response': {
        const key = this.steals.get(message.stimulus)!
        const given = message.state === 'ready' || message.state === 'waiting' || message.state === 'constrained'
        if (given) {
          expect(this.assigned.has(key)).toBe(true)
          this.assigned.delete(key)
        }
        break
      }
      case 'worker-status-change':
        break
      default:
        message satisfies never
    }
  }

  private answer(key: Key, runId: number): void {
    expect(this.assigned.get(key)).toBe(runId)
    expect(this.answered.has(runId)).toBe(false)
    this.answered.add(runId)
    this.assigned.delete(key)
  }

  private holders(choice: number): string[] {
    const bits = (choice % 7) + 1
    const holders = PEERS.filter((_, i) => bits & (1 << i))
    return choice % 5 === 0 ? [HERE, ...holders] : holders
  }

  private assign({ a, b, c }: Step): void {
    const at = a % KEYS.length
    const key = KEYS[at]!
    // The scheduler assigns what it does not wait for already.
    if (this.assigned.has(key)) return
    const inputs = KEYS.slice(0, at).filter((_, i) => (b >> i) & 1)
    const runId = ++this.runId
    this.assigned.set(key, runId)
    this.tell({
      type: 'compute-task',
      key,
      runId,
      priority: [c % 3, b % 5],
      whoHas: new Map(inputs.map((input, i) => [input, this.holders(c + i)])),
      nbytes: new Map(inputs.map((input, i) => [input, ((c + i) % 9) * 5000])),
      resources: c % 4 === 0 ? { GPU: 1 } : {},
      spec: c % 50 === 49 ? { kind: 'refused', failure: FAILURE } : { kind: 'work', work: undefined },
    })
  }

  take(step: Step): void {
    const { what, a, b, c } = step
    const key = KEYS[a % KEYS.length]!
    switch (what) {
      case 0:
      case 1:
      case 2:
      case 3:
        this.assign(step)
        break
      case 4: {
        const keys = KEYS.filter((_, i) => (b >> i) & 1)
        for (const freed of keys) this.assigned.delete(freed)
        this.tell({ type: 'free-keys', keys })
        break
      }
      case 5:
        this.tell({ type: 'remove-replicas', keys: [key] })
        break
      case 6:
        this.tell({
          type: 'acquire-replicas',
          whoHas: new Map([[key, this.holders(b)]]),
          nbytes: new Map([[key, (c % 9) * 5000]]),
        })
        break
      case 7: {
        const stimulus = `steal-${this.serial++}`
        this.steals.set(stimulus, key)
        this.tell({ type: 'steal-request', key, stimulus })
        break
      }
      case 8:
        // The scheduler says it of tasks that wait or run here, and forgets them; it does not hear whether it came late.
        if (this.assigned.has(key) && this.machine.tasks.get(key)?.run?.phase !== 'executing') {
          this.assigned.delete(key)
          this.tell({ type: 'cancel-compute', key })
        }
        break
      case 9:
        this.tell({ type: 'remove-worker', worker: PEERS[a % PEERS.length]! })
        break
      case 10:
        this.tell({
          type: 'worker-status-change',
          status: (['running', 'paused', 'closing_gracefully'] as const)[a % 3]!,
        })
        break
      case 11:
        this.believed.add(key)
        this.tell({ type: 'scattered', values: new Map([[key, sized((b % 9) * 5000)]]) })
        break
      case 12:
      case 13:
      case 14:
        this.endJob(a, b)
        break
      case 15:
      case 16:
        this.endFetch(a, b, c)
        break
      case 17:
        this.endSpill(b % 4 !== 0)
        break
      case 18: {
        const worker = this.retries.shift()
        if (worker) this.tell({ type: 'peer-free', worker })
        break
      }
      case 19:
        this.tell({ type: 'tick' }, { type: 'memory', process: (a % 10) * 12_000 })
        break
      default:
        this.refresh((i) => this.holders(b + i))
    }
  }

  private endJob(a: number, b: number): void {
    const job = [...this.jobs.keys()][a % Math.max(1, this.jobs.size)]
    if (job === undefined) return
    const { inputs } = this.jobs.get(job)!
    // The store reads inputs back when the job starts.
    for (const input of inputs) {
      if (!this.onDisk.delete(input)) continue
      if (b % 7 === 0) {
        this.jobs.delete(job)
        this.tell({ type: 'job-unfed', job, missing: [input] })
        return
      }
      this.tell({ type: 'loaded', key: input })
    }
    this.jobs.delete(job)
    if (b % 5 === 0) this.tell({ type: 'job-failed', job, failure: FAILURE, times: TIMES })
    else if (b % 5 === 1) this.tell({ type: 'job-died', job, reason: 'exit', times: TIMES })
    else this.tell({ type: 'job-done', job, value: sized((b % 9) * 5000), times: TIMES })
  }

  private endFetch(a: number, b: number, c: number): void {
    const worker = [...this.fetches.keys()][a % Math.max(1, this.fetches.size)]
    if (worker === undefined) return
    const keys = this.fetches.get(worker)!
    this.fetches.delete(worker)
    const some = keys.filter((_, i) => b % 3 !== 0 || (c >> i) & 1)
    if (c % 6 === 0) this.tell({ type: 'peer-busy', worker })
    else if (c % 6 === 1) this.tell({ type: 'peer-lost', worker })
    else if (c % 30 === 2) this.tell({ type: 'peer-unreadable', worker, reason: 'strange' })
    else this.tell({ type: 'data-arrived', worker, values: new Map(some.map((key) => [key, sized(8000)])) })
  }

  private endSpill(works: boolean): void {
    const spill = this.spilling.shift()
    // The store keeps quiet about values that were dropped or replaced meanwhile.
    if (!spill || this.stored.get(spill.key) !== spill.value) return
    if (works) this.onDisk.add(spill.key)
    this.tell({ type: works ? 'spilled' : 'spill-failed', key: spill.key })
  }

  private refresh(holders: (i: number) => string[]): void {
    const keys = this.asked.splice(0)
    if (keys.length > 0) {
      this.tell({ type: 'refresh-who-has', whoHas: new Map(keys.map((key, i) => [key, holders(i)])) })
    }
  }

  /** All faults stop: peers hold everything, jobs end well. */
  calm(): void {
    this.tell({ type: 'worker-status-change', status: 'running' }, { type: 'memory', process: 0 })
    for (let round = 0; round < 200; round++) {
      this.tell({ type: 'tick' })
      this.refresh(() => PEERS)
      for (const worker of this.retries.splice(0)) this.tell({ type: 'peer-free', worker })
      while (this.spilling.length > 0) this.endSpill(true)
      for (const [worker, keys] of [...this.fetches]) {
        this.fetches.delete(worker)
        this.tell({ type: 'data-arrived', worker, values: new Map(keys.map((key) => [key, sized(8)])) })
      }
      while (this.jobs.size > 0) this.endJob(0, 2)
      if (this.assigned.size === 0 && this.fetches.size === 0 && this.asked.length === 0) break
    }
  }
}

const FAILURE = { name: 'Error', message: 'no', stack: undefined }

describe('random histories', () => {
  it('break no law, and every task is answered in the end', () => {
    let answered = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 200, size: 'max' }), (steps) => {
        const world = new World()
        for (const one of steps) world.take(one)
        world.calm()
        expect([...world.assigned]).toEqual([])
        expect([...world.believed].sort()).toEqual([...world.stored.keys()].sort())
        expect(world.machine.transfers.bytes).toBe(0)
        answered += world.answered.size
      }),
      { numRuns: 250 },
    )
    expect(answered).toBeGreaterThan(2000)
  })
})

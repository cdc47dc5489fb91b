import { describe, expect, it } from 'vitest'
import { eventOf, messageOf, registration } from './protocol-worker.ts'
import { Pickled, Serialized } from './wire/message.ts'
import { decode, encode } from './wire/msgpack.ts'
import { pickle } from './wire/pickle-write.ts'
import { specOf } from './worker/refuse.ts'

const anySpec = () => ({ kind: 'work', work: 'w' }) as const
/** As it comes off the wire. */
const wired = (message: unknown) => decode(encode(message)) as Record<string, unknown>

describe('events', () => {
  it('of a task: what it reads, who holds it, what it needs', () => {
    const event = eventOf(
      wired({
        op: 'compute-task',
        key: 'x',
        run_id: 7,
        priority: [0, 1, 2],
        stimulus_id: 's',
        who_has: { a: ['tcp://a:1', 'tcp://b:1'] },
        nbytes: { a: 24 },
        resource_restrictions: { GPU: 1 },
        actor: false,
        annotations: {},
        span_id: null,
      }),
      anySpec,
    )
    expect(event).toEqual({
      type: 'compute-task',
      key: 'x',
      runId: 7,
      priority: [0, 1, 2],
      whoHas: new Map([['a', ['tcp://a:1', 'tcp://b:1']]]),
      nbytes: new Map([['a', 24]]),
      resources: { GPU: 1 },
      spec: { kind: 'work', work: 'w' },
    })
  })

  it("have one name for Python's tuple, as a key and in lists, and give it back as a tuple", () => {
    // What Dask writes for {('x', 0): […]}: a map whose key is a list.
    const bytes = Buffer.from(`81ac${Buffer.from('who_has_here').toString('hex')}8192a1780090`, 'hex')
    const { who_has_here } = decode(bytes) as Record<string, unknown>
    const byMap = eventOf({ op: 'refresh-who-has', who_has: who_has_here }, anySpec)
    const byList = eventOf(wired({ op: 'free-keys', keys: [['x', 0]] }), anySpec)
    const [key] = byMap?.type === 'refresh-who-has' ? [...byMap.whoHas.keys()] : []
    expect(byList).toEqual({ type: 'free-keys', keys: [key] })
    const sent = messageOf({ op: 'release-worker-data', key: key! }, 0)
    expect(wired(sent)['key']).toEqual(['x', 0])
  })

  it('of a scheduler that ends ask for a new worker, of one that lets go do not', () => {
    const close = (reason: string) => eventOf({ op: 'close', reason }, anySpec)
    expect(close('scheduler-close')).toMatchObject({ restart: true })
    expect(close('scheduler-remove-worker')).toMatchObject({ restart: false })
    expect(close('scheduler-close-worker')).toMatchObject({ restart: false })
  })

  it('of no known name are none', () => {
    expect(eventOf({ op: 'from-the-future' }, anySpec)).toBeUndefined()
  })
})

describe('a task that cannot run here', () => {
  it.each([
    [new Pickled(pickle(['nothing', 'of', 'ours'])), false, /it is a task of Python/],
    [new Pickled(Buffer.from('no pickle')), false, /it cannot be read/],
    [new Pickled(pickle(null)), true, /it makes an actor/],
  ])('is refused with its name and the reason', (runSpec, actor, why) => {
    const spec = specOf(runSpec, { key: 'sum-1', actor })
    expect(spec).toMatchObject({ kind: 'refused', failure: { code: 'python-task' } })
    if (spec.kind !== 'refused') return
    expect(spec.failure.message).toContain("'sum-1'")
    expect(spec.failure.message).toMatch(why)
  })
})

describe('messages', () => {
  const times = { start: 100, stop: 100, thread: 2 }

  it('of a finished task have a span that is not empty, on the scheduler’s clock', () => {
    const message = { op: 'task-finished', key: 'x', runId: 3, nbytes: 8, typename: 'number', times } as const
    const sent = messageOf(message, 5)
    expect(sent).toMatchObject({ status: 'OK', key: 'x', run_id: 3, nbytes: 8, typename: 'number', thread: 2 })
    const [{ action, start, stop }] = sent['startstops'] as [{ action: string; start: number; stop: number }]
    expect([action, start]).toEqual(['compute', 105])
    expect(stop).toBeGreaterThan(start)
  })

  it('of a failed one have an exception that Python reads', () => {
    const failure = { name: 'RangeError', message: 'too far', stack: 'at f', worker: 'tcp://here:1' }
    const sent = messageOf({ op: 'task-erred', key: 'x', runId: 3, failure, times: undefined }, 0)
    expect(sent).toMatchObject({ status: 'error', run_id: 3, exception_text: 'RangeError: too far', startstops: [] })
    expect(sent['exception']).toBeInstanceOf(Serialized)
  })

  it('answer a steal request with its own stimulus', () => {
    const sent = messageOf({ op: 'steal-response', key: 'x', state: null, stimulus: 'steal-9' }, 0)
    expect(sent).toEqual({ op: 'steal-response', key: 'x', state: null, stimulus_id: 'steal-9' })
  })

  it('of a registration have the fields that the scheduler knows, and no others', () => {
    const sent = registration({
      address: 'tcp://here:1',
      name: 'x',
      serverId: 'w',
      nthreads: 1,
      resources: {},
      memoryLimit: undefined,
      localDirectory: '/tmp',
      nanny: undefined,
      versions: {},
      metrics: {},
      now: 1,
    })
    // The parameters of distributed's Scheduler.add_worker, from 2025.4.0 on; op and reply are the call's.
    const known =
      'address status server_id nthreads name resolve_address now resources host_info memory_limit metrics pid services ' +
      'local_directory versions nanny extra stimulus_id op reply'
    for (const field of Object.keys(sent)) expect(known.split(' ')).toContain(field)
    expect(sent).toMatchObject({ memory_limit: null, nanny: null, reply: false })
  })
})

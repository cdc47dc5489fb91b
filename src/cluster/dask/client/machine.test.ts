import { describe, expect, it } from 'vitest'
import type { Task } from '../../task.ts'
import { encode } from '../../travel/values.ts'
import { exceptionOf } from '../failures.ts'
import type { Message } from '../wire/message.ts'
import { type ClientEvent, type ClientInstruction, ClientMachine } from './machine.ts'

const task = (key: string, ...dependencies: string[]): Task => ({
  key,
  fn: { id: 'f', name: 'f', bytes: Buffer.from('f') },
  args: encode(dependencies),
  dependencies,
  options: {},
})

/** A machine that is connected, and what it does in short: `send op`, `emit type`. */
function machine() {
  const made = new ClientMachine()
  const feed = (event: ClientEvent) => made.handle(event)
  feed({ type: 'connected', version: '2026.8.0', again: false })
  const tell = (...messages: Message[]) => feed({ type: 'messages', messages })
  return { feed, tell }
}

const emitted = (instructions: readonly ClientInstruction[]) =>
  instructions.flatMap((instruction) => (instruction.type === 'emit' ? instruction.events : []))
const sent = (instructions: readonly ClientInstruction[]) =>
  instructions.flatMap((instruction) => (instruction.type === 'send' ? [instruction.message] : []))
const operations = (instructions: readonly ClientInstruction[]) => sent(instructions).map((message) => message['op'])
const inMemory = (key: string) => ({ op: 'key-in-memory', key, type: Buffer.from('number') })

describe('the client’s machine', () => {
  it('submits, and tells once what becomes of the keys that are held', () => {
    const { feed, tell } = machine()
    const out = feed({ type: 'submit', tasks: [task('a'), task('b', 'a')], wanted: ['b'] })
    expect(sent(out)).toMatchObject([{ op: 'update-graph', keys: ['b'] }])
    expect(emitted(tell(inMemory('a'), inMemory('b'), inMemory('b')))).toEqual([
      { type: 'memory', key: 'b', typename: 'number' },
    ])
    const failure = { name: 'RangeError', message: 'no', stack: 's', worker: 'w' }
    const erred = tell({ op: 'task-erred', key: 'b', exception: exceptionOf(failure) })
    expect(emitted(erred)).toEqual([{ type: 'erred', key: 'b', failure }])
  })

  it('says nothing of a key after its release or cancellation', () => {
    const { feed, tell } = machine()
    feed({ type: 'submit', tasks: [task('a'), task('b')], wanted: ['a', 'b'] })
    expect(sent(feed({ type: 'release', keys: ['a', 'strange'] }))).toEqual([
      { op: 'client-releases-keys', keys: ['a'] },
    ])
    expect(sent(feed({ type: 'release', keys: ['a'] }))).toEqual([])
    const out = feed({ type: 'cancel', keys: ['b'], force: false, reason: 'as asked' })
    expect(operations(out)).toEqual(['cancel-keys', 'client-releases-keys'])
    expect(emitted(out)).toEqual([{ type: 'cancelled', keys: ['b'], reason: 'as asked' }])
    const late = tell(inMemory('a'), inMemory('b'), { op: 'cancelled-keys', keys: ['a', 'b'], reason: 'x' })
    expect(late).toEqual([])
  })

  it('holds what nobody wants while what it depends on is cancelled', () => {
    const { feed } = machine()
    const graph = [task('a'), task('b', 'a'), task('c', 'b'), task('d', 'c')]
    feed({ type: 'submit', tasks: graph, wanted: ['a', 'd'] })
    const out = feed({ type: 'cancel', keys: ['a'], force: true, reason: 'r' })
    expect(sent(out)).toEqual([
      { op: 'client-desires-keys', keys: ['b', 'c'] },
      { op: 'cancel-keys', keys: ['a'], force: true, reason: 'r', msg: '' },
      { op: 'client-releases-keys', keys: ['a', 'b', 'c'] },
    ])
    feed({ type: 'release', keys: ['d'] })
    expect(operations(feed({ type: 'cancel', keys: ['a'], force: true, reason: 'r' }))).not.toContain(
      'client-desires-keys',
    )
  })

  it('asks again for keys that the scheduler did not know', () => {
    const { feed, tell } = machine()
    expect(operations(feed({ type: 'want', keys: ['x', 'y'] }))).toEqual(['client-desires-keys'])
    tell(inMemory('x'))
    expect(sent(feed({ type: 'tick' }))).toEqual([
      { op: 'heartbeat-client' },
      { op: 'client-desires-keys', keys: ['y'] },
    ])
  })

  it('follows a value that is lost, missing, or computed again', () => {
    const { feed, tell } = machine()
    feed({ type: 'stored', typenames: new Map([['v', 'Float64Array']]) })
    expect(emitted(tell({ op: 'lost-data', key: 'v' }))).toEqual([{ type: 'lost', key: 'v' }])
    expect(emitted(tell(inMemory('v')))).toMatchObject([{ type: 'memory', key: 'v' }])
    const out = feed({ type: 'missing', keys: ['v', 'strange'] })
    expect(emitted(out)).toEqual([{ type: 'lost', key: 'v' }])
    expect(sent(out)).toEqual([{ op: 'report-key', key: 'v' }])
    expect(emitted(tell(inMemory('v')))).toMatchObject([{ type: 'memory', key: 'v' }])
    tell({ op: 'task-erred', key: 'v', exception: null })
    feed({ type: 'retried', keys: ['v'] })
    expect(emitted(tell({ op: 'task-erred', key: 'v', exception: null }))).toMatchObject([{ type: 'erred' }])
  })

  it('forgets everything with the connection, and keeps for the next one what comes meanwhile', () => {
    const { feed, tell } = machine()
    feed({ type: 'submit', tasks: [task('a')], wanted: ['a'] })
    expect(emitted(feed({ type: 'disconnected' }))).toEqual([{ type: 'disconnected' }])
    expect(tell(inMemory('a'))).toEqual([])
    expect(sent(feed({ type: 'submit', tasks: [task('b')], wanted: ['b'] }))).toEqual([])
    expect(feed({ type: 'tick' })).toEqual([])
    const out = feed({ type: 'connected', version: '2026.8.0', again: true })
    expect(operations(out)).toEqual(['update-graph'])
    expect(emitted(out)).toEqual([{ type: 'reconnected' }])
    expect(emitted(tell(inMemory('b')))).toMatchObject([{ type: 'memory', key: 'b' }])
  })

  it('cancels what waits when no connection comes', () => {
    const { feed } = machine()
    feed({ type: 'disconnected' })
    feed({ type: 'submit', tasks: [task('b')], wanted: ['b'] })
    const out = feed({ type: 'gave-up', reason: 'gone' })
    expect(emitted(out)).toEqual([{ type: 'cancelled', keys: ['b'], reason: 'gone' }])
    expect(sent(feed({ type: 'connected', version: '', again: true }))).toEqual([])
  })

  it('keeps tasks from Python’s workers where there are any, and warns once where there are no others', () => {
    const { feed } = machine()
    const annotations = () => sent(feed({ type: 'submit', tasks: [task('a')], wanted: ['a'] }))[0]!['annotations']
    expect(annotations()).toEqual({})
    feed({ type: 'workers', node: 1, python: 1 })
    expect(annotations()).toEqual({ resources: { tsumba: 0 } })
    feed({ type: 'workers', node: 0, python: 1 })
    const warnings = () =>
      feed({ type: 'submit', tasks: [task('a')], wanted: ['a'] }).filter(({ type }) => type === 'warn').length
    expect([warnings(), warnings()]).toEqual([1, 0])
    feed({ type: 'workers', node: 3, python: 0 })
    expect(annotations()).toEqual({})
  })

  it('hears of restarts, ends of the stream, lost dependencies and versions that do not fit', () => {
    const { feed, tell } = machine()
    feed({ type: 'submit', tasks: [task('a'), task('b'), task('c')], wanted: ['a', 'b', 'c'] })
    const lost = tell({ op: 'cancelled-keys', keys: new Set(['a']), reason: 'lost dependencies' })
    expect(emitted(lost)).toEqual([{ type: 'cancelled', keys: ['a'], reason: 'lost dependencies' }])
    const exception_text = 'RuntimeError: Error during deserialization of the task graph'
    const odd = emitted(tell({ op: 'task-erred', key: 'b', exception: null, exception_text }))
    expect(odd).toMatchObject([
      { failure: { code: 'scheduler-version', message: expect.stringMatching(/2026\.8\.0/) } },
    ])
    expect(emitted(tell({ op: 'restart' }))).toMatchObject([{ type: 'cancelled', keys: ['b', 'c'] }])
    expect(tell({ op: 'stream-closed' })).toMatchObject([{ type: 'hang-up' }])
    expect(tell({ op: 'something-new', key: 'a' })).toEqual([])
  })

  it('knows keys that are tuples', () => {
    const { feed, tell } = machine()
    const key = '\u2060["x",0]'
    feed({ type: 'want', keys: [key] })
    expect(emitted(tell({ op: 'key-in-memory', key: ['x', 0] }))).toMatchObject([{ type: 'memory', key }])
  })
})

/**
 * A client as a pure machine: what its user does, what the scheduler's stream says and what becomes of the connection go
 * in; messages to send and events for the user come out. No sockets, no clock: backend.ts carries it out.
 *
 * Laws: after `release` or a cancellation there are no more events of a key, until somebody asks for it again. What is
 * sent while there is no connection waits for the next one, and is cancelled when none comes.
 */

import { PACKAGE } from '../../../types.ts'
import type { BackendEvent } from '../../backend.ts'
import type { Failure, Key, Task } from '../../task.ts'
import { failureOf } from '../failures.ts'
import { keyOf, keysOf } from '../keys.ts'
import { updateGraph, versionHint } from '../protocol.ts'
import type { Message } from '../wire/message.ts'
import { Dependents } from './dependents.ts'

export type ClientEvent =
  // From the user.
  | {
      readonly type: 'submit'
      readonly tasks: readonly Task[]
      readonly wanted: readonly Key[]
      readonly actors?: readonly Key[] | undefined
    }
  | { readonly type: 'want'; readonly keys: readonly Key[] }
  | { readonly type: 'release'; readonly keys: readonly Key[] }
  | { readonly type: 'cancel'; readonly keys: readonly Key[]; readonly force: boolean; readonly reason: string }
  /** The scheduler runs these failed tasks again. */
  | { readonly type: 'retried'; readonly keys: readonly Key[] }
  /** Values of ours are on workers, and the scheduler knows. */
  | { readonly type: 'stored'; readonly typenames: ReadonlyMap<Key, string> }
  /** No worker had the values, though they were said to be in memory. */
  | { readonly type: 'missing'; readonly keys: readonly Key[] }
  // From the scheduler.
  | { readonly type: 'messages'; readonly messages: readonly Message[] }
  /** Which languages there are workers of. */
  | { readonly type: 'workers'; readonly node: number; readonly python: number }
  // From the connection and the clock.
  | { readonly type: 'connected'; readonly version: string; readonly again: boolean }
  | { readonly type: 'disconnected' }
  | { readonly type: 'gave-up'; readonly reason: string }
  /** Every few seconds. */
  | { readonly type: 'tick' }

export type ClientInstruction =
  | { readonly type: 'send'; readonly message: Message }
  | { readonly type: 'emit'; readonly events: readonly BackendEvent[] }
  /** The scheduler has ended the stream. */
  | { readonly type: 'hang-up'; readonly reason: string }
  | { readonly type: 'warn'; readonly code: string; readonly text: string }

type Status = 'pending' | 'memory' | 'erred'

interface KeyState {
  status: Status
  /** Asked for by its name alone: the scheduler says nothing where it does not know it yet. */
  asked: boolean
}

export class ClientMachine {
  private readonly keys = new Map<Key, KeyState>()
  private readonly dependents = new Dependents()
  private version = ''
  private connected = false
  private mixed = false
  private foreign = false
  private warned = false
  /** Messages that wait for a connection. */
  private waiting: Message[] = []
  private out: ClientInstruction[] = []
  private events: BackendEvent[] = []

  handle(event: ClientEvent): readonly ClientInstruction[] {
    this.out = []
    this.events = []
    this.dispatch(event)
    if (this.events.length > 0) this.out.push({ type: 'emit', events: this.events })
    return this.out
  }

  private dispatch(event: ClientEvent): void {
    switch (event.type) {
      case 'submit':
        this.submit(event.tasks, event.wanted, event.actors)
        return
      case 'want':
        for (const key of event.keys) this.hold(key, true)
        this.send({ op: 'client-desires-keys', keys: event.keys })
        return
      case 'release':
        this.release(event.keys)
        return
      case 'cancel':
        this.cancel(event.keys, event.force, event.reason)
        return
      case 'retried':
        for (const key of event.keys) this.reopen(key)
        return
      case 'stored':
        for (const [key, typename] of event.typenames) {
          this.hold(key, false)
          this.inMemory(key, typename)
        }
        return
      case 'missing':
        this.missing(event.keys)
        return
      case 'messages':
        for (const message of event.messages) this.message(message)
        return
      case 'workers':
        this.mixed = event.python > 0
        this.foreign = event.python > 0 && event.node === 0
        return
      case 'connected':
        this.version = event.version
        this.connected = true
        for (const message of this.waiting.splice(0)) this.send(message)
        if (event.again) this.events.push({ type: 'reconnected' })
        return
      case 'disconnected':
        this.connected = false
        this.keys.clear()
        this.dependents.clear()
        this.events.push({ type: 'disconnected' })
        return
      case 'gave-up':
        this.waiting = []
        this.drop([...this.keys.keys()], event.reason)
        return
      case 'tick':
        this.tick()
        return
      default:
        event satisfies never
    }
  }

  private submit(tasks: readonly Task[], wanted: readonly Key[], actors: readonly Key[] | undefined): void {
    for (const key of wanted) this.hold(key, false)
    if (wanted.length < tasks.length) this.dependents.add(tasks, wanted)
    if (this.foreign && !this.warned) {
      this.warned = true
      const text =
        'all workers of this scheduler are Python workers, which cannot run functions of JavaScript: tasks wait. ' +
        `Remedy: start a worker with \`${PACKAGE} worker ADDRESS\``
      this.out.push({ type: 'warn', code: 'no-own-worker', text })
    }
    this.send(updateGraph({ tasks, wanted, mixed: this.mixed, actors }))
  }

  private hold(key: Key, asked: boolean): void {
    const state = this.keys.get(key)
    if (state === undefined) this.keys.set(key, { status: 'pending', asked })
    else if (!asked) state.asked = false
  }

  private release(keys: readonly Key[]): void {
    const held = keys.filter((key) => this.keys.delete(key))
    for (const key of held) this.dependents.release(key)
    if (held.length > 0) this.send({ op: 'client-releases-keys', keys: held })
  }

  /**
   * Dask cancels the tasks that depend on a key with it, and breaks off the connection where one of these is wanted by
   * nobody: so they are wanted for the moment. It forgets to release what another client wants too: so that follows.
   */
  private cancel(keys: readonly Key[], force: boolean, reason: string): void {
    const hidden = this.dependents.after(keys).filter((key) => !this.keys.has(key))
    if (hidden.length > 0) this.send({ op: 'client-desires-keys', keys: hidden })
    this.send({ op: 'cancel-keys', keys, force, reason, msg: '' })
    this.send({ op: 'client-releases-keys', keys: [...keys, ...hidden] })
    this.drop(keys, reason)
  }

  /** Ends keys for the user. */
  private drop(keys: readonly Key[], reason: string): void {
    const held = keys.filter((key) => this.keys.delete(key))
    for (const key of held) this.dependents.release(key)
    if (held.length > 0) this.events.push({ type: 'cancelled', keys: held, reason })
  }

  private reopen(key: Key): void {
    const state = this.keys.get(key)
    if (state) state.status = 'pending'
  }

  /** The scheduler says again where a key stands; what it has to compute anew it reports once it is done. */
  private missing(keys: readonly Key[]): void {
    for (const key of keys) {
      const state = this.keys.get(key)
      if (state === undefined) continue
      if (state.status === 'memory') this.events.push({ type: 'lost', key })
      state.status = 'pending'
      this.send({ op: 'report-key', key })
    }
  }

  private tick(): void {
    if (!this.connected) return
    this.send({ op: 'heartbeat-client' })
    const unknown = [...this.keys].filter(([, state]) => state.asked && state.status === 'pending').map(([key]) => key)
    if (unknown.length > 0) this.send({ op: 'client-desires-keys', keys: unknown })
  }

  private message(message: Message): void {
    switch (message['op']) {
      case 'key-in-memory':
        this.inMemory(keyOf(message['key']), typename(message['type']))
        return
      case 'task-erred':
        this.erred(keyOf(message['key']), failureOf(message))
        return
      case 'lost-data': {
        const key = keyOf(message['key'])
        const state = this.keys.get(key)
        if (state === undefined) return
        state.status = 'pending'
        this.events.push({ type: 'lost', key })
        return
      }
      case 'task-retried':
        this.reopen(keyOf(message['key']))
        return
      case 'cancelled-keys':
        this.drop(keysOf(message['keys']), reasonOf(message['reason'], message['msg']))
        return
      case 'restart':
        this.drop([...this.keys.keys()], 'the cluster was restarted (scheduler-restart)')
        return
      case 'close':
      case 'stream-closed':
        this.out.push({ type: 'hang-up', reason: 'the scheduler has ended the connection' })
        return
      default:
        // Later versions may say more; none of it is about our keys.
        return
    }
  }

  private inMemory(key: Key, type: string): void {
    const state = this.keys.get(key)
    if (state === undefined || state.status === 'memory') return
    state.status = 'memory'
    this.events.push({ type: 'memory', key, typename: type })
  }

  private erred(key: Key, failure: Failure): void {
    const state = this.keys.get(key)
    if (state === undefined || state.status === 'erred') return
    state.status = 'erred'
    const graph = /Error during deserialization of the task graph/.test(failure.message)
    const told = graph
      ? { ...failure, code: 'scheduler-version', message: `${failure.message.trim()}\n${versionHint(this.version)}` }
      : failure
    this.events.push({ type: 'erred', key, failure: told })
  }

  private send(message: Message): void {
    if (this.connected) this.out.push({ type: 'send', message })
    else this.waiting.push(message)
  }
}

/** Our workers send the name of a value's type in UTF-8 where Python's send a pickled class. */
function typename(type: unknown): string {
  if (typeof type === 'string') return type
  if (!(type instanceof Uint8Array) || type.length === 0) return 'object'
  const text = Buffer.from(type).toString('utf8')
  if (type[0] !== 0x80) return text
  return /([A-Za-z_]\w*)\W*$/.exec(text)?.[1] ?? 'object'
}

function reasonOf(reason: unknown, text: unknown): string {
  const parts = [reason, text].filter((part): part is string => typeof part === 'string' && part !== '')
  return parts.length > 0 ? parts.join(': ') : 'the scheduler no longer knows it'
}

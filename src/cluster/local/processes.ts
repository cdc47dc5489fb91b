/** A worker that is a process of its own, with threads: started, spoken to, and started again when it dies. */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { TsumbaError } from '../../errors.ts'
import { isFile } from '../executor/files.ts'
import type { NewFunction } from '../executor/messages.ts'
import { inheritedOptions, program } from '../executor/programs.ts'
import type { Held } from './store.ts'
import {
  type Hello,
  jobsMessage,
  KIND,
  Messages,
  numbersMessage,
  readNumbers,
  readOutcomesMessage,
  readTextMessage,
  send,
  textMessage,
} from './wire.ts'
import type { LocalJob, LocalWorker, WorkerListener } from './worker.ts'

/** Functions that a worker knows at a time. */
const FUNCTIONS = 10_000
/** Processes that end before they can run anything, one after the other, until the worker is given up. */
const STILLBORN = 3
/** Milliseconds for the first sign of life; to end when asked; after the end, for what is still on its way. */
const START_LIMIT = 60_000
const END_LIMIT = 2000
const LINGER = 1000

export class ProcessWorker implements LocalWorker {
  private readonly file: string
  private readonly hello: Omit<Hello, 'prefix'>
  private readonly name: string
  private readonly listener: WorkerListener
  private child: ChildProcess | undefined
  private socket: Duplex | undefined
  private functions = new Map<string, number>()
  /** Files that the worker may have in memory. */
  private readonly loaded = new Set<string>()
  private dropped: string[] = []
  private isUp = false
  private stillborn = 0
  private spawned = 0
  private lastWord = ''
  private closing = false
  private ended: Promise<void> = Promise.resolve()
  private stopWaiting = () => {}
  private waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined

  private constructor(file: string, name: string, hello: Omit<Hello, 'prefix'>, listener: WorkerListener) {
    this.file = file
    this.name = name
    this.hello = hello
    this.listener = listener
  }

  /** @throws TsumbaError `no-worker` when the process does not come up. */
  static async start(name: string, hello: Omit<Hello, 'prefix'>, listener: WorkerListener): Promise<ProcessWorker> {
    const worker = new ProcessWorker(fileURLToPath(await program('process')), name, hello, listener)
    await worker.begin()
    return worker
  }

  get pid(): number {
    return this.child?.pid ?? 0
  }

  /** Resolves when the process can run jobs. */
  private begin(): Promise<void> {
    const up = new Promise<void>((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
    this.spawn()
    return up
  }

  private spawn(): void {
    const child = spawn(process.execPath, [...inheritedOptions(), this.file], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    })
    this.child = child
    const socket = child.stdio[3] as Duplex
    this.socket = socket
    this.functions = new Map()
    this.loaded.clear()
    this.dropped = []
    this.lastWord = ''
    socket.on('data', new Messages((kind, payload) => this.receive(kind, payload)).push)
    // A worker that dies while it is written to: its end is heard of below.
    socket.on('error', () => {})
    // Files of one that died may live on as values.
    const prefix = `${this.name}.${this.spawned++}`
    send(socket, KIND.hello, textMessage({ ...this.hello, prefix } satisfies Hello))
    const late = setTimeout(() => {
      this.lastWord ||= `it was not there within ${START_LIMIT / 1e3} s`
      child.kill('SIGKILL')
    }, START_LIMIT)
    this.stopWaiting = () => clearTimeout(late)
    this.ended = new Promise((resolve) => {
      let over = false
      const end = (reason: string) => {
        if (over) return
        over = true
        clearTimeout(late)
        socket.destroy()
        resolve()
        this.died(reason)
      }
      child.on('error', (error) => end(`it cannot be started: ${error.message}`))
      // `close` comes when all that it wrote has been read; a process that inherited the socket could keep it open.
      child.on('close', (code, signal) => end(this.reason(code, signal)))
      child.on('exit', (code, signal) => setTimeout(() => end(this.reason(code, signal)), LINGER).unref())
    })
  }

  private reason(code: number | null, signal: string | null): string {
    return this.lastWord || (signal ? `its process was ended by ${signal}` : `its process ended (exit code ${code})`)
  }

  private died(reason: string): void {
    const wasUp = this.isUp
    this.isUp = false
    if (this.closing) return
    this.listener.down(reason)
    this.stillborn = wasUp ? 0 : this.stillborn + 1
    if (this.stillborn < STILLBORN) {
      this.spawn()
      return
    }
    this.listener.broken(reason)
    this.waiting?.reject(
      new TsumbaError(
        `A worker process does not start: ${reason}. Remedy: look at what it printed; LocalCluster.start({ processes: false }) needs none.`,
        'no-worker',
      ),
    )
    this.waiting = undefined
  }

  private receive(kind: number, payload: Uint8Array): void {
    switch (kind) {
      case KIND.up:
        this.stopWaiting()
        this.isUp = true
        this.waiting?.resolve()
        this.waiting = undefined
        this.listener.up()
        return
      case KIND.outcomes:
        this.listener.outcomes(readOutcomesMessage(payload))
        return
      case KIND.returned:
        this.listener.returned(readNumbers(payload))
        return
      case KIND.ending:
        this.lastWord = String(readTextMessage(payload))
        return
      default:
        throw new Error(`a worker said ${kind}, which means nothing`)
    }
  }

  run(jobs: readonly LocalJob[]): void {
    this.post(KIND.jobs, jobs)
  }

  order(job: LocalJob): void {
    this.post(KIND.order, [job])
  }

  endActor(actor: number): void {
    if (this.isUp) send(this.socket!, KIND.endActors, numbersMessage([actor]))
  }

  private post(kind: number, jobs: readonly LocalJob[]): void {
    if (!this.isUp) return
    const fresh: NewFunction[] = []
    for (const { fn } of jobs) {
      if (this.functions.has(fn.id)) continue
      if (this.functions.size >= FUNCTIONS) this.functions = new Map(fresh.map((f) => [f.fn.id, f.number]))
      const number = this.functions.size
      this.functions.set(fn.id, number)
      fresh.push({ number, fn })
    }
    const payload = jobsMessage(
      jobs,
      fresh,
      (id) => this.functions.get(id)!,
      (files) => {
        for (const { name } of files) this.loaded.add(name)
      },
    )
    send(this.socket!, kind, payload)
  }

  kill(id: number): void {
    if (this.isUp) send(this.socket!, KIND.kill, numbersMessage([id]))
  }

  recall(): void {
    if (this.isUp) send(this.socket!, KIND.recall)
  }

  drop(held: Held): void {
    for (const frame of held.frames) {
      if (!isFile(frame) || !this.loaded.delete(frame.name)) continue
      if (this.dropped.push(frame.name) > 1) continue
      queueMicrotask(() => {
        const names = this.dropped
        this.dropped = []
        if (this.isUp && names.length > 0) send(this.socket!, KIND.drop, textMessage(names))
      })
    }
  }

  async restart(): Promise<void> {
    const { child, ended } = this
    this.closing = true
    child?.kill('SIGKILL')
    await ended
    this.closing = false
    await this.begin()
  }

  async close(): Promise<void> {
    this.closing = true
    this.stopWaiting()
    const { child, socket } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    if (this.isUp && socket?.writable) send(socket, KIND.close)
    else child.kill('SIGKILL')
    const late = setTimeout(() => child.kill('SIGKILL'), END_LIMIT)
    await this.ended
    clearTimeout(late)
  }
}

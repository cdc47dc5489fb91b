/** The pool's workers as one resource: started through their supervisor, given programs, given up as a whole. */

import type { MessagePort, Worker } from 'node:worker_threads'
import { DTYPES, dtypeCode } from '../types.ts'
import { ALLOCATOR_LAYOUT } from './allocator.ts'
import { type Ask, type ForkJoin, OUTCOME, TEAM, TEAM_WORDS } from './chunks.ts'
import { CONTROL, HEADER, SLOT, TLS } from './layout.ts'
import type { Heap } from './memory.ts'
import { type SupervisorData, type SupervisorMsg, supervisorText, workerText } from './supervisor.ts'
import type { NodeThreads, ProgramMsg } from './worker.ts'
import type { ProgramSpec, ThreadLayout } from './worker-programs.ts'

/** Kernels need numbers, not objects: a worker that wants more than this has run away. */
export const WORKER_HEAP_MB = 128

export const THREAD_LAYOUT: ThreadLayout = {
  team: TEAM,
  teamWords: TEAM_WORDS,
  outcome: OUTCOME,
  recordBytes: TLS.value1 + 8,
  stack: TLS.stack,
  header: HEADER,
  record: TLS,
  slot: SLOT,
  allocator: ALLOCATOR_LAYOUT,
  dtypes: DTYPES.map((d) => ({ name: d.name, arrayName: d.arrayName, size: d.size })),
}

/** The word that holds the current team's address, 0 for none: so a coordinator finds it. */
export const CURRENT_TEAM = CONTROL

/** Every registered program, by id. */
export const programs = new Map<number, ProgramSpec>()

/** A block that lives until `free`: its handle and address. */
export function block(heap: Heap, bytes: number, zero: boolean): { handle: number; address: number } {
  const handle = heap.allocator.alloc(dtypeCode('uint8'), bytes, zero)
  if (handle === 0) throw new RangeError(`no room for the ${bytes} bytes that a thread needs`)
  return { handle, address: heap.allocator.reach(handle + HEADER.bytes)[(handle + HEADER.base) >>> 2]! }
}

interface Member {
  readonly port: MessagePort
  /** Handle of its thread area. */
  readonly area: number
  /** Ids of the programs that it has. */
  readonly has: Set<number>
}

export class Team {
  readonly words: Int32Array
  readonly address: number
  readonly startedAt = performance.now()
  readonly members: Member[] = []
  private readonly node: NodeThreads
  private readonly heap: Heap
  private readonly supervisor: Worker
  private readonly handle: number
  private retired = false

  /** @throws when the engine refuses threads. */
  constructor(node: NodeThreads, heap: Heap, fork: ForkJoin, onSupervisorEnd: (error: Error | undefined) => void) {
    this.node = node
    this.heap = heap
    const team = block(heap, TEAM_WORDS * 4, true)
    this.handle = team.handle
    this.address = team.address
    this.words = fork.team(team.address)
    const workerData: SupervisorData = {
      memory: heap.memory,
      layout: THREAD_LAYOUT,
      team: team.address,
      workerText: workerText(),
      limits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    }
    let failure: Error | undefined
    try {
      this.supervisor = new node.Worker(supervisorText(), { eval: true, execArgv: [], env: {}, workerData })
    } catch (error) {
      heap.allocator.free(team.handle)
      throw error
    }
    this.supervisor.unref()
    this.supervisor.on('error', (error) => {
      failure = error as Error
    })
    this.supervisor.on('exit', () => {
      // Its workers ended before it did: nobody writes to these blocks any more.
      heap.allocator.free(this.handle)
      for (const m of this.members) {
        m.port.close()
        heap.allocator.free(m.area)
      }
      if (!this.retired) {
        this.retired = true
        onSupervisorEnd(failure)
      }
    })
    Atomics.store(this.current(), 0, team.address)
  }

  private current(): Int32Array {
    return new Int32Array(this.heap.memory.buffer, CURRENT_TEAM, 1)
  }

  /** Asks for workers until there are `count`. They come up on their own. */
  grow(count: number): void {
    for (let index = this.members.length; index < Math.min(count, TEAM.maxWorkers); index++) {
      const area = block(this.heap, TLS.bytes, false)
      const { port1, port2 } = new this.node.MessageChannel()
      port1.unref()
      this.words[TEAM.slots + index * TEAM.slotWords + TEAM.area] = area.address
      this.members.push({ port: port1, area: area.handle, has: new Set() })
      this.send({ kind: 'spawn', index, area: area.address, port: port2 }, [port2])
    }
    Atomics.store(this.words, TEAM.spawned, this.members.length)
  }

  /** Sees to it that the first `count` workers find the program when they next look. */
  deliver(id: number, count: number): void {
    for (let index = 0; index < Math.min(count, this.members.length); index++) {
      const member = this.members[index]!
      if (member.has.has(id)) continue
      member.has.add(id)
      this.mail(index, { kind: 'add', id, spec: programs.get(id)! })
    }
  }

  drop(id: number): void {
    this.members.forEach((member, index) => {
      if (member.has.delete(id)) this.mail(index, { kind: 'drop', id })
    })
  }

  private mail(index: number, message: ProgramMsg): void {
    this.members[index]!.port.postMessage(message)
    Atomics.add(this.words, TEAM.slots + index * TEAM.slotWords + TEAM.mail, 1)
  }

  private send(message: SupervisorMsg, transfer: MessagePort[] = []): void {
    this.supervisor.postMessage(message, transfer)
  }

  readonly ask: Ask = (what) => {
    this.send({ kind: what })
    return true
  }

  /** A port through which another thread may ask. */
  askPort(): MessagePort {
    const { port1, port2 } = new this.node.MessageChannel()
    this.send({ kind: 'port', port: port1 }, [port1])
    return port2
  }

  /** Nobody uses the team any more; its workers end by themselves, its memory goes back when they have. */
  retire(): void {
    if (this.retired) return
    this.retired = true
    const w = this.words
    Atomics.store(w, TEAM.lock, 1)
    Atomics.compareExchange(this.current(), 0, this.address | 0, 0)
    this.send({ kind: 'retire' })
    this.members.forEach((_, index) => {
      const slot = TEAM.slots + index * TEAM.slotWords
      Atomics.store(w, slot + TEAM.quit, 1)
      Atomics.add(w, slot + TEAM.wake, 1)
      Atomics.notify(w, slot + TEAM.wake)
    })
  }
}

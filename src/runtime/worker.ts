/**
 * What runs on other threads: the loaded programs of a thread, the pool's workers and the coordinator of `.async`
 * calls. All of it travels as source text (supervisor.ts), so that no tool has to find a worker's file: the
 * functions here refer to nothing outside themselves, and their inner functions are methods or anonymous callbacks,
 * because tools that keep the names of functions wrap all others in a helper of their own. Code that instruments by
 * counters (istanbul) cannot travel; exclude this file from it.
 */

import type { MessagePort } from 'node:worker_threads'
import type { Type } from '../ir/ir.ts'
import type { AllocatorLayout } from './allocator.ts'
import type { ForkJoin, ForkJoinLayout } from './chunks.ts'

/** A program as it is sent to a thread. */
export type ProgramSpec =
  | { readonly kind: 'wasm'; readonly module: WebAssembly.Module; readonly host: readonly string[] }
  | { readonly kind: 'js'; readonly text: string; readonly launchParams: readonly (readonly Type[])[] }

/** What threads need of the allocator (allocator.ts); handles as in layout.ts, 0 when there is no room. */
export interface ThreadAllocator {
  alloc(dtype: number, length: number, zero: boolean): number
  free(handle: number): void
}

export type Range = (lo: number, hi: number) => number

/** Data that travels beside the text: layout.ts and types.ts as values. */
export interface ThreadLayout extends ForkJoinLayout {
  readonly header: { readonly base: number; readonly length: number; readonly refs: number; readonly dtype: number }
  readonly record: { readonly site: number; readonly value0: number; readonly value1: number }
  readonly slot: number
  readonly allocator: AllocatorLayout
  /** By code: the element type's name, its array's name, bytes an element. */
  readonly dtypes: readonly { readonly name: string; readonly arrayName: string; readonly size: number }[]
}

export interface Outcome {
  readonly status: number
  readonly record?: { readonly site: number; readonly value0: number; readonly value1: number }
  /** An array is its handle, whose reference passes to the caller. */
  readonly result?: number | boolean
}

export type AsyncArgument = number | boolean | { readonly handle: number }

export interface Programs {
  add(id: number, spec: ProgramSpec): void
  drop(id: number): void
  /** The launched function over the arguments in the slots at `args`; undefined for a program that is not here. */
  range(id: number, ordinal: number, args: number): Range | undefined
  call(id: number, args: readonly AsyncArgument[]): Outcome
}

/** Runs a launched function over a range in whatever way this thread does. */
export type Launcher = (id: number, ordinal: number, lo: number, hi: number, args: number, here: Range) => number

export function createPrograms(
  memory: WebAssembly.Memory,
  layout: ThreadLayout,
  area: number,
  allocator: ThreadAllocator,
  fork: ForkJoin,
  launch: Launcher,
): Programs {
  type View = ArrayLike<number> & { byteOffset: number; byteLength: number }
  type JsProgram = {
    kind: 'js'
    spec: ProgramSpec & { kind: 'js' }
    code: { entry: (...a: unknown[]) => unknown; launches: ((lo: number, hi: number, ...a: unknown[]) => unknown)[] }
  }
  type WasmProgram = { kind: 'wasm'; exports: Record<string, (...a: unknown[]) => unknown> }
  /** What checked JavaScript throws; known by its mark, an object that nobody else has. */
  type Failure = { mark: object; site: number; value0: number; value1: number }
  const mark = {}
  const specs = new Map<number, ProgramSpec>()
  const loaded = new Map<number, JsProgram | WasmProgram>()
  /** Handles of the arrays that checked JavaScript sees, and those it allocated itself. */
  const handles = new Map<unknown, number>()
  let allocated: number[] = []
  /** Where the next launch's slots go: nothing else on this thread uses the stack while JavaScript runs. */
  let top = area + layout.stack

  const tools = {
    failure(site: number, value0: number, value1: number): Failure {
      return { mark, site, value0, value1 }
    },
    isFailure(error: unknown): error is Failure {
      return typeof error === 'object' && error !== null && (error as Failure).mark === mark
    },
    header(handle: number): DataView {
      return fork.view(DataView as never, 1, handle, 16) as DataView
    },
    array(handle: number): unknown {
      if (handle === 0) return undefined
      const h = tools.header(handle)
      const info = layout.dtypes[h.getInt32(layout.header.dtype, true)]!
      const ctor = (globalThis as never as Record<string, never>)[info.arrayName]!
      const base = h.getUint32(layout.header.base, true)
      const view = fork.view(ctor, info.size, base, h.getUint32(layout.header.length, true))
      handles.set(view, handle)
      return view
    },
    isArray(type: Type): boolean {
      return type.kind === 'array'
    },
    isInteger(type: Type): boolean {
      return type.kind === 'scalar' && type.name !== 'f64' && type.name !== 'f32' && type.name !== 'i64'
    },
    isTruth(type: Type): boolean {
      return type.kind === 'scalar' && type.name === 'bool'
    },
    /** An array's type tells what the empty one is a view of. */
    empty(type: Type): unknown {
      const name = type.kind === 'array' ? type.dtype : 'float64'
      const info = layout.dtypes.find((d) => d.name === name)!
      const view = new (globalThis as never as Record<string, new (n: number) => unknown>)[info.arrayName]!(0)
      handles.set(view, 0)
      return view
    },
    read(types: readonly Type[], args: number): unknown[] {
      const slots = fork.view(DataView as never, 1, args, types.length * layout.slot) as DataView
      return types.map((type, k) => {
        const at = k * layout.slot
        if (tools.isArray(type)) return tools.array(slots.getInt32(at, true)) ?? tools.empty(type)
        if (tools.isTruth(type)) return slots.getInt32(at, true) !== 0
        return tools.isInteger(type) ? slots.getInt32(at, true) : slots.getFloat64(at, true)
      })
    },
    write(types: readonly Type[], values: readonly unknown[], args: number): void {
      const slots = fork.view(DataView as never, 1, args, types.length * layout.slot) as DataView
      types.forEach((type, k) => {
        const at = k * layout.slot
        if (tools.isArray(type)) slots.setInt32(at, handles.get(values[k]) ?? 0, true)
        else if (tools.isInteger(type)) slots.setInt32(at, Number(values[k]), true)
        else slots.setFloat64(at, Number(values[k]), true)
      })
    },
    record(failure: Failure): number {
      const r = fork.view(DataView as never, 1, area, layout.recordBytes) as DataView
      r.setInt32(layout.record.site, failure.site, true)
      r.setFloat64(layout.record.value0, failure.value0, true)
      r.setFloat64(layout.record.value1, failure.value1, true)
      return 1
    },
    recorded(): NonNullable<Outcome['record']> {
      const r = fork.view(DataView as never, 1, area, layout.recordBytes) as DataView
      return {
        site: r.getInt32(layout.record.site, true),
        value0: r.getFloat64(layout.record.value0, true),
        value1: r.getFloat64(layout.record.value1, true),
      }
    },
    /** Frees what checked JavaScript allocated, but for `kept`. */
    release(kept: number): void {
      const gone = allocated
      allocated = []
      for (const handle of gone) if (handle !== kept) allocator.free(handle)
      handles.clear()
    },
    alloc(dtype: number | string, length: number, site: number): unknown {
      const code = typeof dtype === 'string' ? layout.dtypes.findIndex((d) => d.name === dtype) : dtype
      const handle = allocator.alloc(code, length, true)
      if (handle === 0 && length !== 0) throw tools.failure(site, length, 0)
      if (handle === 0) return tools.empty({ kind: 'array', dtype: layout.dtypes[code]!.name } as Type)
      allocated.push(handle)
      return tools.array(handle)
    },
    overlap(a: View, b: View): boolean {
      return (
        a.length > 0 &&
        b.length > 0 &&
        a.byteOffset < b.byteOffset + b.byteLength &&
        b.byteOffset < a.byteOffset + a.byteLength
      )
    },
    js(id: number, spec: ProgramSpec & { kind: 'js' }): JsProgram {
      const rt = {
        fail: tools.failure,
        alloc: tools.alloc,
        overlap: tools.overlap,
        launch(ordinal: number, lo: number, hi: number, args: readonly unknown[], serial: unknown) {
          if (hi <= lo) return
          const run = program.code.launches[ordinal]!
          if (serial) {
            run(lo, hi, ...args)
            return
          }
          const types = spec.launchParams[ordinal]!
          const slots = top
          tools.write(types, args, slots)
          top += types.length * layout.slot
          let thrown: { error: unknown } | undefined
          const status = launch(id, ordinal, lo, hi, slots, (from, to) => {
            try {
              run(from, to, ...args)
              return 0
            } catch (error) {
              if (tools.isFailure(error)) return tools.record(error)
              thrown = { error }
              return 1
            }
          })
          top = slots
          if (status === 0) return
          if (thrown) throw thrown.error
          const r = tools.recorded()
          throw tools.failure(r.site, r.value0, r.value1)
        },
      }
      const program: JsProgram = { kind: 'js', spec, code: new Function('rt', spec.text)(rt) }
      return program
    },
    wasm(id: number, spec: ProgramSpec & { kind: 'wasm' }): WasmProgram {
      // The engine's own functions unwrapped: a wrapper around Math.log costs as much as the logarithm.
      const math: Record<string, unknown> = {}
      for (const name of spec.host) {
        if (name === 'rem') math[name] = (a: number, b: number) => a % b
        else if (name === 'toInt32') math[name] = (x: number) => x | 0
        else math[name] = (Math as never as Record<string, unknown>)[name]
      }
      const env = {
        memory,
        tls: new WebAssembly.Global({ value: 'i32', mutable: false }, area),
        alloc: (dtype: number, length: number) => allocator.alloc(dtype, length, true),
        allocRaw: (dtype: number, length: number) => allocator.alloc(dtype, length, false),
        free: (handle: number) => allocator.free(handle),
        launch(ordinal: number, lo: number, hi: number, args: number, serial: number): number {
          const run = program.exports[`launch${ordinal}`]!
          if (serial !== 0) return run(lo, hi, args) as number
          return launch(id, ordinal, lo, hi, args, (from, to) => run(from, to, args) as number)
        },
      }
      const instance = new WebAssembly.Instance(spec.module, { env, math } as never)
      const program: WasmProgram = { kind: 'wasm', exports: instance.exports as never }
      return program
    },
    load(id: number): JsProgram | WasmProgram | undefined {
      const have = loaded.get(id)
      if (have) return have
      const spec = specs.get(id)
      if (!spec) return undefined
      const program = spec.kind === 'js' ? tools.js(id, spec) : tools.wasm(id, spec)
      loaded.set(id, program)
      return program
    },
    callWasm(program: WasmProgram, args: readonly AsyncArgument[]): Outcome {
      const flat: (number | boolean)[] = []
      for (const a of args) {
        if (typeof a !== 'object') flat.push(a)
        else if (a.handle === 0) flat.push(0, 0, 0)
        else {
          const h = tools.header(a.handle)
          flat.push(a.handle, h.getUint32(layout.header.base, true), h.getUint32(layout.header.length, true))
        }
      }
      const out = program.exports['entry']!(...flat)
      const [status, result] = (Array.isArray(out) ? out : [out]) as [number, number | undefined]
      if (status !== 0) return { status, record: tools.recorded() }
      return result === undefined ? { status } : { status, result }
    },
    callJs(program: JsProgram, args: readonly AsyncArgument[]): Outcome {
      let kept = 0
      try {
        const values = args.map((a) => (typeof a === 'object' ? (tools.array(a.handle) ?? new Float64Array(0)) : a))
        const result = program.code.entry(...values)
        if (typeof result === 'number' || typeof result === 'boolean') return { status: 0, result }
        if (result === undefined) return { status: 0 }
        kept = handles.get(result) ?? 0
        if (kept !== 0 && !allocated.includes(kept)) {
          Atomics.add(fork.view(Int32Array, 4, kept + layout.header.refs, 1), 0, 1)
        }
        return { status: 0, result: kept }
      } catch (error) {
        if (!tools.isFailure(error)) throw error
        tools.record(error)
        return { status: 1, record: tools.recorded() }
      } finally {
        tools.release(kept)
      }
    },
  }
  return {
    add(id, spec) {
      specs.set(id, spec)
    },
    drop(id) {
      specs.delete(id)
      loaded.delete(id)
    },
    range(id, ordinal, args) {
      const program = tools.load(id)
      if (!program) return undefined
      if (program.kind === 'wasm') {
        const run = program.exports[`launch${ordinal}`]!
        return (lo, hi) => run(lo, hi, args) as number
      }
      const values = tools.read(program.spec.launchParams[ordinal]!, args)
      const run = program.code.launches[ordinal]!
      return (lo, hi) => {
        try {
          run(lo, hi, ...values)
          return 0
        } catch (error) {
          if (tools.isFailure(error)) return tools.record(error)
          throw error
        } finally {
          // Only what the chunk allocated: the arguments' views serve its next chunk too.
          const gone = allocated
          allocated = []
          for (const handle of gone) allocator.free(handle)
        }
      }
    },
    call(id, args) {
      const program = tools.load(id)
      if (!program) throw new Error('the program was unloaded before it ran')
      return program.kind === 'wasm' ? tools.callWasm(program, args) : tools.callJs(program, args)
    },
  }
}

/** `node:worker_threads`, as far as threads use it. */
export type NodeThreads = typeof import('node:worker_threads')

/** What every thread gets at its start. */
export interface ThreadData {
  readonly memory: WebAssembly.Memory
  readonly layout: ThreadLayout
  /** The thread's own area. */
  readonly area: number
}

export interface PoolWorkerData extends ThreadData {
  /** Address of the team's block. */
  readonly team: number
  readonly index: number
  readonly port: MessagePort
}

/** Messages that bring programs to a thread. */
export type ProgramMsg =
  | { readonly kind: 'add'; readonly id: number; readonly spec: ProgramSpec }
  | { readonly kind: 'drop'; readonly id: number }

/** A worker of the pool: takes part in launches and sleeps in between, never returning to its event loop. */
export function runPoolWorker(
  node: NodeThreads,
  data: PoolWorkerData,
  fork: ForkJoin,
  makePrograms: (launch: Launcher) => Programs,
): void {
  const T = data.layout.team
  const w = fork.team(data.team)
  const slot = T.slots + data.index * T.slotWords
  // A launch inside a launch runs on the thread that meets it.
  const programs = makePrograms((_id, _ordinal, lo, hi, _args, here) => here(lo, hi))
  let mail = 0
  const tools = {
    receive(): void {
      const sent = Atomics.load(w, slot + T.mail)
      if (sent === mail) return
      for (;;) {
        const got = node.receiveMessageOnPort(data.port) as { message: ProgramMsg } | undefined
        if (!got) break
        if (got.message.kind === 'add') programs.add(got.message.id, got.message.spec)
        else programs.drop(got.message.id)
      }
      mail = sent
    },
    takePart(): void {
      // Extra workers after setNumThreads() to fewer stay out.
      if (data.index >= w[T.threads]! - 1) return
      const hi = w[T.hi]!
      let started = false
      try {
        tools.receive()
        const range = programs.range(w[T.program]!, w[T.ordinal]!, w[T.args]!)
        if (!range) return
        started = true
        fork.claimedAt = hi
        if (fork.claim(w, w[T.threads]!, hi, w[T.chunk]!, range) === 0) return
        w[slot + T.failed] = 1
      } catch (error) {
        if (!started) {
          // The others do the work; the pool says why this thread does not help.
          fork.writeText(w, T.causeLength, T.causeMax, `a worker could not load the program: ${error}`)
          return
        }
        Atomics.store(w, T.next, hi)
        const text = fork.view(Int32Array, 4, data.area + data.layout.stack, T.causeMax + 1)
        fork.writeText(text, 0, T.causeMax, String(error))
        w[slot + T.failed] = 2
      }
      w[slot + T.failedAt] = fork.claimedAt
    },
  }
  Atomics.store(w, slot + T.state, 1)
  Atomics.add(w, T.up, 1)
  Atomics.notify(w, T.up)
  for (;;) {
    const seen = Atomics.load(w, slot + T.wake)
    if (Atomics.load(w, slot + T.quit) !== 0) return
    Atomics.store(w, slot + T.inside, 1)
    const open = Atomics.load(w, T.open) === 1
    if (open) tools.takePart()
    Atomics.store(w, slot + T.inside, 0)
    if (Atomics.load(w, T.open) === 2) Atomics.notify(w, slot + T.inside)
    if (open && w[T.spin]! > 0) {
      const until = performance.now() + w[T.spin]! / 1000
      while (Atomics.load(w, slot + T.wake) === seen && performance.now() < until);
    }
    Atomics.store(w, slot + T.asleep, 1)
    Atomics.wait(w, slot + T.wake, seen)
    Atomics.store(w, slot + T.asleep, 0)
  }
}

export interface CoordinatorData extends ThreadData {
  /** Address of the word that holds the current team's address, 0 for none. */
  readonly current: number
}

export interface CallMsg {
  readonly kind: 'call'
  readonly call: number
  readonly id: number
  readonly threads: number
  readonly spin: number
  readonly args: readonly AsyncArgument[]
}
/** A way to the supervisor of the team at this address; see Ask. */
export interface SupervisorMsg {
  readonly kind: 'supervisor'
  readonly team: number
  readonly port: MessagePort
}
export type ReplyMsg =
  | { readonly kind: 'done'; readonly call: number; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly call: number; readonly died: boolean; readonly text: string }

/** Runs whole calls off the main thread, one at a time; between calls it is in its event loop. */
export function runCoordinator(
  node: NodeThreads,
  data: CoordinatorData,
  fork: ForkJoin,
  makePrograms: (launch: Launcher) => Programs,
): void {
  const outcome = data.layout.outcome
  const port = node.parentPort!
  let threads = 1
  let launching = false
  let died = false
  let spin = 0
  let supervisor: SupervisorMsg | undefined
  const programs = makePrograms((id, ordinal, lo, hi, args, here) => {
    if (hi <= lo) return 0
    if (launching) return here(lo, hi)
    launching = true
    try {
      const whole = lo === (lo | 0) && hi === (hi | 0)
      const address = Atomics.load(fork.view(Int32Array, 4, data.current, 1), 0)
      const alone = threads === 1 || !whole || address === 0
      let status = fork.solo(lo, hi, alone ? Infinity : 0.01, here)
      if (status !== 0 || fork.soloAt >= hi) return status
      const job = {
        program: id,
        ordinal,
        lo: fork.soloAt,
        hi,
        args,
        threads,
        pace: fork.soloPace,
        spin,
      }
      status = fork.publish(fork.team(address), job, data.area, here, (what) => {
        if (supervisor?.team !== address) return false
        supervisor.port.postMessage({ kind: what })
        return true
      })
      if (status === outcome.busy) return here(job.lo, hi)
      if (status >= 0) return status
      died = status === outcome.died
      throw new Error(fork.reason)
    } finally {
      launching = false
    }
  })
  port.on('message', (m: ProgramMsg | CallMsg | SupervisorMsg) => {
    if (m.kind === 'add') programs.add(m.id, m.spec)
    else if (m.kind === 'drop') programs.drop(m.id)
    else if (m.kind === 'supervisor') supervisor = m
    else {
      threads = m.threads
      spin = m.spin
      died = false
      let reply: ReplyMsg
      try {
        reply = { kind: 'done', call: m.call, outcome: programs.call(m.id, m.args) }
      } catch (error) {
        const text = died ? fork.reason : String(error)
        reply = { kind: 'failed', call: m.call, died, text }
      }
      port.postMessage(reply)
    }
  })
}

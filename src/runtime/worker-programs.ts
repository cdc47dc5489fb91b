/**
 * A thread's loaded programs: instances of wasm modules and checked JavaScript, with what their code calls. The
 * function here travels as source text; see worker.ts for what that asks of it.
 */

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
  /** As the entry gives it, an i64 as a number; an array is its handle, whose reference passes to the caller. */
  readonly result?: number | boolean
}

export type AsyncArgument = number | bigint | boolean | { readonly handle: number }

export interface Programs {
  add(id: number, spec: ProgramSpec): void
  drop(id: number): void
  /** The launched function over the arguments in the slots at `args`; undefined for a program that is not here. */
  range(id: number, ordinal: number, args: number): Range | undefined
  call(id: number, args: readonly AsyncArgument[]): Outcome
}

/** Runs a launched function over a range by whatever threads it may; without one, launches run on their caller. */
export type Launcher = (id: number, ordinal: number, lo: number, hi: number, args: number, here: Range) => number

export function createPrograms(
  memory: WebAssembly.Memory,
  layout: ThreadLayout,
  area: number,
  allocator: ThreadAllocator,
  fork: ForkJoin,
  launch: Launcher | undefined,
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
  const clamped = new Uint8ClampedArray(1)
  const specs = new Map<number, ProgramSpec>()
  const loaded = new Map<number, JsProgram | WasmProgram>()
  /** Handles of the arrays that checked JavaScript sees; weak, since a worker runs for as long as the process. */
  const handles = new WeakMap<object, number>()
  let allocated: number[] = []
  /** Where the next launch's slots go: nothing else on this thread uses the stack while JavaScript runs. */
  let top = area + layout.stack

  const tools = {
    failure(site: number, value0 = 0, value1 = 0): Failure {
      return { mark, site, value0: Number(value0), value1: Number(value1) }
    },
    /** Rounds half to even and saturates, as a Uint8ClampedArray stores. */
    clamp8(value: number): number {
      clamped[0] = value
      return clamped[0]!
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
      const view = fork.view<object>(ctor, info.size, base, h.getUint32(layout.header.length, true))
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
      const view = new (globalThis as never as Record<string, new (n: number) => object>)[info.arrayName]!(0)
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
        if (tools.isArray(type)) slots.setInt32(at, handles.get(values[k] as object) ?? 0, true)
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
        clamp8: tools.clamp8,
        launch(ordinal: number, lo: number, hi: number, args: readonly unknown[], serial: unknown) {
          if (hi <= lo) return
          const run = program.code.launches[ordinal]!
          if (serial || !launch) {
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
      const engine = Math as never as Record<string, unknown>
      for (const name of spec.host) {
        if (name === 'rem') math[name] = (a: number, b: number) => a % b
        else if (name === 'toInt32') math[name] = (x: number) => x | 0
        // hypot3 and hypot4 are Math.hypot of so many arguments.
        else math[name] = engine[name] ?? engine[name.replace(/[34]$/, '')]
      }
      const env = {
        memory,
        tls: new WebAssembly.Global({ value: 'i32', mutable: false }, area),
        alloc: (dtype: number, length: number) => allocator.alloc(dtype, length, true),
        allocRaw: (dtype: number, length: number) => allocator.alloc(dtype, length, false),
        free: (handle: number) => allocator.free(handle),
        launch(ordinal: number, lo: number, hi: number, args: number, serial: number): number {
          const run = program.exports[`launch${ordinal}`]!
          if (serial !== 0 || !launch) return run(lo, hi, args) as number
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
      const flat: (number | bigint | boolean)[] = []
      for (const a of args) {
        if (typeof a !== 'object') flat.push(a)
        else if (a.handle === 0) flat.push(0, 0, 0)
        else {
          const h = tools.header(a.handle)
          flat.push(a.handle, h.getUint32(layout.header.base, true), h.getUint32(layout.header.length, true))
        }
      }
      const out = program.exports['entry']!(...flat)
      const [status, result] = (Array.isArray(out) ? out : [out]) as [number, number | bigint | undefined]
      if (status !== 0) return { status, record: tools.recorded() }
      return result === undefined ? { status } : { status, result: Number(result) }
    },
    callJs(program: JsProgram, args: readonly AsyncArgument[]): Outcome {
      let kept = 0
      try {
        const values = args.map((a) => (typeof a === 'object' ? (tools.array(a.handle) ?? new Float64Array(0)) : a))
        const result = program.code.entry(...values)
        if (typeof result === 'number' || typeof result === 'boolean') return { status: 0, result }
        if (result === undefined) return { status: 0 }
        kept = handles.get(result as object) ?? 0
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

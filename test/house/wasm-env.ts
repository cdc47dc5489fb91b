/**
 * The smallest host for compiled modules: a memory, an allocator that never reuses, launches in chunks on this thread.
 * It fills freed blocks with rubbish and counts what lives, so that a lost or doubled reference shows.
 */

import * as b from '../../src/ir/build.ts'
import type { Alloc, Call, Expr, Fn, For, Local, Module, Stmt, Type } from '../../src/ir/ir.ts'
import { F64, INDEX } from '../../src/ir/types.ts'
import { BORROWED, HEADER, PAGE, TLS } from '../../src/runtime/layout.ts'
import type { WasmArtifact } from '../../src/targets/target.ts'
import { wasm } from '../../src/targets/wasm/index.ts'
import { DTYPES, dtypeCode, dtypeInfo, dtypeOf, type TypedArray } from '../../src/types.ts'

const TLS_ADDRESS = PAGE
const PAGES = 64

export type Argument = number | bigint | boolean | TypedArray
export interface Failure {
  readonly site: number
  readonly value0: number
  readonly value1: number
}
export interface Outcome {
  readonly status: number
  readonly value: number | bigint | undefined
  readonly failure: Failure | undefined
  /** Blocks of the module's own that nobody freed, the result among them. */
  readonly live: number
}

export class WasmEnv {
  readonly artifact: WasmArtifact
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true })
  readonly exports: Record<string, (...args: unknown[]) => unknown>
  /** Iterations a launch hands out at a time. */
  chunk = 3
  launches: { lo: number; hi: number; serial: number }[] = []
  live = 0
  frees = 0
  #top = TLS_ADDRESS + TLS.bytes
  #view = new DataView(this.memory.buffer)

  constructor(module: Module) {
    this.artifact = wasm.emit(module)
    const { bytes } = this.artifact
    if (!WebAssembly.validate(bytes)) new WebAssembly.Module(bytes)
    const alloc = (dtype: number, length: number) => this.#alloc(dtype, length)
    const host = Object.fromEntries(
      Object.getOwnPropertyNames(Math).map((name) => [name, (Math as unknown as Record<string, unknown>)[name]]),
    )
    const env = {
      memory: this.memory,
      tls: new WebAssembly.Global({ value: 'i32', mutable: false }, TLS_ADDRESS),
      alloc,
      allocRaw: alloc,
      free: (handle: number) => this.#free(handle),
      launch: (ordinal: number, lo: number, hi: number, args: number, serial: number) =>
        this.#launch(ordinal, lo, hi, args, serial),
    }
    const math = {
      ...host,
      hypot3: Math.hypot,
      hypot4: Math.hypot,
      rem: (a: number, b: number) => a % b,
      toInt32: (a: number) => a | 0,
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env, math } as WebAssembly.Imports)
    this.exports = instance.exports as WasmEnv['exports']
  }

  #alloc(dtype: number, length: number): number {
    const { size } = DTYPES[dtype]!
    if (!(Number.isInteger(length) && length >= 0) || this.#top + length * size > PAGES * PAGE) return 0
    const handle = this.#place(dtype, length, 1)
    this.live++
    return handle
  }

  #place(dtype: number, length: number, refs: number): number {
    const handle = this.#top
    const base = handle + HEADER.bytes
    this.#top = Math.ceil((base + length * DTYPES[dtype]!.size + 16) / 16) * 16
    this.#view.setUint32(handle + HEADER.base, base, true)
    this.#view.setUint32(handle + HEADER.length, length, true)
    this.#view.setInt32(handle + HEADER.refs, refs, true)
    this.#view.setInt32(handle + HEADER.dtype, dtype, true)
    return handle
  }

  #free(handle: number): void {
    if (this.#view.getInt32(handle + HEADER.refs, true) !== 0) throw new Error('freed while referred to')
    this.array(handle).fill(0)
    this.#view.setInt32(handle + HEADER.refs, -1000, true)
    this.live--
    this.frees++
  }

  #launch(ordinal: number, lo: number, hi: number, args: number, serial: number): number {
    this.launches.push({ lo, hi, serial })
    for (let from = lo; from < hi; from += this.chunk) {
      const status = this.exports[`launch${ordinal}`]!(from, Math.min(hi, from + this.chunk), args) as number
      if (status !== 0) return status
    }
    return 0
  }

  /** What a handle names, as a view. */
  array(handle: number): Float64Array {
    const dtype = DTYPES[this.#view.getInt32(handle + HEADER.dtype, true)]!
    const base = this.#view.getUint32(handle + HEADER.base, true)
    return new dtype.ctor(
      this.memory.buffer as unknown as ArrayBuffer,
      base,
      this.#view.getUint32(handle + HEADER.length, true),
    ) as Float64Array
  }

  refs(handle: number): number {
    return this.#view.getInt32(handle + HEADER.refs, true)
  }

  /** Copies an array in; gives its handle. */
  lend(array: TypedArray): number {
    const dtype = dtypeOf(array)!
    const handle = this.#place(dtypeCode(dtype), array.length, BORROWED)
    ;new (dtypeInfo(dtype).ctor as unknown as Float64ArrayConstructor)(
      this.memory.buffer as unknown as ArrayBuffer,
      handle + HEADER.bytes,
      array.length,
    ).set(array as Float64Array)
    return handle
  }

  /** Calls the entry function; arrays are copied in before and out afterwards. */
  call(...args: readonly Argument[]): Outcome {
    const lent: { array: TypedArray; handle: number }[] = []
    const flat = args.flatMap((arg): (number | bigint)[] => {
      if (typeof arg !== 'object') return [typeof arg === 'boolean' ? Number(arg) : arg]
      const handle = lent.find(({ array }) => array === arg)?.handle ?? this.lend(arg)
      lent.push({ array: arg, handle })
      return [handle, handle + HEADER.bytes, arg.length]
    })
    const result = this.exports['entry']!(...flat)
    const [status, value] = Array.isArray(result) ? (result as [number, number]) : [result as number, undefined]
    for (const { array, handle } of lent) (array as Float64Array).set(this.array(handle))
    const failure = {
      site: this.#view.getInt32(TLS_ADDRESS + TLS.site, true),
      value0: this.#view.getFloat64(TLS_ADDRESS + TLS.value0, true),
      value1: this.#view.getFloat64(TLS_ADDRESS + TLS.value1, true),
    }
    return { status, value, failure: status === 0 ? undefined : failure, live: this.live }
  }
}

// ─────────────────────────── short words for modules ───────────────────────────

export const SPAN = { source: 0, start: 0, end: 0 }
/** The site of every allocation by `alloc` below unless one is given. */
export const ALLOC_SITE = 9
export const i = (value: number): Expr => b.num(INDEX, value)
export const f = (value: number): Expr => b.num(F64, value)

export function fn(name: string, params: Local[], results: Type[], locals: Local[], body: Stmt[], canFail = true): Fn {
  return { name, params, results, locals, body, canFail }
}
/** The first function is the entry. */
export function moduleOf(...functions: Fn[]): Module {
  return { name: 'test', stage: 'target', functions, entry: functions[0]!.name, sites: [], sources: [] }
}
export const env = (...functions: Fn[]): WasmEnv => new WasmEnv(moduleOf(...functions))
export const alloc = (local: Local, length: Expr, site = ALLOC_SITE, zero = true): Alloc => ({
  kind: 'alloc',
  local,
  length,
  zero,
  site,
})
export const call = (name: string, args: Expr[], results: Local[]): Call => ({
  kind: 'call',
  fn: name,
  args,
  results,
  site: 0,
})
export const loop = (v: Local, n: Expr, body: Stmt[]): For => b.forStmt(b.label('loop'), v, i(0), n, body, SPAN)

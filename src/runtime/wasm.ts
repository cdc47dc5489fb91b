/** Loads WebAssembly artifacts (targets/target.ts says what they import and export) and calls them with JS values. */

import { TsumbaError } from '../errors.ts'
import type { Type } from '../ir/ir.ts'
import type { EntryShape, WasmArtifact } from '../targets/target.ts'
import { dtypeCode, dtypeInfo, type TypedArray } from '../types.ts'
import { adopt, isShared } from './arrays.ts'
import { borrowArea, type Loan, lend, take, writeHeader } from './arrays-lend.ts'
import { failureError, internalError, translate } from './failure.ts'
import { hostFunctions } from './host.ts'
import { HEADER, TLS } from './layout.ts'
import type { Loaded, LoadOptions } from './loaded.ts'
import { callElsewhere } from './loaded-async.ts'
import { type Heap, heap, heapReason } from './memory.ts'
import { launch, registerProgram } from './threads.ts'

/** Compiled code counts elements in an i32. */
const MAX_LENGTH = 2 ** 31 - 1

/** How a JS value becomes a wasm one. */
type Passing = 'number' | 'bool' | 'i64' | 'array'

/** @throws TsumbaError `no-memory` where there is no shared memory (its message has the reason), `internal` */
export function loadWasm(artifact: WasmArtifact, options: LoadOptions): Loaded {
  const made = heap()
  if (!made) {
    throw new TsumbaError(`\`${options.name}\` cannot run as WebAssembly: ${heapReason()}.`, 'no-memory')
  }
  const module = compile(artifact.bytes, options.name)
  const { alloc, free } = made.allocator
  let id: number | undefined
  const registered = () => (id ??= registerProgram({ kind: 'wasm', module, host: artifact.host }))
  const env = {
    memory: made.memory,
    tls: new WebAssembly.Global({ value: 'i32', mutable: false }, made.tls),
    alloc: (dtype: number, length: number) => alloc(dtype, length, true),
    allocRaw: (dtype: number, length: number) => alloc(dtype, length, false),
    free,
    launch(ordinal: number, lo: number, hi: number, args: number, serial: number): number {
      const run = exports[`launch${ordinal}`]!
      if (serial !== 0) return run(lo, hi, args)
      return launch(registered(), ordinal, lo, hi, args >>> 0, (from, to) => run(from, to, args))
    },
  }
  const instance = new WebAssembly.Instance(module, { env, math: hostFunctions(artifact.host) })
  const exports = instance.exports as unknown as Record<string, (...args: number[]) => number>
  return new Program(made, exports['entry'] as never, artifact, options, registered)
}

function compile(bytes: Uint8Array<ArrayBuffer>, name: string): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) throw internalError(name, error.message, error)
    throw error
  }
}

class Program implements Loaded {
  private readonly made: Heap
  private readonly entry: (...args: (number | bigint)[]) => number | readonly (number | bigint)[]
  private readonly options: LoadOptions
  private readonly passing: readonly Passing[]
  private readonly dtypes: readonly number[]
  private readonly result: Type | undefined
  private readonly shape: EntryShape
  /** The program's number on other threads. */
  private readonly registered: () => number
  private readonly arrays: number
  /** The arguments of the call that is about to happen; reused, since the call itself copies them. */
  private readonly flat: (number | bigint)[] = []
  private readonly bases: number[]

  constructor(
    made: Heap,
    entry: Program['entry'],
    artifact: WasmArtifact,
    options: LoadOptions,
    registered: () => number,
  ) {
    this.made = made
    this.shape = artifact.entry
    this.registered = registered
    this.entry = entry
    this.options = options
    const { params, results } = artifact.entry
    this.passing = params.map(passingOf)
    this.dtypes = params.map((type) => (type.kind === 'array' ? dtypeCode(type.dtype) : -1))
    this.result = results[0]
    this.arrays = this.passing.filter((p) => p === 'array').length
    this.bases = params.map(() => 0)
  }

  call(args: readonly unknown[]): unknown {
    const area = borrowArea()
    const mark = area.top
    let loan: Loan | undefined
    let failed = true
    try {
      // Whatever is wrong with an argument is found before anything is copied.
      let ordinary: number[] | undefined
      const { passing, bases, flat } = this
      for (let k = 0; k < passing.length; k++) {
        if (passing[k] !== 'array') continue
        const view = args[k] as TypedArray
        if (view.length > MAX_LENGTH) throw tooLong(this.options.name, view.length)
        if (isShared(view)) bases[k] = view.byteOffset
        else if (ordinary === undefined) ordinary = [k]
        else ordinary.push(k)
      }
      if (ordinary) loan = lend(this.made, args, ordinary, this.options.use, this.options.canFail, bases)

      let header = this.arrays === 0 ? 0 : take(area, this.arrays * HEADER.bytes)
      let at = 0
      for (let k = 0; k < passing.length; k++) {
        const value = args[k]
        switch (passing[k]) {
          case 'number':
            flat[at++] = value as number
            break
          case 'bool':
            flat[at++] = value ? 1 : 0
            break
          case 'i64':
            flat[at++] = BigInt(value as number)
            break
          default: {
            const length = (value as TypedArray).length
            writeHeader(area, header, bases[k]!, length, this.dtypes[k]!)
            flat[at++] = header
            flat[at++] = bases[k]!
            flat[at++] = length
            header += HEADER.bytes
          }
        }
      }
      const out = this.entry.apply(undefined, flat)
      const status = typeof out === 'number' ? out : (out[0] as number)
      if (status !== 0) throw this.recorded()
      failed = false
      return typeof out === 'number' ? undefined : this.fromWasm(out[1]!, args, mark)
    } catch (error) {
      throw translate(error, this.options.name)
    } finally {
      area.top = mark
      loan?.settle(failed)
    }
  }

  async(args: readonly unknown[]): Promise<unknown> {
    return callElsewhere(this.registered, this.shape, this.options, this, args)
  }

  private recorded(): Error {
    const record = new DataView(this.made.allocator.reach(this.made.tls + TLS.bytes).buffer, this.made.tls, TLS.stack)
    const site = this.options.sites[record.getInt32(TLS.site, true)]
    if (!site) return internalError(this.options.name, 'a failure without a site')
    const value0 = record.getFloat64(TLS.value0, true)
    return failureError(site, this.options.sources, value0, record.getFloat64(TLS.value1, true))
  }

  private fromWasm(value: number | bigint, args: readonly unknown[], headers: number): unknown {
    const type = this.result!
    if (type.kind === 'array') {
      const handle = (value as number) >>> 0
      if (handle === 0) return new (dtypeInfo(type.dtype).ctor)(0)
      const nth = (handle - headers) / HEADER.bytes
      if (nth >= 0 && nth < this.arrays) return nthArray(this.passing, args, nth)
      return adopt(handle)
    }
    if (type.kind === 'scalar' && type.name === 'bool') return value !== 0
    return Number(value)
  }
}

function tooLong(name: string, length: number): TsumbaError {
  return new TsumbaError(
    `\`${name}\` was given an array of ${length} elements; as WebAssembly it takes fewer than 2³¹.\n` +
      "Remedy: use `target: 'js'`, or pass parts of the array (`.subarray`).",
    'too-long',
  )
}

/** The very array that the caller passed as the nth of its arrays. */
function nthArray(passing: readonly Passing[], args: readonly unknown[], nth: number): unknown {
  let left = nth
  return args.find((_, k) => passing[k] === 'array' && left-- === 0)
}

function passingOf(type: Type): Passing {
  if (type.kind === 'array') return 'array'
  if (type.kind !== 'scalar') throw new TypeError(`a ${type.kind} cannot be passed from JavaScript`)
  if (type.name === 'bool') return 'bool'
  return type.name === 'i64' ? 'i64' : 'number'
}

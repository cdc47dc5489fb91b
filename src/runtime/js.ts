/**
 * Loads checked JavaScript (targets/target.ts says what its text returns and asks for) and calls it.
 *
 * A program without parallel parts runs on the caller's arrays as they are; what it makes is shared where those are.
 * One with such parts runs in shared memory, where other threads reach it: ordinary arguments are lent to it. What a
 * program allocates in shared memory belongs to the call, except for the result, so that nothing waits for the garbage
 * collector.
 */

import { TsumbaError } from '../errors.ts'
import type { Type } from '../ir/ir.ts'
import type { JsArtifact } from '../targets/target.ts'
import { DTYPES, type DType, dtypeCode, dtypeInfo, dtypeOf, type TypedArray } from '../types.ts'
import { adopt, bufferBehind, isShared, pressure, viewAt, viewOf } from './arrays.ts'
import { borrowArea, type Loan, lend, take, writeHeader } from './arrays-lend.ts'
import { failureError, internalError, translate } from './failure.ts'
import { HEADER, SLOT, TLS } from './layout.ts'
import type { Loaded, LoadOptions } from './loaded.ts'
import { callElsewhere } from './loaded-async.ts'
import { type Heap, heap } from './memory.ts'
import { getNumThreads, launch, registerProgram } from './threads.ts'

/** What the text throws, until it is known which error it stands for. */
class Failed {
  readonly site: number
  readonly value0: number
  readonly value1: number
  constructor(site: number, value0 = 0, value1 = 0) {
    this.site = site
    this.value0 = value0
    this.value1 = value1
  }
}

interface Code {
  entry(...args: unknown[]): unknown
  launches: readonly ((lo: number, hi: number, ...args: unknown[]) => void)[]
}

/** A call may hold so many bytes of its own in shared memory; past that its arrays are ordinary ones. */
const CALL_LIMIT = 2 ** 30
/** The same for a program of one thread, which needs no shared memory but saves fresh pages by it. */
const SERIAL_LIMIT = 2 ** 28

/** @throws TsumbaError `no-eval` where the page's policy forbids making functions from text. */
export function loadJs(artifact: JsArtifact, options: LoadOptions): Loaded {
  return new Program(artifact, options)
}

class Program implements Loaded {
  private readonly artifact: JsArtifact
  private readonly options: LoadOptions
  private readonly code: Code
  private readonly arrays: readonly number[]
  private readonly allocates: boolean
  private readonly made: Heap | undefined
  private id: number | undefined
  private readonly rt: { ordinary: boolean }
  /** Blocks of the call under way, by their view; undefined where arrays are ordinary. */
  private blocks: Map<unknown, number> | undefined
  private blockBytes = 0

  constructor(artifact: JsArtifact, options: LoadOptions) {
    this.artifact = artifact
    this.options = options
    this.arrays = artifact.entry.params.flatMap((type, k) => (type.kind === 'array' ? [k] : []))
    this.allocates = /\brt\.alloc\(/.test(artifact.text)
    this.made = artifact.launches.length > 0 || this.allocates ? heap() : undefined
    const rt = {
      ordinary: false,
      fail: (site: number, value0?: number, value1?: number) => new Failed(site, value0, value1),
      alloc: (dtype: DType | number, length: number, site: number, raw?: boolean) =>
        this.alloc(dtype, length, site, raw),
      overlap,
      launch: (ordinal: number, lo: number, hi: number, args: readonly unknown[], serial: unknown) =>
        this.launch(ordinal, lo, hi, args, serial),
    }
    let make: (rt: unknown) => Code
    try {
      make = new Function('rt', artifact.text) as typeof make
    } catch (error) {
      if (!(error instanceof EvalError)) throw error
      throw new TsumbaError(
        `\`${options.name}\` cannot be compiled here: the page's Content-Security-Policy forbids code from text.\n` +
          "Remedy: allow 'unsafe-eval' in its script-src; until then the function runs uncompiled.",
        'no-eval',
        { cause: error },
      )
    }
    this.code = make(rt)
    this.rt = rt
  }

  call(args: readonly unknown[]): unknown {
    try {
      return this.made && this.wantsShared(args) ? this.callShared(this.made, args) : this.callInPlace(args)
    } catch (error) {
      if (!(error instanceof Failed)) throw translate(error, this.options.name)
      const site = this.options.sites[error.site]
      if (!site) throw internalError(this.options.name, 'a failure without a site')
      throw failureError(site, this.options.sources, error.value0, error.value1)
    }
  }

  /**
   * On several threads all must reach the arrays. On one, copies would only cost time; but where all arguments are
   * shared already, so are the results: memory used before costs less than fresh pages.
   */
  private wantsShared(args: readonly unknown[]): boolean {
    if (this.artifact.launches.length > 0 && getNumThreads() > 1) return true
    return this.allocates && this.arrays.length > 0 && this.arrays.every((k) => isShared(args[k] as TypedArray))
  }

  async(args: readonly unknown[]): Promise<unknown> {
    return callElsewhere(() => this.registered(), this.artifact.entry, this.options, this, args)
  }

  private registered(): number {
    const { text, launchParams } = this.artifact
    return (this.id ??= registerProgram({ kind: 'js', text, launchParams }))
  }

  private callInPlace(args: readonly unknown[]): unknown {
    // Freed and detached arrays throw here.
    for (const k of this.arrays) isShared(args[k] as TypedArray)
    this.rt.ordinary = true
    return this.code.entry(...args)
  }

  private callShared(made: Heap, args: readonly unknown[]): unknown {
    const ordinary = this.arrays.filter((k) => !isShared(args[k] as TypedArray))
    const values = [...args]
    const area = borrowArea()
    const top = area.top
    const outer = { blocks: this.blocks, bytes: this.blockBytes }
    const blocks = new Map<unknown, number>()
    let loan: Loan | undefined
    let failed = true
    try {
      if (ordinary.length > 0) {
        const bases: number[] = []
        try {
          loan = lend(made, args, ordinary, this.options.use, this.options.canFail, bases)
        } catch (error) {
          if (!(error instanceof TsumbaError && error.code === 'out-of-memory')) throw error
          return this.callInPlace(args)
        }
        for (const k of ordinary) {
          const view = args[k] as TypedArray
          if (bases[k] !== 0) values[k] = viewAt(made, dtypeInfo(dtypeOf(view)!), bases[k]!, view.length)
        }
      }
      this.blocks = blocks
      this.rt.ordinary = false
      this.blockBytes = 0
      const result = this.code.entry(...values)
      failed = false
      const passed = this.arrays.find((k) => values[k] === result)
      if (passed !== undefined) return args[passed]
      const handle = blocks.get(result)
      if (handle === undefined) return result
      blocks.delete(result)
      return adopt(handle)
    } finally {
      this.blocks = outer.blocks
      this.blockBytes = outer.bytes
      area.top = top
      for (const handle of blocks.values()) made.allocator.free(handle)
      loan?.settle(failed)
    }
  }

  private alloc(dtype: DType | number, length: number, site: number, raw = false): TypedArray {
    const info = typeof dtype === 'number' ? DTYPES[dtype]! : dtypeInfo(dtype)
    if (!(length >= 0) || !Number.isInteger(length)) throw new Failed(site, length, 0)
    const bytes = length * info.size
    const limit = this.artifact.launches.length > 0 ? CALL_LIMIT : pressure(bytes) ? 0 : SERIAL_LIMIT
    if (this.blocks && this.made && this.blockBytes + bytes <= limit) {
      const handle = this.made.allocator.alloc(dtypeCode(info.name), length, !raw)
      if (handle !== 0) {
        const view = viewOf(this.made, handle)
        this.blocks.set(view, handle)
        this.blockBytes += bytes
        return view
      }
    }
    try {
      return new info.ctor(length)
    } catch (error) {
      if (error instanceof RangeError) throw new Failed(site, length, 0)
      throw error
    }
  }

  private launch(ordinal: number, lo: number, hi: number, args: readonly unknown[], serial: unknown): void {
    if (hi <= lo) return
    const run = this.code.launches[ordinal]!
    const { blocks, made } = this
    const types = this.artifact.launchParams[ordinal]!
    // Launches inside launched parts run where they are met, and so do arrays that other threads cannot reach.
    if (serial || !made || !blocks || !reachable(types, args)) {
      run(lo, hi, ...args)
      return
    }
    const area = borrowArea()
    const top = area.top
    this.blocks = undefined
    try {
      const status = launch(this.registered(), ordinal, lo, hi, writeSlots(types, args), (from, to) => {
        try {
          run(from, to, ...args)
          return 0
        } catch (error) {
          if (!(error instanceof Failed)) throw error
          record(made, error)
          return 1
        }
      })
      if (status !== 0) throw recorded(made)
    } finally {
      this.blocks = blocks
      area.top = top
    }
  }
}

const reachable = (types: readonly Type[], args: readonly unknown[]): boolean =>
  types.every(
    (type, k) => type.kind !== 'array' || (args[k] as TypedArray).length === 0 || isShared(args[k] as TypedArray),
  )

/** Arguments as layout.ts says of SLOT; the address. They last until the area's `top` is put back. */
function writeSlots(types: readonly Type[], args: readonly unknown[]): number {
  const area = borrowArea()
  const slots = take(area, types.length * SLOT)
  const data = new DataView(area.words.buffer, slots, types.length * SLOT)
  types.forEach((type, k) => {
    const at = k * SLOT
    if (type.kind === 'array') {
      const view = args[k] as TypedArray
      const header = take(area, HEADER.bytes)
      writeHeader(area, header, view.length === 0 ? 0 : view.byteOffset, view.length, dtypeCode(type.dtype))
      data.setInt32(at, header, true)
    } else if (type.kind === 'scalar' && (type.name === 'f64' || type.name === 'f32' || type.name === 'i64')) {
      data.setFloat64(at, Number(args[k]), true)
    } else {
      data.setInt32(at, Number(args[k]), true)
    }
  })
  return slots
}

const areaView = (made: Heap): DataView => new DataView(made.allocator.reach(made.tls + TLS.bytes).buffer, made.tls)

function record(made: Heap, failed: Failed): void {
  const view = areaView(made)
  view.setInt32(TLS.site, failed.site, true)
  view.setFloat64(TLS.value0, failed.value0, true)
  view.setFloat64(TLS.value1, failed.value1, true)
}

function recorded(made: Heap): Failed {
  const view = areaView(made)
  return new Failed(view.getInt32(TLS.site, true), view.getFloat64(TLS.value0, true), view.getFloat64(TLS.value1, true))
}

/** Whether the bytes of two arrays overlap. */
function overlap(a: TypedArray, b: TypedArray): boolean {
  if (a.length === 0 || b.length === 0) return false
  if (a.byteOffset >= b.byteOffset + b.byteLength || b.byteOffset >= a.byteOffset + a.byteLength) return false
  // Growth gives the one memory several buffer objects.
  return bufferBehind(a) === bufferBehind(b) || (isShared(a) && isShared(b))
}

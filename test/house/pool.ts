/** Programs for the thread pool's tests: checked JavaScript over arrays in the shared memory, written by hand. */

import type { Type } from '../../src/ir/ir.ts'
import { HEADER, SLOT, TLS } from '../../src/runtime/layout.ts'
import { heap } from '../../src/runtime/memory.ts'
import { launch, registerProgram, threadArea } from '../../src/runtime/threads.ts'
import { type DType, dtypeCode, dtypeInfo, type TypedArray } from '../../src/types.ts'

export const INT32: Type = { kind: 'array', dtype: 'int32', rank: 1, space: 'global' }
export const FLOAT64: Type = { kind: 'scalar', name: 'f64' }

/** Tells main from workers inside a program's text: workers do not have it. */
Object.assign(globalThis, { poolMain: true })
export const ON_WORKER = `(typeof poolMain === 'undefined')`

export interface Shared<A> {
  readonly handle: number
  readonly view: A
}

const bytes = () => new DataView(heap()!.memory.buffer)

export function shared<A extends TypedArray = Int32Array>(length: number, dtype: DType = 'int32'): Shared<A> {
  const handle = heap()!.allocator.alloc(dtypeCode(dtype), length, true)
  const Ctor = dtypeInfo(dtype).ctor as unknown as new (b: ArrayBufferLike, at: number, n: number) => A
  return { handle, view: new Ctor(heap()!.memory.buffer, bytes().getUint32(handle + HEADER.base, true), length) }
}

/** The address of slots with these values: an array or an f64 each. */
export function slots(...values: (number | Shared<unknown>)[]): number {
  const address = bytes().getUint32(heap()!.allocator.alloc(0, values.length, true) + HEADER.base, true)
  values.forEach((value, k) => {
    if (typeof value === 'number') bytes().setFloat64(address + k * SLOT, value, true)
    else bytes().setUint32(address + k * SLOT, value.handle, true)
  })
  return address
}

export function recordOf(area: number): { site: number; value0: number; value1: number } {
  const at = bytes()
  return {
    site: at.getInt32(area + TLS.site, true),
    value0: at.getFloat64(area + TLS.value0, true),
    value1: at.getFloat64(area + TLS.value1, true),
  }
}

class Failure extends Error {}

/** A program with one launched function: the text of its body over lo, hi and the named parameters. */
export function loop(body: string, params: Readonly<Record<string, Type>>, entry = 'undefined') {
  const text = `const launches = [(lo, hi, ${Object.keys(params).join(', ')}) => {${body}}]
return { launches, entry: ${entry} }`
  const id = registerProgram({ kind: 'js', text, launchParams: [Object.values(params)] })
  const rt = {
    fail(site: number, value0 = 0, value1 = 0) {
      const at = bytes()
      at.setInt32(threadArea() + TLS.site, site, true)
      at.setFloat64(threadArea() + TLS.value0, value0, true)
      at.setFloat64(threadArea() + TLS.value1, value1, true)
      return new Failure()
    },
    launch(ordinal: number, lo: number, hi: number, args: readonly (number | TypedArray)[]) {
      if (launch(id, ordinal, lo, hi, 0, here(args)) !== 0) throw new Failure()
    },
  }
  const code = new Function('rt', text)(rt) as { launches: ((...a: unknown[]) => void)[] }
  const here = (args: readonly unknown[]) => (lo: number, hi: number) => {
    try {
      code.launches[0]!(lo, hi, ...args)
      return 0
    } catch (error) {
      if (error instanceof Failure) return 1
      throw error
    }
  }
  return {
    id,
    run(lo: number, hi: number, ...args: (number | Shared<unknown>)[]): number {
      const views = args.map((a) => (typeof a === 'number' ? a : a.view))
      return launch(id, 0, lo, hi, slots(...args), here(views))
    },
  }
}

/** Text that keeps a thread busy for some microseconds. */
export const busy = (us: number): string =>
  `{ const until = performance.now() + ${us / 1000}; while (performance.now() < until); }`

/** Launches until a worker has taken part, so that what follows finds the pool up. */
export function startPool(): void {
  const seen = shared(1)
  const program = loop(`for (let i = lo; i < hi; i++) { ${busy(100)} if (${ON_WORKER}) seen[0] = 1 }`, { seen: INT32 })
  for (let tries = 0; tries < 100 && seen.view[0] === 0; tries++) program.run(0, 400, seen)
  if (seen.view[0] === 0) throw new Error('no worker took part')
}

/**
 * A WebAssembly program that imports env.memory, env.tls, env.launch, math.cos.
 * `launch0(lo, hi, args)`: adds 1 to elements lo to hi of the int32 array in slot 0; at the i32 in slot 1 it fails
 * instead: site 6, value0 the index.
 * `entry(array, stop: i32) → status, array`: launches that over all elements.
 */
export const WASM_COUNT = (() => {
  const op = { get: 0x20, set: 0x21, tls: 0x23, i32: 0x41 }
  const launch0 = [
    [1, 1, 0x7f], // one local, i32: the element's address
    [0x03, 0x40], // loop
    [op.get, 0, op.get, 1, 0x48, 0x04, 0x40], // if lo < hi
    [op.get, 0, op.get, 2, 0x28, 2, 8, 0x46, 0x04, 0x40], // if lo == args[1]
    [op.tls, 0, op.i32, 6, 0x36, 2, 0], // tls.site = 6
    [op.tls, 0, op.get, 0, 0xb7, 0x39, 3, 8], // tls.value0 = lo
    [op.i32, 1, 0x0f, 0x0b], // return 1
    [op.get, 2, 0x28, 2, 0, 0x28, 2, 0], // the base
    [op.get, 0, op.i32, 2, 0x74, 0x6a, 0x22, 3], // + lo * 4
    [op.get, 3, 0x28, 2, 0], // the element
    [0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0xaa], // i32(cos(0)), which is 1
    [0x6a, 0x36, 2, 0], // the sum goes back
    [op.get, 0, op.i32, 1, 0x6a, op.set, 0], // lo++
    [0x0c, 1, 0x0b, 0x0b, op.i32, 0, 0x0b], // next; return 0
  ]
  const entry = [
    [0], // (handle, base, length, stop)
    [op.tls, 0, op.get, 0, 0x36, 2, 64], // slot 0
    [op.tls, 0, op.get, 3, 0x36, 2, 72], // slot 1
    [op.i32, 0, op.i32, 0, op.get, 2, op.tls, 0, op.i32, 0xc0, 0, 0x6a, op.i32, 0, 0x10, 1], // launch(0, 0, length, tls + 64, 0)
    [op.get, 0, 0x0b],
  ]
  const text = (s: string) => [s.length, ...new TextEncoder().encode(s)]
  const sized = (bytes: number[]) => [(bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes]
  const i32s = (n: number) => [n, ...Array<number>(n).fill(0x7f)]
  const types = [
    [0x60, 1, 0x7c, 1, 0x7c],
    [0x60, ...i32s(3), ...i32s(1)],
    [0x60, ...i32s(5), ...i32s(1)],
    [0x60, ...i32s(4), ...i32s(2)],
  ]
  const imports = [
    [...text('env'), ...text('memory'), 2, 3, 0, 0x80, 0x80, 4],
    [...text('env'), ...text('tls'), 3, 0x7f, 0],
    [...text('math'), ...text('cos'), 0, 0],
    [...text('env'), ...text('launch'), 0, 2],
  ]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, ...sized([types.length, ...types.flat()])],
    ...[2, ...sized([imports.length, ...imports.flat()])],
    ...[3, ...sized([2, 1, 3])],
    ...[7, ...sized([2, ...text('launch0'), 0, 2, ...text('entry'), 0, 3])],
    ...[10, ...sized([2, ...sized(launch0.flat()), ...sized(entry.flat())])],
  ])
})()

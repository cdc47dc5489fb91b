/** Calls of a loaded program on the coordinator's thread (threads-async.ts). */

import type { EntryShape } from '../targets/target.ts'
import { dtypeCode, dtypeInfo, type TypedArray } from '../types.ts'
import { adopt, hold, isShared } from './arrays.ts'
import { lend, writeHeader } from './arrays-lend.ts'
import { failureError, internalError, memoryError, translate } from './failure.ts'
import { HEADER } from './layout.ts'
import type { Loaded, LoadOptions } from './loaded.ts'
import { heap } from './memory.ts'
import { type AsyncArgument, canRunAsync, runAsync } from './threads-async.ts'

/** @param id the registered program */
export async function callElsewhere(
  id: () => number,
  shape: EntryShape,
  options: LoadOptions,
  program: Loaded,
  args: readonly unknown[],
): Promise<unknown> {
  const made = heap()
  if (!made || !canRunAsync()) {
    // Errors become rejections and the caller goes on first, as with a thread.
    await undefined
    return program.call(args)
  }
  const { allocator } = made
  const positions = shape.params.flatMap((type, k) => (type.kind === 'array' ? [k] : []))
  const ordinary = positions.filter((k) => !isShared(args[k] as TypedArray))
  const bases = args.map((value, k) => (shape.params[k]?.kind === 'array' ? (value as TypedArray).byteOffset : 0))
  // Headers that outlive this task cannot stand on the stack of the calls in it.
  const block = allocator.alloc(dtypeCode('uint8'), positions.length * HEADER.bytes, false)
  if (block === 0) throw memoryError(`a call of \`${options.name}\` needs headers for its arguments`)
  const release = hold(positions.map((k) => args[k] as TypedArray))
  let loan: ReturnType<typeof lend> | undefined
  let failed = true
  try {
    loan = lend(made, args, ordinary, options.use, options.canFail, bases)
    const words = allocator.reach(block + HEADER.bytes)
    const first = words[(block + HEADER.base) >>> 2]!
    allocator.reach(first + positions.length * HEADER.bytes)
    const passed = args.map((value, k): AsyncArgument => {
      const type = shape.params[k]!
      if (type.kind !== 'array') return value as number | boolean
      const handle = first + positions.indexOf(k) * HEADER.bytes
      const to = { words: allocator.reach(handle + HEADER.bytes), top: 0, end: 0 }
      writeHeader(to, handle, bases[k]!, (value as TypedArray).length, dtypeCode(type.dtype))
      return { handle }
    })
    const { status, record, result } = await runAsync(id(), passed)
    if (status !== 0) {
      const site = record && options.sites[record.site]
      if (!site) throw internalError(options.name, 'a failure without a site')
      throw failureError(site, options.sources, record.value0, record.value1)
    }
    failed = false
    const type = shape.results[0]
    if (type?.kind !== 'array') return type?.kind === 'scalar' && type.name === 'bool' ? Boolean(result) : result
    const handle = (result as number) >>> 0
    if (handle === 0) return new (dtypeInfo(type.dtype).ctor)(0)
    const nth = (handle - first) / HEADER.bytes
    return nth >= 0 && nth < positions.length ? args[positions[nth]!] : adopt(handle)
  } catch (error) {
    throw translate(error, options.name)
  } finally {
    loan?.settle(failed)
    release()
    allocator.free(block)
  }
}

/** What a failing call throws: from the site of the program and the two values it recorded to an error for a person. */

import { BoundsError, codeFrame, TsumbaError } from '../errors.ts'
import type { Site, SourceText } from '../ir/ir.ts'
import { PACKAGE } from '../types.ts'
import { heap } from './memory.ts'

/** 1234567 bytes → `1.2 MB`. */
export function bytesText(bytes: number): string {
  for (const [size, unit] of [
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toPrecision(3).replace(/\.0+$/, '')} ${unit}`
  }
  return `${bytes} bytes`
}

/** How much of the shared memory is taken, for messages. */
export function usageText(): string {
  const made = heap()
  if (!made) return ''
  const { used, capacity } = made.allocator.stats()
  return `${bytesText(used)} of ${bytesText(capacity)} of shared memory are in use`
}

export const DEPTH_REMEDY = 'check that the recursion ends, or write it as a loop with its own stack.'

export function depthError(what: string): TsumbaError {
  return new TsumbaError(`${what} calls itself too deeply: the stack is full.\nRemedy: ${DEPTH_REMEDY}`, 'depth')
}

export function memoryError(asked: string): TsumbaError {
  const usage = usageText()
  return new TsumbaError(
    `${asked}: there is no room${usage === '' ? '' : ` (${usage})`}.\n` +
      'Remedy: let arrays go that are no longer needed (`using a = allocate(…)` frees at the end of its scope), or work on smaller parts.',
    'out-of-memory',
  )
}

/** No engine has longer typed arrays. */
const MAX_LENGTH = 2 ** 33

/** The error for a failure at `site`; `value0` and `value1` as Site says. */
export function failureError(site: Site, sources: readonly SourceText[], value0: number, value1: number): Error {
  const { code, subject } = site
  const where = place(site, sources)
  switch (code) {
    case 'bounds': {
      if (!Number.isInteger(value0)) {
        return new BoundsError(
          `index ${value0} of \`${subject}\` is not a whole number${where}\n` +
            'Remedy: round the index (Math.floor, Math.trunc, `| 0`) before it is used.',
        )
      }
      const length = value1 === 0 ? 'which is empty' : `length ${value1}: 0 to ${value1 - 1}`
      return new BoundsError(
        `index ${value0} is out of range for \`${subject}\` (${length})${where}\n` +
          `Remedy: ${value0 < 0 ? 'an index counts from 0; check the arithmetic' : "check the loop's end against the array's length"}, or guard the access with an \`if\`.`,
      )
    }
    // An allocation has one site for all that may go wrong with it: the value tells which it was.
    case 'length':
    case 'memory': {
      if (Number.isInteger(value0) && value0 >= 0 && value0 <= MAX_LENGTH) {
        const error = memoryError(`\`${subject}\` asks for ${value0} elements`)
        return new TsumbaError(error.message.replace('.\nRemedy', `${where}\nRemedy`), error.code)
      }
      return new TsumbaError(
        `the length ${value0} asked for by \`${subject}\` is ${lengthFault(value0)}${where}\n` +
          'Remedy: pass a whole number of elements, 0 or more (Math.floor a quotient).',
        'length',
      )
    }
    case 'integer':
      return new TsumbaError(
        `\`${subject}\` must be a whole number; it is ${value0}${where}\nRemedy: round it (Math.floor) before the loop.`,
        'integer',
      )
    case 'freed':
      return new TsumbaError(
        `\`${subject}\` was freed at the end of its \`using\` scope${where}\n` +
          'Remedy: use it inside that scope, or keep a copy (`.slice()`).',
        'freed',
      )
    case 'depth':
      return new TsumbaError(
        `\`${subject}\` calls itself too deeply: the stack is full${where}\nRemedy: ${DEPTH_REMEDY}`,
        'depth',
      )
    case 'worker':
      return new TsumbaError(
        `a worker of the thread pool died while it ran \`${subject}\`${where}\n` +
          'Remedy: call again (the pool starts anew); if it ran out of memory, work on smaller parts.',
        'worker-died',
      )
    case 'call':
      return new TsumbaError(`the call of \`${subject}\` failed${where}`, 'call')
    default:
      return code satisfies never
  }
}

function lengthFault(length: number): string {
  if (length < 0) return 'negative'
  return Number.isInteger(length) ? 'more than an array can have' : 'not a whole number'
}

/** ` (file:line:column)` and the source line below it; as much of it as is known. */
function place(site: Site, sources: readonly SourceText[]): string {
  const source = sources[site.span.source]
  if (!source) return ''
  const { loc, frame } = codeFrame(source, site.span.start, site.span.end)
  return ` (${loc.file ? `${loc.file}:` : `\`${source.name}\`, line `}${loc.line}:${loc.column})\n\n${frame}\n`
}

/** What a call throws for what the engine threw. */
export function translate(error: unknown, name: string): unknown {
  if (error instanceof TsumbaError || !(error instanceof Error)) return error
  // V8 and JavaScriptCore; SpiderMonkey has an InternalError of its own.
  if (/call stack|too much recursion/i.test(error.message) && error.name !== 'BoundsError') {
    return depthError(`\`${name}\``)
  }
  if (error instanceof WebAssembly.RuntimeError) return internalError(name, error.message, error)
  return error
}

export function internalError(name: string, what: string, cause?: Error): TsumbaError {
  return new TsumbaError(
    `the compiled code of \`${name}\` stopped where it never should (${what}). This is a fault of ${PACKAGE}, not of your function.\n` +
      `Remedy: please report it with the function and its arguments; ${PACKAGE.toUpperCase()}_DISABLE_JIT=1 runs everything uncompiled meanwhile.`,
    'internal',
    cause ? { cause } : undefined,
  )
}

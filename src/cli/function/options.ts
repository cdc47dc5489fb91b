/** What `time` and `explain` have in common: a function, its arguments, how it is compiled. */

import { jitDisabled } from '../../driver/environment.ts'
import { PACKAGE } from '../../types.ts'
import { fileName, parseFlags, threadCount, wholeNumber } from '../flags.ts'
import { UsageError } from '../usage.ts'
import { argumentsOfCode, argumentsOfTypes } from './arguments.ts'
import { type AnyFn, type LoadedFunction, loadFunction } from './load.ts'

const COMMON = {
  help: { type: 'boolean', short: 'h' },
  types: { type: 'string' },
  args: { type: 'string' },
  parallel: { type: 'boolean' },
  fastmath: { type: 'boolean' },
  ordinary: { type: 'boolean' },
  threads: { type: 'string' },
  json: { type: 'string' },
} as const
const FLAGS = { time: { ...COMMON, runs: { type: 'string' } }, explain: COMMON } as const

export const COMMON_HELP = `  --types LIST     the types of its arguments, filled from a seed: 'float64[1e6], int32, 20000'
                   float64, int32 and bool are scalars, float64[n] … uint8[n] arrays; numbers are themselves.
                   Floats are in [0, 1), whole numbers in 0 … 99
  --args CODE      or the arguments themselves, as JavaScript: 'new Float64Array(1e6), 20000'
`
export const COMPILE_HELP = `  --fastmath       compile so that sums may be reordered
  --threads n      threads for parallel loops (default: all cores, or TSUMBA_NUM_THREADS)
  --ordinary       call compiled variants with ordinary arrays, which may have to be copied in and out,
                   instead of arrays from allocate()
`

export interface FunctionOptions {
  readonly target: string
  readonly types: string | undefined
  readonly args: string | undefined
  readonly parallel: boolean
  readonly fastmath: boolean
  readonly ordinary: boolean
  readonly threads: number | undefined
  readonly json: string | undefined
  readonly runs: number | undefined
}

/** @returns undefined where help is asked for. */
export function parseFunctionOptions(
  command: 'time' | 'explain',
  argv: readonly string[],
): FunctionOptions | undefined {
  const { values, positionals } = parseFlags<(typeof FLAGS)['time']>(
    command,
    argv,
    FLAGS[command] as (typeof FLAGS)['time'],
  )
  if (values.help) return undefined
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0) {
    const given = target === undefined ? 'no function' : `'${more[0]}' besides a function`
    throw new UsageError(
      `${command} was given ${given}. Remedy: ${PACKAGE} ${command} FILE#fn --types 'float64[1e6]'; lists of types and ` +
        'arguments go in quotes.',
    )
  }
  if (values.types !== undefined && values.args !== undefined) {
    throw new UsageError('--types and --args both say what the arguments are. Remedy: leave one of them out.')
  }
  return {
    target,
    types: values.types,
    args: values.args,
    parallel: values.parallel ?? false,
    fastmath: values.fastmath ?? false,
    ordinary: values.ordinary ?? false,
    threads: threadCount(values.threads),
    json: fileName('json', values.json),
    runs: wholeNumber('runs', values.runs, 1000),
  }
}

/** The function and arguments for it. @param defaultLength of arrays whose type gives none */
export async function loadCall(
  options: FunctionOptions,
  defaultLength?: number,
): Promise<LoadedFunction & { readonly args: readonly unknown[] }> {
  if (jitDisabled()) {
    throw new UsageError(`${PACKAGE.toUpperCase()}_DISABLE_JIT is set, so nothing is compiled. Remedy: run without it.`)
  }
  // Before the module runs, which may take its time.
  const args = argumentsGiven(options, defaultLength)
  const loaded = await loadFunction(options.target)
  if (args === undefined && loaded.plain.length > 0) {
    throw new UsageError(
      `${loaded.name} takes ${loaded.plain.length === 1 ? 'an argument' : `${loaded.plain.length} arguments`}. ` +
        `Remedy: say of which types, such as --types 'float64[1e6], int32', or which, such as --args 'new Float64Array(1000), 5'.`,
    )
  }
  if (options.threads !== undefined) loaded.library.setNumThreads(options.threads)
  return { ...loaded, args: args ?? [] }
}

function argumentsGiven({ types, args }: FunctionOptions, defaultLength?: number): unknown[] | undefined {
  if (types !== undefined) return argumentsOfTypes(types, defaultLength)
  return args === undefined ? undefined : argumentsOfCode(args)
}

/** A function as one of the variants compiles it; what is exported compiled stays as it is, unless a flag says how. */
export interface CompiledVariant {
  readonly name: 'exported' | 'jit' | 'jit-fastmath' | 'parallel' | 'parallel-fastmath'
  readonly fn: AnyFn & { readonly explain: (...args: unknown[]) => unknown }
}

export function compiledVariants(
  { plain, jitted, library }: LoadedFunction,
  options: FunctionOptions,
): CompiledVariant[] {
  const { parallel, fastmath } = options
  const suffix = fastmath ? '-fastmath' : ''
  const own = jitted === undefined || parallel || fastmath
  return [
    ...(jitted === undefined ? [] : [{ name: 'exported', fn: jitted } as const]),
    ...(own ? [{ name: `jit${suffix}`, fn: library.jit(plain, { fastmath }) } as const] : []),
    ...(parallel ? [{ name: `parallel${suffix}`, fn: library.jit(plain, { parallel, fastmath }) } as const] : []),
  ]
}

/** What the library throws on purpose, from whichever copy of it: the text is all there is to show. */
export const isOurs = (error: unknown): error is Error =>
  ['TsumbaError', 'CompileError', 'BoundsError'].includes((error as Error | undefined)?.name ?? '')

/** `time FILE#fn`: an exported function, plain and compiled: how long each takes, and whether they agree. */

import { formatDuration, formatTimeit } from '../../timeit.ts'
import { PACKAGE } from '../../types.ts'
import { type Style, styleFor } from '../compare/style.ts'
import { refuseUnwritable, writeJson } from '../files.ts'
import { type Agreement, agreement, type Outcome } from '../function/agreement.ts'
import { copyOf, describe } from '../function/arguments.ts'
import type { AnyFn } from '../function/load.ts'
import {
  COMMON_HELP,
  COMPILE_HELP,
  compiledVariants,
  type FunctionOptions,
  isOurs,
  loadCall,
  parseFunctionOptions,
} from '../function/options.ts'
import { UsageError } from '../usage.ts'
import { sample, type Times } from './sample.ts'

const RUNS = 7

const help = (): string => `Usage: ${PACKAGE} time FILE#fn --types LIST [options]

Times a function that a module exports, plain and compiled, and says whether the results agree. A module in TypeScript
is read by Node where it can, else by tsx where that is installed.

${COMMON_HELP}  --parallel       also compile with parallel: true
${COMPILE_HELP}  --runs n         how often each is measured (default: ${RUNS})
  --json FILE      write the results to FILE too
  --help           show this text

Every variant gets its own copies of the arguments and is called with them again and again.
Exit status: 0, 1 when a result is not plain's or cannot be compiled, 2 for a wrong option.
`

/** One variant; milliseconds a call. */
interface Timed extends Partial<Times> {
  readonly variant: string
  readonly threads: number
  readonly firstCallMs?: number
  readonly speedupOverPlain?: number
  readonly agreement?: Agreement
  readonly problem?: string
}

/** @returns the exit status. */
export async function time(argv: readonly string[]): Promise<number> {
  const options = parseFunctionOptions('time', argv)
  if (options === undefined) {
    process.stdout.write(help())
    return 0
  }
  if (options.json !== undefined) refuseUnwritable('json', options.json)
  const call = await loadCall(options)
  const style = styleFor(process.stdout, process.env)
  const print = (line: string) => process.stdout.write(`${line}\n`)
  const threads = call.library.getNumThreads()
  const arrays = options.ordinary ? 'ordinary' : 'allocated'
  print(
    `${style.bold(call.name)}(${describe(call.args)}); Node ${process.versions.node}, ` +
      `compiled variants on ${arrays} arrays, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  )
  const timed = await timeVariants(call, options)
  const width = Math.max(...timed.map(({ variant }) => variant.length))
  for (const each of timed) for (const line of show(each, width, style)) print(line)
  if (options.json !== undefined) {
    const head = { date: new Date().toISOString(), node: process.versions.node, arrays, threads }
    writeJson(options.json, { ...head, function: options.target, arguments: describe(call.args), results: timed })
  }
  return timed.every(({ problem, agreement }) => problem === undefined && agreement?.agree !== 'no') ? 0 : 1
}

async function timeVariants(call: Awaited<ReturnType<typeof loadCall>>, options: FunctionOptions): Promise<Timed[]> {
  const own = options.ordinary ? undefined : call.library
  const plainFirst = plainCall(call.name, call.plain, copyOf(call.args))
  const firsts = compiledVariants(call, options).map(({ name, fn }) => ({
    name,
    fn,
    ...firstCall(fn, copyOf(call.args, own)),
  }))
  const running = firsts.filter((first) => first.outcome !== undefined)
  const argsOf = [copyOf(call.args), ...running.map(() => copyOf(call.args, own))]
  const fns = [call.plain, ...running.map(({ fn }) => fn)]
  const times = await sample(
    fns.map((fn, k) => () => fn(...argsOf[k]!)),
    options.runs ?? RUNS,
  )
  const plain: Timed = { variant: 'plain', threads: 1, ...times[0]!, firstCallMs: plainFirst.ms, speedupOverPlain: 1 }
  const threads = call.library.getNumThreads()
  return [
    plain,
    ...firsts.map((first): Timed => {
      const { name: variant, ms: firstCallMs, outcome, problem } = first
      const about = { variant, threads: variant.startsWith('jit') ? 1 : threads }
      if (outcome === undefined) return { ...about, problem: problem! }
      const own = times[1 + running.indexOf(first)]!
      const speedupOverPlain = times[0]!.medianMs / own.medianMs
      return { ...about, ...own, firstCallMs, speedupOverPlain, agreement: agreement(plainFirst.outcome, outcome) }
    }),
  ]
}

/** Nothing can be held against a plain function that throws, or that has not finished when it returns. */
function plainCall(name: string, fn: AnyFn, args: unknown[]): { ms: number; outcome: Outcome } {
  const start = performance.now()
  let result: unknown
  try {
    result = fn(...args)
  } catch (error) {
    throw new UsageError(`${name} throws as plain JavaScript: ${error}. Remedy: give it other arguments.`)
  }
  const ms = performance.now() - start
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new UsageError(
      `${name} returns a promise, so only its start would be timed. Remedy: time the synchronous function in it.`,
    )
  }
  return { ms, outcome: { result, args } }
}

/** The call that compiles. */
function firstCall(fn: AnyFn, args: unknown[]): { ms: number; outcome?: Outcome; problem?: string } {
  const start = performance.now()
  try {
    const result = fn(...args) as unknown
    return { ms: performance.now() - start, outcome: { result, args } }
  } catch (error) {
    return { ms: NaN, problem: isOurs(error) ? error.message : String(error) }
  }
}

function show(timed: Timed, width: number, style: Style): string[] {
  const { variant, problem, firstCallMs, speedupOverPlain, agreement } = timed
  const name = variant.padEnd(width)
  const indent = ' '.repeat(width + 2)
  if (problem !== undefined) return [`${name}  ${style.bad(problem.replaceAll('\n', `\n${indent}`))}`]
  const line = `${name}  ${formatTimeit(timed as Times)}`
  if (agreement === undefined) return [line]
  const gain = `${speedupOverPlain!.toFixed(2)} × plain, first call ${formatDuration(firstCallMs!)}`
  return [line, `${indent}${gain}; ${verdict(agreement, variant, style)}`]
}

function verdict({ agree, ulps, problem }: Agreement, variant: string, style: Style): string {
  if (agree === 'every bit') return style.good("results are plain's, every bit")
  if (agree === 'no') return style.bad(`RESULTS DIFFER: ${problem}`)
  const sums = variant.startsWith('jit') && !variant.endsWith('fastmath') ? '' : 'reordered sums and '
  return `results differ from plain's by ${ulps!.toLocaleString('en-US')} ulps at most, as ${sums}Math functions may`
}

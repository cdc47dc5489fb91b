/** PolyBench's own C, compiled by clang. The sources are not part of this project: `--source` says where they are. */

import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Program, SizeName } from '../polybench.ts'
import { Conversation } from './conversation.ts'
import type { Entrant } from './entrant.ts'

const REPEAT = fileURLToPath(new URL('repeat.c', import.meta.url))
const OPTIMISED = ['-O3', '-march=native']
/** `exact` rounds after each operation, as JavaScript does; clang's default fuses a · b + c where it stands so. */
const FLAGS = { exact: [...OPTIMISED, '-ffp-contract=off'], fused: OPTIMISED } as const
export type Contraction = keyof typeof FLAGS

const COMPILE_TIMEOUT_MS = 60_000
const RUN_TIMEOUT_MS = 60_000
/** A dump at SMALL is a few megabytes. */
const MAX_DUMP_BYTES = 256 * 2 ** 20

const execute = promisify(execFile)

export interface Clang {
  readonly command: string
  /** The first line of `--version`. */
  readonly version: string
  /** The folder that holds PolyBench's `utilities`. */
  readonly source: string
}

/** @returns why there is no such column, with the remedy, instead of what is not there */
export function findClang(command: string, source: string | undefined): Clang | string {
  if (source === undefined) {
    return 'no C sources: fetch PolyBench/C 4.2.1 from https://sourceforge.net/projects/polybench and name its folder with --source DIR'
  }
  if (!existsSync(join(source, 'utilities/polybench.c'))) {
    return `${source} is not PolyBench/C: it has no utilities/polybench.c. --source DIR names the unpacked folder of https://sourceforge.net/projects/polybench`
  }
  const asked = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (asked.status !== 0) {
    return `${command} does not run: apt install clang (macOS: xcode-select --install), or name one with --clang PATH`
  }
  return { command, version: asked.stdout.split('\n')[0]!, source }
}

async function compile(clang: Clang, program: Program, size: SizeName, flags: readonly string[], output: string) {
  const folder = join(clang.source, program.category, program.name)
  const utilities = join(clang.source, 'utilities')
  const files = [join(folder, `${program.name}.c`), join(utilities, 'polybench.c'), REPEAT]
  const macros = [`-D${size}_DATASET`, '-Dmain=polybench_main', '-DPOLYBENCH_NO_FLUSH_CACHE']
  await execute(
    clang.command,
    [...flags, ...macros, '-w', '-I', utilities, '-I', folder, ...files, '-o', output, '-lm'],
    { timeout: COMPILE_TIMEOUT_MS },
  )
}

/** Compiles into `folder`; runs are timed by PolyBench itself. */
export async function compiled(
  clang: Clang,
  program: Program,
  size: SizeName,
  contraction: Contraction,
  folder: string,
): Promise<Entrant> {
  const output = join(folder, `${program.name}-${contraction}`)
  await compile(clang, program, size, [...FLAGS[contraction], '-DPOLYBENCH_TIME'], output)
  const process = new Conversation(output)
  return {
    run: async (calls) => {
      const seconds = (await process.ask(String(calls))).map(Number)
      if (seconds.length !== calls || seconds.some(Number.isNaN)) throw new Error(`${output}: not ${calls} times`)
      return (1e3 * seconds.reduce((sum, s) => sum + s, 0)) / calls
    },
    close: () => process.close(),
  }
}

/** What the program dumps when compiled without contraction, all digits of each number. */
export async function dump(clang: Clang, program: Program, size: SizeName, folder: string): Promise<string> {
  const output = join(folder, `${program.name}-dump`)
  const flags = [...FLAGS.exact, '-DPOLYBENCH_DUMP_ARRAYS', '-U_FORTIFY_SOURCE', '-Dfprintf=write_exactly']
  await compile(clang, program, size, flags, output)
  const running = execute(output, [], { timeout: RUN_TIMEOUT_MS, maxBuffer: MAX_DUMP_BYTES })
  running.child.stdin?.end('1\n')
  return (await running).stderr
}

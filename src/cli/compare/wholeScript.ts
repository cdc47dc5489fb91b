import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from '../../statistics.ts'
import { builtModule } from '../packageFiles.ts'
import type { Case } from './programs/program.ts'
import type { VariantName } from './variants.ts'

/** The variants whose whole script is timed. */
export const SCRIPT_VARIANTS = ['plain', 'jit', 'parallel'] as const satisfies readonly VariantName[]

export interface ScriptTime {
  readonly variant: (typeof SCRIPT_VARIANTS)[number]
  /** From the start of the process to its end. */
  readonly scriptMs: number
  /** The part of it that the one call took, compiling included. */
  readonly kernelMs: number
  /** Why the script failed, or that its answer is not plain's. */
  readonly problem?: string
}

/** Runs the scripts in turns, `rounds` times, and takes the medians. */
export async function timeScripts(program: Case, threads: number, rounds: number): Promise<ScriptTime[]> {
  const runs = SCRIPT_VARIANTS.map((variant) => ({ variant, script: [] as number[], kernel: [] as number[] }))
  const problems = new Map<string, string>()
  let expected: number | undefined
  for (let round = 0; round < rounds; round++) {
    for (const { variant, script, kernel } of runs) {
      try {
        const start = performance.now()
        const { kernelMs, checksum } = await runScript(variant, program, threads)
        script.push(performance.now() - start)
        kernel.push(kernelMs)
        // Plain runs first, and all three sum the same bits in the same order.
        expected ??= checksum
        if (checksum !== expected)
          problems.set(variant, `the script's scores sum to ${checksum}, plain's to ${expected}`)
      } catch (error) {
        problems.set(variant, `the script failed: ${(error as Error).message}`)
      }
    }
  }
  return runs.map(({ variant, script, kernel }) => {
    const problem = problems.get(variant)
    const times = { variant, scriptMs: medianOrNaN(script), kernelMs: medianOrNaN(kernel) }
    return problem === undefined ? times : { ...times, problem }
  })
}

const medianOrNaN = (values: readonly number[]): number => (values.length === 0 ? NaN : median(values))

async function runScript(
  variant: string,
  program: Case,
  threads: number,
): Promise<{ kernelMs: number; checksum: number }> {
  const script = fileURLToPath(builtModule('compare/script.js'))
  const args = [script, variant, program.csv!, String(program.percent), String(threads)]
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...args])
  return JSON.parse(stdout) as { kernelMs: number; checksum: number }
}

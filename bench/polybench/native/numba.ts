/** The same loops in Python, compiled by Numba, in a process of their own. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dtypeInfo, dtypeOf, type NumberArray } from '../../../src/types.ts'
import type { Argument, Program } from '../polybench.ts'
import { Conversation } from './conversation.ts'
import type { Entrant } from './entrant.ts'

const SERVER = fileURLToPath(new URL('numba_server.py', import.meta.url))

export interface Numba {
  readonly command: string
  /** Of Numba, NumPy and Python. */
  readonly version: string
}

/** @returns why there is no such column, with the remedy, instead of what is not there */
export function findNumba(command: string): Numba | string {
  const script =
    'import numba, numpy, platform; print("Numba", numba.__version__, "NumPy", numpy.__version__, "Python", platform.python_version())'
  const asked = spawnSync(command, ['-c', script], { encoding: 'utf8' })
  if (asked.status !== 0) {
    return `${command} has no Numba: python3 -m venv venv && venv/bin/pip install numba, then --python venv/bin/python`
  }
  return { command, version: asked.stdout.trim() }
}

/** One Python process that compiles and runs one program after another. */
export class NumbaProcess {
  readonly #process: Conversation
  readonly #folder: string

  /** @param folder where arrays are handed over */
  constructor(numba: Numba, folder: string) {
    // -B: no __pycache__ beside the sources.
    this.#process = new Conversation(numba.command, ['-B', SERVER])
    this.#folder = folder
  }

  async #ask(request: object): Promise<unknown> {
    const answer = JSON.parse((await this.#process.ask(JSON.stringify(request))).join('\n')) as { error?: string }
    if (answer.error !== undefined) throw new Error(`Numba: ${answer.error}`)
    return answer
  }

  /** Compiles the program for such arguments, and calls it once. The one loaded before is forgotten. */
  async load(program: Program, initial: readonly Argument[]): Promise<Entrant> {
    const args = initial.map((arg, at) => {
      if (typeof arg === 'number') return arg
      const file = join(this.#folder, `argument-${at}`)
      writeFileSync(file, new Uint8Array(arg.buffer, arg.byteOffset, arg.byteLength))
      return { dtype: dtypeOf(arg), file }
    })
    await this.#ask({ do: 'load', program: program.name, args })
    return {
      run: async (calls) => {
        const { seconds } = (await this.#ask({ do: 'run', calls })) as { seconds: number }
        return 1e3 * seconds
      },
      close: () => {},
    }
  }

  /** The arrays at such positions after the last call. */
  async results(program: Program, initial: readonly Argument[]): Promise<NumberArray[]> {
    const at = program.outputs
    const files = at.map((position) => join(this.#folder, `result-${position}`))
    await this.#ask({ do: 'save', positions: at, files })
    return at.map((position, k) => {
      const bytes = new Uint8Array(readFileSync(files[k]!))
      return new (dtypeInfo(dtypeOf(initial[position])!).ctor)(bytes.buffer) as NumberArray
    })
  }

  close(): void {
    this.#process.close()
  }
}

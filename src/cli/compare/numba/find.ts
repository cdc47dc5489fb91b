/** Looks for a Python that has Numba, and says how to get one where there is none. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PACKAGE } from '../../../types.ts'
import { builtModule } from '../../packageFiles.ts'

/** Importing Numba for the first time writes its bytecode, which takes a while on a slow disk. */
const TIMEOUT_MS = 60_000
const PYTHON_VARIABLE = `${PACKAGE.toUpperCase()}_PYTHON`

export interface NumbaVersions {
  readonly python: string
  readonly numba: string
  readonly numpy: string
}

export type NumbaFound =
  | { readonly measured: true; readonly python: string; readonly versions: NumbaVersions }
  | { readonly measured: false; readonly reason: string; readonly remedy: string }

/** The script, which the build puts beside the compiled modules. */
export const numbaScript = (): string => fileURLToPath(builtModule('compare/numba/numba_times.py'))

/**
 * Where to look, in order. Who names a Python means that one: then no other is tried.
 * @param named the value of --python
 */
export function candidates(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const chosen = named ?? env[PYTHON_VARIABLE]
  if (chosen) return [chosen]
  const active = env['VIRTUAL_ENV']
  const inEnvironment = platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']
  return [...(active ? [join(active, ...inEnvironment)] : []), 'python3', 'python']
}

/** The first of the candidates that can import Numba. */
export async function findNumba(pythons: readonly string[]): Promise<NumbaFound> {
  const tried: string[] = []
  for (const python of pythons) {
    try {
      const { stdout } = await promisify(execFile)(python, [numbaScript(), '--versions'], { timeout: TIMEOUT_MS })
      return { measured: true, python, versions: JSON.parse(stdout) as NumbaVersions }
    } catch (error) {
      tried.push(`${python} ${whyNot(error as NodeJS.ErrnoException & { stderr?: string; killed?: boolean })}`)
    }
  }
  return { measured: false, reason: `no Python with Numba was found: ${tried.join(', ')}`, remedy: remedy() }
}

function whyNot(error: NodeJS.ErrnoException & { stderr?: string; killed?: boolean }): string {
  if (error.code === 'ENOENT') return 'is not there'
  if (error.code === 'EACCES') return 'cannot be run'
  if (error.killed) return `gave no answer within ${TIMEOUT_MS / 1e3} s`
  const stderr = error.stderr ?? ''
  if (/No module named '?numba/.test(stderr)) return 'has no Numba'
  if (/No module named '?numpy/.test(stderr)) return 'has no NumPy'
  return `fails: ${stderr.trim().split('\n').at(-1) || error.message}`
}

export function remedy(platform: NodeJS.Platform = process.platform): string {
  const windows = platform === 'win32'
  const bin = windows ? 'numba-env\\Scripts\\' : 'numba-env/bin/'
  return (
    `${windows ? 'py' : 'python3'} -m venv numba-env, then ${bin}pip install numba, ` +
    `and run again with --numba --python ${bin}python`
  )
}

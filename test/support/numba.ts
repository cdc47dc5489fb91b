/** A Python with Numba for the tests: one that is there, or one that they make in .tmp, once. */

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { candidates, findNumba, type NumbaFound } from '../../src/cli/compare/numba/find.ts'
import { root } from '../house/sources.ts'

/** Making one takes about 15 s where packages come quickly; where they do not, tests are not to wait for them. */
const PATIENCE_MS = 60_000
const folder = join(root, '.tmp/numba')
const bin = process.platform === 'win32' ? join(folder, 'Scripts') : join(folder, 'bin')

/** Where the reason begins with `no Python with Numba`, the tests that need one are skipped with it. */
export async function numbaForTests(): Promise<NumbaFound> {
  const found = await findNumba([...candidates(undefined, process.env), join(bin, 'python')])
  if (found.measured) return found
  const end = performance.now() + PATIENCE_MS
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { stdio: 'pipe', timeout: Math.max(1, Math.ceil(end - performance.now())) })
  try {
    run(process.platform === 'win32' ? 'py' : 'python3', '-m', 'venv', '--clear', folder)
    run(join(bin, 'python'), '-m', 'pip', 'install', '--quiet', '--retries', '0', '--timeout', '5', 'numba')
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    const why = String((error as Error).message).split('\n')[0]
    return { ...found, reason: `${found.reason}; making one failed: ${why}` }
  }
  return findNumba([join(bin, 'python')])
}

/** The command line as users get it: the built file, in a process of its own, its output not a terminal. */

import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { root } from '../house/sources.ts'

export interface Done {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export const cli = (...args: string[]): Done => cliIn({}, ...args)

/** @param where its folder and its environment, where they matter */
export function cliIn(where: Pick<SpawnSyncOptions, 'cwd' | 'env'>, ...args: string[]): Done {
  const done = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { encoding: 'utf8', ...where })
  return { status: done.status, out: done.stdout, err: done.stderr }
}

export const folder = mkdtempSync(join(tmpdir(), 'cli-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A file that the command is to write. */
export function resultsIn(name: string): { readonly path: string; read(): unknown } {
  const path = join(folder, name)
  return { path, read: () => JSON.parse(readFileSync(path, 'utf8')) }
}

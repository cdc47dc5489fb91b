/**
 * Builds `dist`: what tsc makes of `src`, and the Python script as it is; nothing that earlier builds have left. It is made
 * beside and takes the old one's place when it is whole, so that programs that run meanwhile find all of their modules.
 */

import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, tool } from './ready.mjs'

const made = join(root, `.dist-${process.pid}`)
const old = `${made}-old`
const remove = (path) => rmSync(path, { recursive: true, force: true })

const compiled = run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', made])
if (compiled) {
  const script = 'cli/compare/numba/numba_times.py'
  copyFileSync(join(root, 'src', script), join(made, script))
  try {
    renameSync(join(root, 'dist'), old)
  } catch (error) {
    // The first build of a clone, or another one that has just done the same.
    if (error.code !== 'ENOENT') throw error
  }
  remove(join(root, 'dist'))
  renameSync(made, join(root, 'dist'))
  remove(old)
}
remove(made)
process.exitCode = compiled ? 0 : 1

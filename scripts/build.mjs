/** Builds `dist`: what tsc makes of `src`, and the Python script as it is; nothing that earlier builds have left. */

import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, tool } from './ready.mjs'

rmSync(join(root, 'dist'), { recursive: true, force: true })
process.exitCode = run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json']) ? 0 : 1
const script = 'cli/compare/numba/numba_times.py'
copyFileSync(join(root, 'src', script), join(root, 'dist', script))

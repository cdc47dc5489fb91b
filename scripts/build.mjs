/** Builds `dist` by tsc alone, without what earlier builds have left there. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, tool } from './ready.mjs'

rmSync(join(root, 'dist'), { recursive: true, force: true })
process.exitCode = run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json']) ? 0 : 1

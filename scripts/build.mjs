/**
 * Builds `dist`: declarations by tsc, JavaScript by esbuild. Few files, because loading a hundred small ones takes
 * Node 60 ms, and the package promises to be there within 30.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root, run, tool } from './ready.mjs'

const programs = readdirSync(join(root, 'src/cli/compare/programs')).filter((name) => !name.endsWith('.test.ts'))

/** What is imported or started by its path; all else goes into shared chunks. */
const ENTRIES = [
  'index.ts',
  'statistics.ts',
  'cli/main.ts',
  'cli/compare/script.ts',
  'cli/compare/job.ts',
  'cli/compare/copier.ts',
  ...programs.map((name) => `cli/compare/programs/${name}`),
]

const types = run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json'])
await build({
  entryPoints: ENTRIES.map((path) => join(root, 'src', path)),
  outbase: join(root, 'src'),
  outdir: join(root, 'dist'),
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  packages: 'external',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})
process.exitCode = types ? 0 : 1

/**
 * Everything that has to hold before a change lands, in one command: `npm test`. Goes through all steps even when one
 * fails, and ends with what failed. Arguments go to vitest: `npm test -- src/ir`.
 */

import { build, install, run, tool } from './ready.mjs'

const node = (...args) => run(process.execPath, args)

const STEPS = [
  ['types', () => node(tool('typescript/bin/tsc'), '-p', '.')],
  ['style and lint', () => node(tool('@biomejs/biome/bin/biome'), 'check', '.')],
  ['build', build],
  ['package', () => node(tool('publint/src/cli.js'), '--strict')],
  ['tests', () => node(tool('vitest/vitest.mjs'), 'run', ...process.argv.slice(2))],
]

if (!install()) {
  console.error('npm ci failed: see its message above.')
  process.exit(1)
}
const failed = []
for (const [name, step] of STEPS) {
  console.log(`\n— ${name}`)
  const start = performance.now()
  if (!step()) failed.push(name)
  console.log(
    `— ${name}: ${failed.includes(name) ? 'FAILED' : 'ok'}, ${((performance.now() - start) / 1e3).toFixed(1)} s`,
  )
}
console.log(failed.length === 0 ? '\nAll steps passed.' : `\nFailed: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1

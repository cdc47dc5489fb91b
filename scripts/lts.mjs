/**
 * Runs tests and comparison on another version of Node than the one in use: `npm run test:lts` takes the newest that
 * npm has, `npm run test:lts -- 24` version 24. The `node` package brings the program itself; it is kept in .tmp.
 */

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { build, install, root, run, tool } from './ready.mjs'

const version = process.argv[2] ?? 'latest'
const folder = join(root, '.tmp', `node-${version}`)
const bin = join(folder, 'node_modules/node/bin')
const other = join(bin, process.platform === 'win32' ? 'node.exe' : 'node')
const shell = process.platform === 'win32'
const options = { env: { ...process.env, PATH: bin + delimiter + process.env.PATH } }

function download() {
  if (version !== 'latest' && existsSync(other)) return true
  return run('npm', ['install', '--prefix', folder, '--no-save', `node@${version}`], { shell })
}

const ok =
  install() &&
  download() &&
  run(other, ['--version']) &&
  build() &&
  run(other, [tool('vitest/vitest.mjs'), 'run'], options) &&
  run(other, ['dist/cli/main.js', 'compare', '--quick'], options)
process.exitCode = ok ? 0 : 1

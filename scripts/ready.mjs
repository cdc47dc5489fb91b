/**
 * Makes a clone ready to run: installs the packages of package-lock.json unless they are there already, and builds
 * `dist`. `npm run compare` and `npm test` begin with it.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a program in the clone with its output shown; returns whether it succeeded. */
export function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status === 0
}

/** The JavaScript file of a tool in node_modules, so that no shell and no PATH comes between. */
export const tool = (path) => join(root, 'node_modules', path)

/** Whether node_modules holds the versions that package-lock.json names; packages for other platforms may be missing. */
function installed() {
  const have = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(have)) return false
  const packages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages
  const there = packages(have)
  return Object.entries(packages(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || (optional && !there[path]) || there[path]?.version === version,
  )
}

export function install() {
  if (installed()) return true
  console.log('Installing packages (npm ci) …')
  // On Windows npm is a script that only a shell can start.
  return run('npm', ['ci', '--include=dev'], { shell: process.platform === 'win32' })
}

export const build = () => run(process.execPath, ['scripts/build.mjs'])

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = install() && build() ? 0 : 1
}

/**
 * Where the programs of threads and child processes are. In the built package they are modules beside this one. From
 * source, which Node 20 cannot load, they are bundled once for each state of the source: esbuild is there for the tests.
 */

import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGE } from '../../types.ts'

/** Relative to this folder, without ending. */
const PROGRAMS = { thread: './thread', process: '../local/process' } as const
export type ProgramName = keyof typeof PROGRAMS

const here = import.meta.url
const bundles = new Map<string, Promise<URL>>()

export function program(name: ProgramName): Promise<URL> {
  if (here.endsWith('.js')) return Promise.resolve(new URL(`${PROGRAMS[name]}.js`, here))
  if (here.endsWith('.mjs')) return Promise.resolve(new URL(`./${name}.mjs`, here))
  let folder = bundles.get('')
  if (folder === undefined) {
    folder = bundle()
    bundles.set('', folder)
  }
  return folder.then((made) => new URL(`./${name}.mjs`, made))
}

/** Milliseconds after which bundles of older sources are removed: somebody may still run them. */
const KEPT = 3600e3

async function bundle(): Promise<URL> {
  const source = fileURLToPath(new URL('../../', here))
  const all = fileURLToPath(new URL(`../../../node_modules/.cache/${PACKAGE}-programs/`, here))
  const state = Math.max(...sources(source).map((file) => statSync(file).mtimeMs)).toString(36)
  const folder = join(all, state)
  const url = new URL(`file://${folder}/`)
  if (exists(join(folder, 'thread.mjs'))) return url
  const esbuild = createRequire(here)('esbuild') as typeof import('esbuild')
  const unfinished = join(all, `${state}-${process.pid}-${Date.now()}`)
  mkdirSync(unfinished, { recursive: true })
  await esbuild.build({
    entryPoints: Object.entries(PROGRAMS)
      .map(([out, path]) => ({ out, in: fileURLToPath(new URL(`${path}.ts`, here)) }))
      .filter((entry) => exists(entry.in)),
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    outdir: unfinished,
    keepNames: false,
    plugins: [
      {
        // node.ts loads the compiler by its file, which is not there in a bundle.
        name: 'compiler',
        setup: (build) =>
          build.onResolve({ filter: /\/node\.ts$/ }, () => ({ path: join(source, 'index.ts'), sideEffects: true })),
      },
    ],
  })
  // Else a process of its would live as long as this one.
  await esbuild.stop()
  for (const entry of readdirSync(all)) {
    const path = join(all, entry)
    if (entry !== state && !path.startsWith(unfinished) && Date.now() - statSync(path).mtimeMs > KEPT) {
      rmSync(path, { recursive: true, force: true })
    }
  }
  try {
    renameSync(unfinished, folder)
  } catch {
    // Another process was faster.
    rmSync(unfinished, { recursive: true, force: true })
  }
  return url
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Node's options that threads and processes should have too: those that say how modules are found. */
export function inheritedOptions(): string[] {
  const kept: string[] = []
  const given = process.execArgv
  for (let i = 0; i < given.length; i++) {
    const [name, value] = given[i]!.split('=', 2) as [string, string?]
    if (!/^(?:--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/.test(name)) continue
    kept.push(given[i]!)
    if (value === undefined && i + 1 < given.length) kept.push(given[++i]!)
  }
  return kept
}

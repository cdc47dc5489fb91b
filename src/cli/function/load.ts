/**
 * `FILE#fn`: loads a module and finds the function that it exports, together with the library that the module itself
 * imports. That need not be this copy: a kernel's `prange` is known to the compiler by identity, so both have to come
 * from one place.
 */

import { existsSync, readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PACKAGE } from '../../types.ts'
import { locate } from '../optional.ts'
import { UsageError } from '../usage.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the user wrote
export type AnyFn = (...args: any[]) => any
export type Library = Pick<typeof import('../../public.ts'), 'jit' | 'allocate' | 'setNumThreads' | 'getNumThreads'>
type Jitted = AnyFn & { readonly plain: AnyFn; readonly explain: (...args: unknown[]) => unknown }

export interface LoadedFunction {
  /** As the user names it: the export. */
  readonly name: string
  readonly plain: AnyFn
  /** What is exported, where that is compiled already. */
  readonly jitted: Jitted | undefined
  readonly library: Library
}

type Exports = Readonly<Record<string, unknown>>

interface Loader {
  load(url: URL): Promise<Exports>
  /** The package as that file would import it; undefined where it cannot. */
  library(url: URL): Promise<Library | undefined>
}

/** @throws UsageError saying what there is instead, or how to make Node read the file. */
export async function loadFunction(target: string): Promise<LoadedFunction> {
  const at = target.lastIndexOf('#')
  const [file, name] = at < 0 ? [target, undefined] : [target.slice(0, at), target.slice(at + 1)]
  if (file === '') throw new UsageError(`'${target}' names no file. Remedy: FILE#fn, such as kernels.ts#norm.`)
  const path = resolve(file)
  if (!existsSync(path)) throw new UsageError(`There is no file ${file}. Remedy: check the path before the #.`)
  const url = pathToFileURL(path)
  const { exports, loader } = await loadModule(url, file)
  const fn = functionOf(exports, file, name)
  const library = (await loader.library(url)) ?? ((await import('../../index.ts')) as Library)
  const jitted = isJitted(fn.value) ? fn.value : undefined
  return { name: fn.name, plain: jitted?.plain ?? fn.value, jitted, library }
}

const isJitted = (fn: AnyFn): fn is Jitted =>
  typeof (fn as Partial<Jitted>).plain === 'function' && typeof (fn as Partial<Jitted>).explain === 'function'

function functionOf(exports: Exports, file: string, name: string | undefined): { name: string; value: AnyFn } {
  if (name !== undefined && Object.hasOwn(exports, name)) {
    const value = exports[name]
    if (typeof value === 'function') return { name, value: value as AnyFn }
    throw new UsageError(`${file} exports '${name}', a ${typeof value} and no function. ${choice(exports, file)}`)
  }
  const what = name === undefined ? `'${file}' names no function` : `${file} exports no '${name}'`
  throw new UsageError(`${what}. ${choice(exports, file)}`)
}

function choice(exports: Exports, file: string): string {
  const names = Object.keys(exports)
    .sort()
    .filter((key) => typeof exports[key] === 'function')
  return names.length === 0
    ? `It exports no function. Remedy: put export before the function in ${file}.`
    : `Remedy: choose from ${names.map((each) => `${file}#${each}`).join(', ')}.`
}

const NODE: Loader = {
  load: async (url) => (await import(url.href)) as Exports,
  library: async (url) => {
    const found = locate(PACKAGE, [url])
    return found === undefined ? undefined : ((await import(found.href)) as Library)
  },
}

const TYPESCRIPT = /^\.[cm]?tsx?$/
/** What Node says of TypeScript that it does not take, though another loader may. */
const NOT_FOR_NODE = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  // Imports without their .ts.
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
])

/**
 * TypeScript goes to Node where it strips types itself, else to tsx where that is installed.
 * @param strips whether this Node does
 * @param findTsx where tsx's interface is
 */
export async function loadModule(
  url: URL,
  file: string,
  strips: boolean = Boolean((process.features as { typescript?: unknown }).typescript),
  findTsx: (url: URL) => URL | undefined = tsxFor,
): Promise<{ exports: Exports; loader: Loader }> {
  const typescript = TYPESCRIPT.test(extname(url.pathname))
  let refusal = `Node ${process.versions.node} does not read TypeScript`
  if (!typescript || strips) {
    try {
      return { exports: await NODE.load(url), loader: NODE }
    } catch (error) {
      if (!typescript || !NOT_FOR_NODE.has((error as NodeJS.ErrnoException).code ?? '')) throw cannotLoad(file, error)
      refusal = `Node does not take it as it is (${firstLine(error)})`
    }
  }
  const api = findTsx(url)
  if (api === undefined) {
    const newer = strips ? '' : ', or use Node 22.18 or newer'
    throw new UsageError(`${file} cannot be loaded: ${refusal}, and tsx is not installed. Remedy: npm i tsx${newer}.`)
  }
  const loader = await tsxLoader(api)
  try {
    return { exports: await loader.load(url), loader }
  } catch (error) {
    throw cannotLoad(file, error)
  }
}

/**
 * tsx's interface, beside the file or the current folder. Its manifest says where that is: what `locate` finds is made
 * for require, and that one looks for its hooks in the wrong place.
 */
function tsxFor(url: URL): URL | undefined {
  const manifest = locate('tsx/package.json', [url, resolve('package.json')])
  if (manifest === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    exports?: Record<string, { import?: { default?: string } }>
  }
  const entry = exports?.['./esm/api']?.import?.default
  return entry === undefined ? undefined : new URL(entry, manifest)
}

/** A namespace of its own, so that nothing else in this process is loaded through it. */
async function tsxLoader(api: URL): Promise<Loader> {
  const { register } = (await import(api.href)) as typeof import('tsx/esm/api')
  const tsx = register({ namespace: `${PACKAGE}-${process.pid}` })
  return {
    load: (url) => tsx.import(url.href, url.href) as Promise<Exports>,
    library: async (url) => {
      try {
        return (await tsx.import(PACKAGE, url.href)) as Library
      } catch {
        return undefined
      }
    },
  }
}

const firstLine = (error: unknown): string => String((error as Error)?.message ?? error).split('\n')[0]!

function cannotLoad(file: string, error: unknown): UsageError {
  const where = /\n\s+at .*?(\S+:\d+:\d+)\)?/.exec((error as Error)?.stack ?? '')?.[1]
  const place = where === undefined ? '' : ` (${where})`
  return new UsageError(
    `${file} cannot be loaded: ${firstLine(error)}${place}. Remedy: make \`node ${file}\` work first.`,
  )
}

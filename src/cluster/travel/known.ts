/**
 * What is the same everywhere, so that its name is enough: the globals of the language and of Node, Node's own modules,
 * tsumba's own names. Found by identity, whatever the user's program calls it.
 */

import { isBuiltin } from 'node:module'
import * as tsumba from '../../public.ts'

/**
 * `global`: a path of names from globalThis; `package`: of the package's; `node`: the name of a module of Node's first;
 * `namespace`: what `import *` of such a module gives.
 */
export interface Known {
  readonly from: 'global' | 'node' | 'namespace' | 'package'
  readonly path: readonly string[]
}

type Holder = object | ((...args: never[]) => unknown)

let globals: Map<unknown, readonly string[]> | undefined
let packages: Map<unknown, readonly string[]> | undefined

const isHolder = (value: unknown): value is Holder =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** Own values of an object and theirs, down to `depth`; getters are left alone. */
function note(into: Map<unknown, readonly string[]>, object: Holder, path: readonly string[], depth: number): void {
  for (const key of Object.getOwnPropertyNames(object)) {
    if (key === 'globalThis' || key === 'caller' || key === 'arguments') continue
    const property = Object.getOwnPropertyDescriptor(object, key)
    const value: unknown = property && 'value' in property ? property.value : undefined
    if (!isHolder(value) || into.has(value)) continue
    into.set(value, [...path, key])
    if (depth > 1) note(into, value, [...path, key], depth - 1)
  }
}

/** The language's own objects. Others may stand in globalThis too, but not on every machine. */
const LANGUAGE =
  /^(?:Object|Function|Array|Number|parseFloat|parseInt|Boolean|String|Symbol|Date|Promise|RegExp|\w*Error|JSON|Math|Intl|ArrayBuffer|\w+Array|DataView|Map|BigInt|Set|WeakMap|WeakSet|WeakRef|Proxy|Reflect|FinalizationRegistry|Atomics|SharedArrayBuffer|WebAssembly|decodeURI\w*|encodeURI\w*|escape|unescape|isFinite|isNaN|console|process|Buffer|performance|crypto|setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|clearImmediate|queueMicrotask|structuredClone|fetch|URL|URLSearchParams|TextEncoder|TextDecoder|AbortController|AbortSignal|Event|EventTarget|Headers|Request|Response|FormData|Blob|atob|btoa)$/

function globalPaths(): Map<unknown, readonly string[]> {
  if (globals !== undefined) return globals
  const found = new Map<unknown, readonly string[]>([[globalThis, []]])
  for (const key of Object.getOwnPropertyNames(globalThis)) {
    if (!LANGUAGE.test(key)) continue
    const value: unknown = (globalThis as Record<string, unknown>)[key]
    if (!isHolder(value)) continue
    found.set(value, [key])
    note(found, value, [key], 2)
  }
  globals = found
  return found
}

/** Node's modules that this program has loaded: no other can be what a variable holds. */
function loadedModules(): string[] {
  const { moduleLoadList } = process as unknown as { moduleLoadList?: readonly string[] }
  return (moduleLoadList ?? [])
    .map((entry) => /^NativeModule (.+)$/.exec(entry)?.[1])
    .filter((name): name is string => name !== undefined && !name.startsWith('internal/') && isBuiltin(name))
}

const modules = new Map<unknown, readonly string[]>()
const noted = new Set<string>()

function modulePaths(): Map<unknown, readonly string[]> {
  for (const name of loadedModules()) {
    if (noted.has(name)) continue
    noted.add(name)
    const module: unknown = process.getBuiltinModule(name)
    if (!isHolder(module)) continue
    if (!modules.has(module)) modules.set(module, [name])
    note(modules, module, [name], 1)
  }
  return modules
}

function packagePaths(): Map<unknown, readonly string[]> {
  if (packages === undefined) {
    packages = new Map<unknown, readonly string[]>([[tsumba, []]])
    note(packages, { ...tsumba }, [], 2)
  }
  return packages
}

export function knownOf(value: unknown): Known | undefined {
  if (!isHolder(value)) return undefined
  let path = globalPaths().get(value)
  if (path) return { from: 'global', path }
  path = packagePaths().get(value)
  if (path) return { from: 'package', path }
  path = modulePaths().get(value)
  if (path) return { from: 'node', path }
  // `import * as fs from 'node:fs'`: the namespace of a module whose default is the module itself.
  if (Object.prototype.toString.call(value) === '[object Module]' || isCopiedNamespace(value)) {
    const inner = modulePaths().get((value as { default?: unknown }).default)
    if (inner?.length === 1) return { from: 'namespace', path: inner }
  }
  return undefined
}

/** What esbuild makes of the same in CommonJS: getters for the exports, and the module as `default`. */
function isCopiedNamespace(value: Holder): boolean {
  const { default: whole, ...rest } = Object.getOwnPropertyDescriptors(value) as Record<string, PropertyDescriptor>
  return whole !== undefined && 'value' in whole && Object.values(rest).every((p) => p.get !== undefined && !p.set)
}

/** The value of a known name here. Undefined where this version of Node or of tsumba lacks it. */
export function standsFor({ from, path }: Known): unknown {
  let value: unknown
  let rest = path
  if (from === 'global') value = globalThis
  else if (from === 'package') value = tsumba
  else {
    value = isBuiltin(path[0]!) ? process.getBuiltinModule(path[0]!) : undefined
    rest = path.slice(1)
  }
  if (from === 'namespace' && isHolder(value)) return namespaceOf(value)
  for (const key of rest) {
    if (!isHolder(value) || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

const namespaces = new WeakMap<object, object>()

function namespaceOf(module: object): object {
  const made = namespaces.get(module) ?? Object.freeze({ ...module, default: module })
  namespaces.set(module, made)
  return made
}

/** Where a function stands in its script and file, and whether the variables it captures are ever reassigned. */

import type { FnSource } from './ast.ts'
import { bindingAt, type ScriptBinding, scanBindings } from './bindings.ts'
import { inspectOnce, nodeModule, type Script, scriptOf } from './inspect.ts'
import { parseScript } from './parse.ts'
import type { AnyFunction } from './source.ts'

interface Located {
  readonly script: Script
  /** [start, end) of the script's text. */
  readonly start: number
  readonly end: number
}

const located = new WeakMap<AnyFunction, Located>()

function locateInScript(fn: AnyFunction): Located | undefined {
  const before = located.get(fn)
  if (before) return before
  const place = inspectOnce(fn)?.place
  const script = place && scriptOf(place)
  if (!script) return undefined
  const text = Function.prototype.toString.call(fn)
  const line = place.lineNumber - script.startLine
  const column = place.columnNumber - (line === 0 ? script.startColumn : 0)
  const at = offsetOf(script.text, line, column)
  // The engine's place lies within the function, at its parameters; the same text may stand in several places.
  for (let start = script.text.indexOf(text); start >= 0; start = script.text.indexOf(text, start + 1)) {
    if (start > at || at > start + text.length) continue
    const found = { script, start, end: start + text.length }
    located.set(fn, found)
    return found
  }
  return undefined
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let l = 0; l < line; l++) {
    const newline = text.indexOf('\n', start)
    if (newline < 0) break
    start = newline + 1
  }
  return start + column
}

const bindings = new Map<string, readonly ScriptBinding[] | undefined>()

function bindingsOf(script: Script): readonly ScriptBinding[] | undefined {
  if (!bindings.has(script.id)) {
    const program = parseScript(script.text)
    bindings.set(script.id, program && scanBindings(program))
  }
  return bindings.get(script.id)
}

export type Constancy =
  | { readonly kind: 'never-reassigned' }
  /** `line` is 1-based, of the function's script. */
  | { readonly kind: 'reassigned'; readonly line: number }
  /** The script cannot be had or read, or does not declare the name. */
  | { readonly kind: 'unknown' }

/** Whether the variable that `name` means inside `fn` is ever assigned after its declaration. */
export function constancyOf(fn: AnyFunction, name: string): Constancy {
  const where = locateInScript(fn)
  const all = where && bindingsOf(where.script)
  const binding = all && bindingAt(all, name, where.start, where.end)
  if (!binding) return { kind: 'unknown' }
  if (binding.reassignedAt === undefined) return { kind: 'never-reassigned' }
  const { script } = where
  const at = positionOf(script, binding.reassignedAt)
  return { kind: 'reassigned', line: mapped(script, at)?.line ?? at.line }
}

/** 1-based line of the file, and 0-based column. */
function positionOf(script: Script, offset: number): { line: number; column: number } {
  const before = script.text.slice(0, offset)
  const line = script.startLine + before.split('\n').length
  return { line, column: offset - (before.lastIndexOf('\n') + 1) }
}

/** The engine has already been asked where the function stands. */
export const isLocated = (fn: AnyFunction): boolean => located.has(fn)

/** The source with its file and line where the engine knows them; else the same object. */
export function locate(fn: AnyFunction, source: FnSource): FnSource {
  if (source.file !== undefined) return source
  const where = locateInScript(fn)
  if (!where || where.script.url === '') return source
  const at = positionOf(where.script, where.start)
  const original = mapped(where.script, at)
  return { ...source, file: original?.file ?? pathOf(where.script.url), line: original?.line ?? at.line }
}

const pathOf = (url: string): string => {
  if (!url.startsWith('file:')) return url
  return nodeModule<typeof import('node:url')>('node:url')?.fileURLToPath(url) ?? url
}

/** Through the source map that a tool left inside the script. */
function mapped(script: Script, at: { line: number; column: number }): { file: string; line: number } | undefined {
  const data = /^data:application\/json[^,]*;base64,(.*)$/s.exec(script.sourceMapUrl)?.[1]
  const SourceMap = nodeModule<typeof import('node:module')>('node:module')?.SourceMap
  if (data === undefined || SourceMap === undefined) return undefined
  try {
    const map = new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString('utf8')))
    const entry = map.findEntry(at.line - 1 - script.startLine, at.column)
    if (!('originalSource' in entry)) return undefined
    const file = URL.canParse(script.url) ? new URL(entry.originalSource, script.url).href : entry.originalSource
    return { file: pathOf(file), line: entry.originalLine + 1 }
  } catch {
    return undefined
  }
}

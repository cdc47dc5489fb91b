/**
 * What Node's inspector tells of a function, synchronously and within this thread: the scopes it closes over, where it
 * stands, and the script it came from. Attached when first needed; elsewhere than in Node there is none.
 * Node's own modules are reached through `process`, so that bundlers and browsers never see an import of them.
 */

import type { Session } from 'node:inspector'
import { PACKAGE } from '../types.ts'
import type { AnyFunction } from './source.ts'

/** Variables of one scope; innermost scopes come first. */
export type ScopeValues = Readonly<Record<string, unknown>>

export interface Place {
  readonly scriptId: string
  /** 0-based, of the script's file. */
  readonly lineNumber: number
  readonly columnNumber: number
}

export interface Inspected {
  readonly scopes: readonly ScopeValues[]
  readonly place: Place | undefined
}

export interface Script {
  readonly id: string
  readonly url: string
  readonly text: string
  /** Where `text` begins in its file. */
  readonly startLine: number
  readonly startColumn: number
  readonly sourceMapUrl: string
}

/** A module of Node's own, or undefined where there is none. */
export function nodeModule<T>(name: string): T | undefined {
  try {
    return globalThis.process?.getBuiltinModule?.(name) as T | undefined
  } catch {
    return undefined
  }
}

let session: Session | null | undefined

function attach(): Session | undefined {
  if (session !== undefined) return session ?? undefined
  session = null
  try {
    const inspector = nodeModule<typeof import('node:inspector')>('node:inspector')
    if (inspector === undefined) return undefined
    const fresh = new inspector.Session()
    fresh.connect()
    session = fresh
    return fresh
  } catch {
    return undefined
  }
}

function post<T>(method: string, params: object = {}): T {
  let failure: Error | null = null
  let result: unknown
  // Within one thread the answer comes before post returns.
  session!.post(method, params, (error, value) => {
    failure = error
    result = value
  })
  if (failure !== null) throw failure
  return result as T
}

interface RemoteProperty {
  readonly name: string
  readonly value?: { readonly objectId?: string; readonly value?: unknown }
}

const HAND_OVER = `${PACKAGE}.inspect`
const known = new WeakMap<AnyFunction, Inspected>()

/** Scopes as they are now, place of the function; undefined where there is no inspector. */
export function inspect(fn: AnyFunction): Inspected | undefined {
  if (attach() === undefined) return undefined
  // Values pass through a property of `process`, the one object that both sides can name in every context.
  const handOver: { fn: AnyFunction; scopes?: unknown[] } = { fn }
  const key = Symbol.for(HAND_OVER)
  const holder = process as unknown as Record<symbol, unknown>
  holder[key] = handOver
  const hand = `process[Symbol.for(${JSON.stringify(HAND_OVER)})]`
  const objectGroup = HAND_OVER
  try {
    const { result } = post<{ result: { objectId?: string } }>('Runtime.evaluate', {
      expression: `${hand}.fn`,
      objectGroup,
    })
    const { internalProperties = [] } = post<{ internalProperties?: RemoteProperty[] }>('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    })
    const internal = (name: string) => internalProperties.find((p) => p.name === name)?.value
    const scopesId = internal('[[Scopes]]')?.objectId
    if (scopesId === undefined) return undefined
    post('Runtime.callFunctionOn', {
      objectId: scopesId,
      functionDeclaration: `function () { ${hand}.scopes = Array.from(this) }`,
      objectGroup,
    })
    const place = internal('[[FunctionLocation]]')?.value as Place | undefined
    return { scopes: (handOver.scopes ?? []).flatMap(scopeValues), place }
  } catch {
    return undefined
  } finally {
    delete holder[key]
    post('Runtime.releaseObjectGroup', { objectGroup })
  }
}

/** As `inspect`, remembered: for what does not change, such as the place. */
export function inspectOnce(fn: AnyFunction): Inspected | undefined {
  const before = known.get(fn)
  if (before) return before
  const found = inspect(fn)
  if (found) known.set(fn, found)
  return found
}

function scopeValues(entry: unknown): ScopeValues[] {
  const scope = entry as { description?: unknown; object?: unknown }
  // The global object's properties are not captures.
  if (scope.description === 'Global' || typeof scope.object !== 'object' || scope.object === null) return []
  return [scope.object as ScopeValues]
}

interface ScriptParsed {
  readonly scriptId: string
  readonly url: string
  readonly startLine: number
  readonly startColumn: number
  readonly sourceMapURL?: string
  /** Characters. */
  readonly length?: number
}

const scripts = new Map<string, Script>()

/** Characters of script text that are kept in advance. */
const KEPT_AHEAD = 4e6

/**
 * The script that holds a function. The debugger is on only meanwhile: enabled, it keeps WebAssembly in its slowest
 * tier, and even a moment of it makes all modules tier up again. So the program's other scripts are read at once.
 */
export function scriptOf(place: Place): Script | undefined {
  const before = scripts.get(place.scriptId)
  if (before !== undefined || attach() === undefined) return before
  const parsed: ScriptParsed[] = []
  const listen = (message: { params: object }) => parsed.push(message.params as ScriptParsed)
  session!.on('Debugger.scriptParsed', listen)
  try {
    post('Debugger.enable')
    readScripts(place.scriptId, parsed)
  } catch {
    // Then there is no script to be had.
  } finally {
    session!.off('Debugger.scriptParsed', listen)
    if (parsed.length > 0) post('Debugger.disable')
  }
  return scripts.get(place.scriptId)
}

function readScripts(wanted: string, parsed: readonly ScriptParsed[]): void {
  let room = KEPT_AHEAD
  for (const about of parsed) {
    if (scripts.has(about.scriptId)) continue
    if (about.scriptId !== wanted) {
      if (!/^file:/.test(about.url) || about.url.includes('/node_modules/')) continue
      room -= about.length ?? 0
      if (room < 0) continue
    }
    const { scriptSource } = post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId: about.scriptId })
    scripts.set(about.scriptId, {
      id: about.scriptId,
      url: about.url,
      text: scriptSource,
      startLine: about.startLine,
      startColumn: about.startColumn,
      sourceMapUrl: about.sourceMapURL ?? '',
    })
  }
}

/**
 * From a function to its parts: its text and, for each free name, what it means, found as `jit` finds captures. What it
 * captures is fixed when it is sent; a worker has no way to see it change. So an object that can change is refused, and
 * so is a function that assigns to what it captures: the assignment would be lost.
 */

import { types } from 'node:util'
import type * as acorn from 'acorn'
import { TsumbaError } from '../../errors.ts'
import { givenCaptures } from '../../frontend/given.ts'
import { inspect, type ScopeValues } from '../../frontend/inspect.ts'
import { constancyOf, locate } from '../../frontend/locate.ts'
import { type AnyFunction, isNative } from '../../frontend/source.ts'
import { type CapturesThunk, readThunk, type Thunk } from '../../frontend/thunk.ts'
import { isImportName, staticPath } from '../../frontend/tools.ts'
import { PACKAGE } from '../../types.ts'
import { type FreeNames, type FunctionLike, freeNames, type ParsedText, parseText } from './free.ts'
import { knownOf } from './known.ts'
import { type FunctionPart, META_NAME, type ObjectPart, type Parts, type Ref } from './parts.ts'
import { type Given, readOnlyParameters } from './readonly.ts'

const PLAIN = Symbol.for(`${PACKAGE}.plain`)
const OPTIONS = Symbol.for(`${PACKAGE}.options`)

type Options = Readonly<Record<string, unknown>> & { readonly captures?: CapturesThunk }

/** The plain function behind a jitted one, and its options; a plain function's are undefined. */
function plainOf(fn: AnyFunction): { plain: AnyFunction; options: Options | undefined } {
  const jitted = fn as { [PLAIN]?: AnyFunction; [OPTIONS]?: Options }
  return jitted[PLAIN] ? { plain: jitted[PLAIN], options: jitted[OPTIONS] ?? {} } : { plain: fn, options: undefined }
}

interface Entry {
  readonly at: number
  readonly fn: AnyFunction
  readonly parsed: ParsedText
  readonly free: FreeNames
  readonly thunk: Thunk | undefined
  readonly scopes: readonly ScopeValues[]
}

export interface Collected {
  readonly parts: Parts
  /** What the function captures cannot change, but for `watched`: the parts are the same whenever they are collected. */
  readonly fixed: boolean
  /** Exports of modules, which may assign to them at any time. */
  readonly watched: readonly Watched[]
}

export interface Watched {
  readonly module: Readonly<Record<string, unknown>>
  readonly name: string
  readonly value: unknown
}

/** @throws TsumbaError `capture` */
export function collect(fn: AnyFunction): Collected {
  const collector = new Collector()
  const entry = collector.function(fn, [])
  return { parts: collector.parts(entry, fn), fixed: collector.fixed, watched: collector.watched }
}

class Collector {
  fixed = true
  readonly watched: Watched[] = []
  private readonly functions: FunctionPart[] = []
  private readonly objects: ObjectPart[] = []
  private readonly entries = new Map<AnyFunction, Entry>()
  private readonly objectRefs = new Map<object, Ref>()
  private readonly assumed = new Set<string>()

  parts(entry: Ref, fn: AnyFunction): Parts {
    const reads = {
      numbers: this.readsOf(plainOf(fn).plain, 'numbers'),
      anything: this.readsOf(plainOf(fn).plain, 'anything'),
    }
    return { version: 1, entry, functions: this.functions, objects: this.objects, reads }
  }

  /** `path`: how it was reached from the function that the user gave, for errors. */
  function(fn: AnyFunction, path: readonly string[], outer?: CapturesThunk): Ref {
    const known = this.entries.get(fn)
    if (known) return { is: 'function', at: known.at }
    const named = knownOf(fn)
    if (named) return { is: 'known', known: named }
    const { plain, options } = plainOf(fn)
    const name = plain.name
    const what = name === '' ? 'The function' : `\`${name}\``
    if (isNative(plain)) throw nativeError(plain)
    const text = Function.prototype.toString.call(plain)
    const parsed = parseText(text)
    if (parsed === undefined) {
      throw new TsumbaError(
        `${what} cannot travel to a worker: its text cannot be evaluated by itself.\n` +
          'Remedy: give a function, an arrow or an ordinary method.',
        'capture',
      )
    }
    const free = freeNames(parsed.node)
    if (free.usesSuper && parsed.form === 'method') {
      throw new TsumbaError(
        `${what} uses \`super\`, which only the class around it can give.\nRemedy: give a function that makes the object.`,
        'capture',
      )
    }
    const captures = options?.captures ?? outer
    const at = this.functions.length
    // The place is taken before the captures are looked at: they may lead back here.
    this.functions.push(undefined as never)
    const entry: Entry = {
      at,
      fn: plain,
      parsed,
      free,
      thunk: captures && readThunk(captures),
      scopes: free.uses.size > 0 ? (inspect(plain)?.scopes ?? []) : [],
    }
    this.entries.set(fn, entry)
    if (fn !== plain) this.entries.set(plain, entry)
    const source = locate(plain, { name, text, file: undefined, line: 1 })
    const refs: [string, Ref][] = []
    for (const free of entry.free.uses.keys()) {
      const ref = this.free(entry, free, path, captures)
      if (ref) refs.push([free, ref])
    }
    if (entry.free.meta.length > 0) refs.push([META_NAME, { is: 'meta' }])
    this.functions[at] = {
      name,
      text: withMeta(text, parsed, entry.free),
      form: parsed.form,
      file: source.file,
      line: source.line,
      captures: refs,
      jit: options && withoutCaptures(options),
    }
    return { is: 'function', at }
  }

  /** What a free name means; undefined for globals, which every worker has. */
  private free(entry: Entry, name: string, path: readonly string[], captures?: CapturesThunk): Ref | undefined {
    const own = entry.fn.name || 'the function'
    const trail = [...path, own]
    const found = this.lookUp(entry, name)
    if (found === undefined) {
      if (name in globalThis) return undefined
      if (name === 'arguments' || name === 'undefined') return undefined
      const known = toolName(name)
      if (known) return known
      if (entry.free.uses.get(name)!.some((use) => use.asksOnly)) return undefined
      throw refusal(trail, name, 'is not declared in it, and its value cannot be seen from here')
    }
    const { value, origin } = found
    const tool = toolName(name)
    if (tool) return tool
    if (name === 'require' && typeof value === 'function' && 'resolve' in value && 'cache' in value) {
      return { is: 'require' }
    }
    if (entry.free.assigned.has(name)) {
      throw refusal(
        trail,
        name,
        'is assigned by it, but what a worker assigns stays on the worker',
        'Return the new value, and keep what the call gives.',
      )
    }
    if (origin === 'scope' && this.fixed && !isImportName(name) && !isModule(value)) {
      this.fixed = constancyOf(entry.fn, name).kind === 'never-reassigned'
    }
    if (isModule(value) || isImportName(name)) return this.module(entry, name, value as object, trail, captures)
    return this.value(value, trail, name, captures)
  }

  private lookUp(entry: Entry, name: string): { value: unknown; origin: 'thunk' | 'scope' } | undefined {
    const given = givenCaptures(entry.fn)
    if (given && Object.hasOwn(given, name)) return { value: given[name], origin: 'thunk' }
    const match = entry.thunk?.find([name])
    if (match) return { value: match.value, origin: 'thunk' }
    const scope = entry.scopes.find((s) => Object.hasOwn(s, name))
    if (scope) return { value: scope[name], origin: 'scope' }
    // `captures: () => ({ prange: lib.prange })` says what `lib.prange` is, but not what `lib` is.
    const members: Record<string, unknown> = {}
    for (const { path } of entry.free.uses.get(name) ?? []) {
      const member = path.length > 1 ? entry.thunk?.find(path.slice(0, 2)) : undefined
      if (member) members[path[1]!] = member.value
    }
    if (Object.keys(members).length === 0) return undefined
    return { value: Object.defineProperty(members, '__esModule', { value: true }), origin: 'thunk' }
  }

  /** Of a module those exports travel that the text names; the rest stays. */
  private module(entry: Entry, name: string, value: object, trail: readonly string[], captures?: CapturesThunk): Ref {
    const known = knownOf(value)
    if (known) return { is: 'known', known }
    const exports = new Map<string, Ref>()
    for (const { path } of entry.free.uses.get(name)!) {
      const key = path[1]
      if (key === undefined) {
        throw refusal(trail, name, 'is a whole module', `Name what is used of it, or import it inside the function.`)
      }
      if (exports.has(key)) continue
      const member = (value as Record<string, unknown>)[key]
      const inner = isModule(member) && !knownOf(member)
      if (inner) throw refusal(trail, `${name}.${key}`, 'is a whole module')
      if (member === undefined && !(key in value)) throw refusal(trail, `${name}.${key}`, 'is not there')
      this.watched.push({ module: value as Watched['module'], name: key, value: member })
      exports.set(key, this.value(member, trail, `${name}.${key}`, captures))
    }
    return this.object({ is: 'object', entries: [...exports] })
  }

  private object(part: ObjectPart): Ref {
    return { is: 'object', at: this.objects.push(part) - 1 }
  }

  private value(value: unknown, trail: readonly string[], name: string, captures?: CapturesThunk): Ref {
    switch (typeof value) {
      case 'number':
      case 'boolean':
      case 'string':
      case 'bigint':
      case 'undefined':
        return { is: 'value', value }
      case 'function':
        return this.function(value as AnyFunction, trail, captures)
      case 'symbol': {
        const known = knownSymbol(value)
        if (known) return known
        throw refusal(trail, name, 'is a symbol, which belongs to one process', 'Use Symbol.for(…), or a text.')
      }
      case 'object':
        return value === null ? { is: 'value', value } : this.objectValue(value, trail, name, captures)
      default:
        throw refusal(trail, name, 'is of no kind that can travel')
    }
  }

  private objectValue(value: object, trail: readonly string[], name: string, captures?: CapturesThunk): Ref {
    const before = this.objectRefs.get(value)
    if (before) return before
    const known = knownOf(value)
    if (known) return { is: 'known', known }
    if (ArrayBuffer.isView(value)) {
      this.provenReadOnly(value, trail, name)
      // Its elements may be others the next time.
      this.fixed = false
      return { is: 'value', value }
    }
    if (types.isRegExp(value) || types.isDate(value)) return { is: 'value', value }
    const prototype: unknown = Object.getPrototypeOf(value)
    const isPlain = prototype === Object.prototype || prototype === null || Array.isArray(value)
    if (!Object.isFrozen(value)) {
      const what = Array.isArray(value) ? 'is a list that can change' : `is ${kindOf(value)} that can change`
      const freeze = isPlain ? `, or Object.freeze(${name}) where it is declared` : ''
      throw refusal(trail, name, what, `Pass it as an argument${freeze}`)
    }
    if (!isPlain) throw refusal(trail, name, `is ${kindOf(value)}`, 'Make it inside the function')
    const at = this.objects.length
    this.objects.push(undefined as never)
    const ref: Ref = { is: 'object', at }
    this.objectRefs.set(value, ref)
    const entries = Object.entries(value).map(
      ([key, item]) => [key, this.value(item, trail, `${name}.${key}`, captures)] as const,
    )
    this.objects[at] = { is: Array.isArray(value) ? 'list' : 'object', entries }
    return ref
  }

  /** A captured array is one for all calls on a worker, so nobody may write to it. */
  private provenReadOnly(value: object, trail: readonly string[], name: string): void {
    const owner = [...this.entries.values()].pop()!
    const root = name.split('.')[0]!
    const { node } = owner.parsed
    // A parameter of that name around the function makes the captured array one that the proof can follow.
    const around = {
      type: 'ArrowFunctionExpression',
      params: [{ type: 'Identifier', name: root, start: 0, end: 0 }],
      body: { type: 'BlockStatement', body: [{ type: 'ExpressionStatement', expression: node }] },
      start: 0,
      end: 0,
    } as unknown as FunctionLike
    const given = name === root && !(value instanceof DataView) ? 'numbers' : 'anything'
    const [proven] = readOnlyParameters(around, given, this.calleeReads(owner))
    if (proven) return
    throw refusal(
      trail,
      name,
      'is an array, and it cannot be shown that the function only reads it',
      'Pass it as an argument',
    )
  }

  private calleeReads(entry: Entry) {
    return (callee: acorn.Expression, position: number, given: Given): boolean => {
      const path = staticPath(callee)
      if (path === undefined) return false
      let value: unknown = this.lookUp(entry, path[0]!)?.value
      if (value === undefined && path[0] === entry.fn.name) value = entry.fn
      for (const key of path.slice(1)) value = (value as Record<string, unknown> | undefined)?.[key]
      if (typeof value !== 'function') return false
      return this.readsOf(plainOf(value as AnyFunction).plain, given)[position] ?? false
    }
  }

  private readsOf(fn: AnyFunction, given: Given): boolean[] {
    const entry = this.entries.get(fn)
    if (entry === undefined || entry.parsed.node.type === 'ClassExpression') return []
    const { node } = entry.parsed
    const key = `${entry.at} ${given}`
    // While its proof is under way, a function that calls itself may be taken to read only.
    if (this.assumed.has(key)) return node.params.map(() => true)
    this.assumed.add(key)
    const proven = readOnlyParameters(node, given, this.calleeReads(entry))
    this.assumed.delete(key)
    return proven
  }
}

/** Names that tools put into texts, and what stands for them on a worker. */
function toolName(name: string): Ref | undefined {
  if (name === '__vite_ssr_dynamic_import__' || name === '__vi_import__') return { is: 'import' }
  if (name === '__vite_ssr_import_meta__') return { is: 'meta' }
  if (/^cov_[0-9a-z]+$/i.test(name)) return { is: 'counters' }
  return undefined
}

function knownSymbol(value: symbol): Ref | undefined {
  const key = Object.getOwnPropertyNames(Symbol).find(
    (k) => (Symbol as unknown as Record<string, unknown>)[k] === value,
  )
  return key === undefined ? undefined : { is: 'known', known: { from: 'global', path: ['Symbol', key] } }
}

/** A module's exports, as engines and tools make them. */
const isModule = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  (Object.prototype.toString.call(value) === '[object Module]' ||
    (value as { __esModule?: unknown }).__esModule === true)

function withoutCaptures(options: Options): Readonly<Record<string, unknown>> {
  const { captures: _, ...rest } = options
  return rest
}

/** The text with a name in the places of `import.meta`. */
function withMeta(text: string, parsed: ParsedText, free: FreeNames): string {
  let result = text
  for (const { start, end } of [...free.meta].reverse()) {
    result = result.slice(0, start - parsed.offset) + META_NAME + result.slice(end - parsed.offset)
  }
  return result
}

function kindOf(value: object): string {
  const name = (value as { constructor?: { name?: string } }).constructor?.name
  return name === undefined || name === '' || name === 'Object' ? 'an object' : `an object of class ${name}`
}

function nativeError(fn: AnyFunction): TsumbaError {
  const bound = fn.name.startsWith('bound ')
  return new TsumbaError(
    `\`${fn.name || 'The function'}\` cannot travel to a worker: ${bound ? 'a bound function shows no text' : 'it is part of the engine, and no global'}.\n` +
      `Remedy: ${bound ? 'give the function itself, and pass what was bound as arguments' : 'wrap it in a function of your own: (x) => …'}.`,
    'capture',
  )
}

function refusal(trail: readonly string[], name: string, why: string, instead?: string): TsumbaError {
  const last = trail[trail.length - 1]!
  const user = last === 'the function' ? 'The function' : `\`${last}\``
  const reached = trail.length > 1 ? ` (called by ${trail.slice(0, -1).reverse().join(', called by ')})` : ''
  const otherwise = instead === undefined ? '' : `${instead.replace(/\.$/, '')}; or `
  return new TsumbaError(
    `${user}${reached} cannot travel to a worker: it uses \`${name}\`, which ${why}.\n` +
      `Remedy: ${otherwise}${otherwise === '' ? 'Import' : 'import'} what it needs inside the function: const { … } = await import('…').`,
    'capture',
  )
}

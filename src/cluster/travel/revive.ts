/**
 * A travelling function becomes a function again, on a worker: its text is evaluated with what it captures for its free
 * names. Whoever sends functions runs code here: that is what a worker is for, and why connections are encrypted.
 */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as vm from 'node:vm'
import { TsumbaError } from '../../errors.ts'
import { giveCaptures } from '../../frontend/given.ts'
import { jit } from '../../jit.ts'
import { PACKAGE } from '../../types.ts'
import { decode } from './decode.ts'
import type { TravellingFunction } from './functions.ts'
import { standsFor } from './known.ts'
import { unpackEncoded } from './packed.ts'
import type { FunctionPart, Parts, Ref } from './parts.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function, whatever its parameters
export type Revived = (...args: any[]) => any

export interface RevivedFunction {
  readonly fn: Revived
  readonly name: string
  /** Whether the function is proven not to write to its argument at that position: `numbers`: to a typed array. */
  readonly reads: { readonly numbers: readonly boolean[]; readonly anything: readonly boolean[] }
}

/** @throws TsumbaError `function` for parts that another version made; what evaluating the text throws. */
export function revive(travelling: TravellingFunction): RevivedFunction {
  const parts = decode(unpackEncoded(travelling.bytes)) as Parts
  if (parts?.version !== 1) {
    throw new TsumbaError(
      `${travelling.name} was sent by another version of ${PACKAGE}. Remedy: use the same version everywhere.`,
      'function',
    )
  }
  return { fn: new Reviver(parts).run() as Revived, name: travelling.name, reads: parts.reads }
}

/** What the evaluated text gives: the function, and a way to set a name that had no value yet. */
type Evaluated = readonly [fn: Revived, set: (name: string, value: unknown) => void]

class Reviver {
  private readonly parts: Parts
  private readonly functions: (Revived | undefined)[]
  private readonly objects: (object | undefined)[]
  private readonly started = new Set<number>()
  /** Names whose functions were not there when their user was evaluated. */
  private readonly late: { readonly at: number; readonly set: (fn: Revived) => void }[] = []

  constructor(parts: Parts) {
    this.parts = parts
    this.functions = new Array(parts.functions.length)
    this.objects = new Array(parts.objects.length)
  }

  run(): unknown {
    const entry = this.ref(this.parts.entry)
    for (const object of this.objects) Object.freeze(object)
    return entry
  }

  private ref(ref: Ref, user?: FunctionPart): unknown {
    switch (ref.is) {
      case 'value':
        return ref.value
      case 'function':
        return this.function(ref.at)
      case 'object':
        return this.object(ref.at)
      case 'known': {
        const value = standsFor(ref.known)
        if (value !== undefined) return value
        const name = ref.known.path.join('.')
        throw new TsumbaError(
          `\`${name}\` is not to be had on this worker. Remedy: run the same versions of Node and ${PACKAGE} everywhere.`,
          'function',
        )
      }
      case 'import':
        return evaluate('((what) => import(what))', user)
      case 'meta': {
        const { file } = placeOf(user)
        return Object.freeze({ url: pathToFileURL(file).href, filename: file, dirname: dirname(file) })
      }
      case 'require':
        return createRequire(pathToFileURL(placeOf(user).file))
      case 'counters':
        return counters
      default:
        return ref satisfies never
    }
  }

  private object(at: number): object {
    const before = this.objects[at]
    if (before) return before
    const part = this.parts.objects[at]!
    const made: Record<string, unknown> = part.is === 'list' ? ([] as never) : {}
    this.objects[at] = made
    for (const [key, ref] of part.entries) {
      const set = (value: unknown) =>
        Object.defineProperty(made, key, { value, enumerable: true, writable: true, configurable: true })
      const value = this.ref(ref)
      set(value)
      if (value === undefined && ref.is === 'function') this.late.push({ at: ref.at, set })
    }
    return made
  }

  private function(at: number): Revived | undefined {
    const before = this.functions[at]
    // One that is being made already: its user gets it when it is there.
    if (before || this.started.has(at)) return before
    this.started.add(at)
    const part = this.parts.functions[at]!
    const names = part.captures.map(([name]) => name)
    const values = part.captures.map(([, ref]) => this.ref(ref, part))
    const [plain, set] = this.evaluate(part, names, values)
    const given = Object.fromEntries(part.captures.map(([name], k) => [name, values[k]]))
    part.captures.forEach(([name, ref], k) => {
      if (ref.is !== 'function' || values[k] !== undefined) return
      this.late.push({
        at: ref.at,
        set: (fn) => {
          given[name] = fn
          set(name, fn)
        },
      })
    })
    giveCaptures(plain as never, given)
    const fn = part.jit ? (jit(plain, part.jit) as Revived) : plain
    this.functions[at] = fn
    for (const { at: wanted, set: give } of this.late) if (wanted === at) give(fn)
    return fn
  }

  private evaluate(part: FunctionPart, names: readonly string[], values: readonly unknown[]): Evaluated {
    const text = part.form === 'method' ? `({${part.text}\n})[${JSON.stringify(part.name)}]` : `(${part.text}\n)`
    const setter = `(n, v) => { switch (n) { ${names.map((n) => `case ${JSON.stringify(n)}: ${n} = v; break;`).join(' ')} } }`
    const make = evaluate(`(function (${names.join(', ')}) { "use strict"; return [${text}, ${setter}] })`, part)
    const [fn, set] = make(...values) as Evaluated
    if (fn.name !== part.name) Object.defineProperty(fn, 'name', { value: part.name, configurable: true })
    return [fn, set]
  }
}

/** A coverage tool's counters: nobody reads them here. */
const counters = () => endless
const endless: object = new Proxy(() => 0, { get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : endless) })

/** Where the text stood. A file that this machine lacks gives way to one of that name in the working directory. */
function placeOf(part: FunctionPart | undefined): { file: string; line: number } {
  if (part?.file !== undefined && existsSync(part.file)) return { file: part.file, line: part.line }
  return { file: join(process.cwd(), `[${part?.name || 'function'}]`), line: 1 }
}

/** Modules that the text imports are looked for from its own file. */
function evaluate(text: string, part: FunctionPart | undefined): Revived {
  const { file, line } = placeOf(part)
  const options = { filename: file, lineOffset: line - 1 }
  if (!/\bimport\s*\(/.test(text)) return new vm.Script(text, options).runInThisContext() as Revived
  hushLoader()
  const script = new vm.Script(text, { ...options, importModuleDynamically: DEFAULT_LOADER as never })
  return script.runInThisContext() as Revived
}

const DEFAULT_LOADER = (vm as { constants?: { USE_MAIN_CONTEXT_DEFAULT_LOADER?: unknown } }).constants
  ?.USE_MAIN_CONTEXT_DEFAULT_LOADER

let hushed = false

/** Node calls this way of finding a script's modules experimental, at the first import: users have no say in it. */
function hushLoader(): void {
  if (hushed) return
  hushed = true
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('USE_MAIN_CONTEXT_DEFAULT_LOADER')) {
      ;(emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest)
    }
  }
}

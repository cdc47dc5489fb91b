/** What code is emitted into: the module with its imports and helpers, and the function with its locals and targets. */

import type { Alloc, Do, Expr, Fn, For, Label, Load, Local, Store, Type, While } from '../../ir/ir.ts'
import { typeName, vecBytes } from '../../ir/types.ts'
import { HEADER, TLS } from '../../runtime/layout.ts'
import { Unsupported } from '../target.ts'
import { Code } from './code.ts'
import { type Callee, type DefinedFunction, type ImportedFunction, TLS_GLOBAL, type ValueType } from './encode.ts'
import type { Sum } from './sums.ts'

// ───────────────────────────── types ─────────────────────────────

/** The parts of an array local, in this order. */
export const HANDLE = 0
export const BASE = 1
export const LENGTH = 2

const ARRAY: readonly ValueType[] = ['i32', 'i32', 'i32']

/** The wasm values that one IR value is: one, or three for an array (handle, base, length). */
export function valueTypes(type: Type): readonly ValueType[] {
  return type.kind === 'array' ? arrayTypes(type) : [valueTypeOf(type)]
}

function arrayTypes(type: Extract<Type, { kind: 'array' }>): readonly ValueType[] {
  if (type.rank !== 1) throw new Unsupported(`WebAssembly code for arrays of ${type.rank} axes is still to come`)
  if (type.space === 'shared') throw new Unsupported('shared arrays exist on GPUs alone')
  return ARRAY
}

export function valueTypeOf(type: Type): ValueType {
  switch (type.kind) {
    case 'scalar':
      return type.name === 'i64' || type.name === 'f32' || type.name === 'f64' ? type.name : 'i32'
    case 'vec':
      // A shorter one lies in the low lanes; what is above them is anything.
      if (vecBytes(type) === 16 || isHalf(type)) return 'v128'
      throw new Unsupported(`WebAssembly vectors have 128 bits, or two lanes of 32; ${typeName(type)} has not`)
    case 'mask':
      if (type.lanes === 2 || type.lanes === 4 || type.lanes === 8 || type.lanes === 16) return 'v128'
      throw new Unsupported(`WebAssembly vectors have 2, 4, 8 or 16 lanes; ${typeName(type)} has ${type.lanes}`)
    case 'array':
    case 'tuple':
      throw new Unsupported(`WebAssembly has no single value for ${typeName(type)}`)
    default:
      return type satisfies never
  }
}

/** Two lanes of 32 bits: they keep company with lanes of 64. */
export const isHalf = (type: Type): boolean => type.kind === 'vec' && type.lanes === 2 && vecBytes(type) === 8

// ───────────────────────────── module ─────────────────────────────

const ENV = {
  alloc: { params: ['i32', 'f64'], results: ['i32'] },
  allocRaw: { params: ['i32', 'f64'], results: ['i32'] },
  free: { params: ['i32'], results: [] },
  launch: { params: ['i32', 'i32', 'i32', 'i32', 'i32'], results: ['i32'] },
} as const satisfies Record<string, Callee['signature']>

const HELPERS = {
  record: { params: ['i32', 'f64', 'f64'], results: ['i32'] },
  retain: { params: ['i32'], results: [] },
  release: { params: ['i32'], results: [] },
} as const satisfies Record<string, Callee['signature']>

/** The global that follows `tls`: how much of this thread's stack is in use, in bytes from `tls`. */
export const DEPTH_GLOBAL = TLS_GLOBAL + 1

export class ModuleScope {
  readonly #functions: ReadonlyMap<string, { readonly fn: Fn; readonly callee: Callee }>
  readonly imports = new Map<string, ImportedFunction>()
  readonly hosts: string[] = []
  readonly launches: string[] = []
  readonly helpers = new Map<string, DefinedFunction>()
  usesStack = false

  constructor(functions: readonly Fn[]) {
    this.#functions = new Map(
      functions.map((fn) => {
        const params = fn.params.flatMap((p) => valueTypes(p.type))
        const results: readonly ValueType[] = [
          ...(fn.canFail ? ['i32' as const] : []),
          ...fn.results.flatMap(valueTypes),
        ]
        return [fn.name, { fn, callee: { name: fn.name, signature: { params, results } } }]
      }),
    )
  }

  function(name: string): { readonly fn: Fn; readonly callee: Callee } {
    const found = this.#functions.get(name)
    if (!found) throw new Error(`the module has no function ${name}`)
    return found
  }

  /** Whether it is a function of the IR's, not an import or a helper. */
  defines(callee: Callee): boolean {
    return this.#functions.get(callee.name)?.callee === callee
  }

  env(name: keyof typeof ENV): Callee {
    return this.#import('env', name, ENV[name])
  }

  /** An engine function of f64s. */
  host(name: string, arity: number, result: ValueType): Callee {
    if (!this.hosts.includes(name)) this.hosts.push(name)
    return this.#import('math', name, {
      params: Array.from({ length: arity }, () => 'f64' as const),
      results: [result],
    })
  }

  #import(module: string, name: string, signature: Callee['signature']): Callee {
    const key = `${module}.${name}`
    const known = this.imports.get(key)
    if (known) return known
    const made = { module, name, signature }
    this.imports.set(key, made)
    return made
  }

  launch(name: string): number {
    const known = this.launches.indexOf(name)
    return known >= 0 ? known : this.launches.push(name) - 1
  }

  /**
   * `record(site, value0, value1) → 1` notes a failure and gives its status; `retain` and `release` count references
   * of a handle (0: nothing to count). They are functions of the module, so that their users stay small.
   */
  helper(name: keyof typeof HELPERS): Callee {
    const known = this.helpers.get(name)
    if (known) return known.callee
    const callee: Callee = { name, signature: HELPERS[name] }
    const code = new Code(callee.signature)
    if (name === 'record') writeRecord(code)
    else writeCount(code, name === 'release' ? this.env('free') : undefined)
    this.helpers.set(name, code.finish(callee))
    return callee
  }
}

function writeRecord(code: Code): void {
  const fields = [
    [TLS.site, 'i32.store'],
    [TLS.value0, 'f64.store'],
    [TLS.value1, 'f64.store'],
  ] as const
  for (const [param, [offset, store]] of fields.entries()) {
    code.globalGet(TLS_GLOBAL)
    code.get(param)
    code.memory(store, offset)
  }
  code.i32(1)
}

/** Atomic, because the iterations of a parallel loop count the references of one array from many threads. */
function writeCount(code: Code, free: Callee | undefined): void {
  const handle = 0
  code.get(handle)
  code.if()
  code.get(handle)
  code.i32(1)
  code.memory(free ? 'i32.atomic.rmw.sub' : 'i32.atomic.rmw.add', HEADER.refs)
  if (free) {
    code.i32(1)
    code.op('i32.eq')
    code.if()
    code.get(handle)
    code.call(free)
    code.end()
  } else code.op('drop')
  code.end()
}

// ──────────────────────────── function ────────────────────────────

export interface Frame {
  /** The wasm local that holds the frame's address, and its size in bytes. */
  readonly address: number
  readonly bytes: number
  /** Where each local-space allocation stands and launch arguments begin, in bytes from the address. */
  readonly arrays: ReadonlyMap<Alloc, number>
  readonly launchArgs: number
}

export type Access = Load | Store | Do

/** Where an access has its address: at its pointer, or its array's base, plus so many elements. */
export interface Place {
  /** The local that holds the pointer. */
  readonly slot: number | undefined
  readonly rest: Sum
  /** Bytes, for the access itself to add. */
  readonly offset: number
}

/** The pointers of a function's loops (pointers.ts). */
export interface PointersOf {
  /** Where the access is, in the loop that is being written; undefined for what has no place there. */
  placeOf(access: Access): Place | undefined
  /** Sets the pointers of a loop, whose variable has its first value. */
  enter(s: Scope, loop: For | While): LoopPointers
}

export interface LoopPointers {
  /** At the end of a turn. */
  next(): void
  leave(): void
}

export interface Scope {
  /** Leaves the value of an expression on the stack (`emitExpr`): kept here, since expressions hold expressions. */
  readonly expr: (e: Expr) => void
  readonly module: ModuleScope
  readonly fn: Fn
  readonly code: Code
  /** The first wasm local of each IR local. */
  readonly slots: ReadonlyMap<Local, number>
  /** Array locals that hold a counted reference. */
  readonly owned: ReadonlySet<Local>
  readonly frame: Frame | undefined
  readonly pointers: PointersOf
  readonly breaks: Map<Label, number>
  readonly continues: Map<Label, number>
  /** Where a failure goes once `status` holds it; absent in functions that cannot fail. */
  readonly failure: { readonly target: number; readonly status: number } | undefined
}

export function slotOf(s: Scope, local: Local): number {
  const slot = s.slots.get(local)
  if (slot === undefined) throw new Error(`${s.fn.name} does not declare ${local.name}`)
  return slot
}

export function failureOf(s: Scope): NonNullable<Scope['failure']> {
  if (!s.failure) throw new Error(`${s.fn.name} can fail but is not marked so`)
  return s.failure
}

/** Ends the function with the failure `site`; the closures push its two values, f64 each. */
export function emitFailure(s: Scope, site: number, value0: () => void, value1: () => void): void {
  const { target, status } = failureOf(s)
  s.code.i32(site)
  value0()
  value1()
  s.code.call(s.module.helper('record'))
  s.code.set(status)
  s.code.br(target)
}

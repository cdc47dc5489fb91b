/**
 * What a kernel's free names mean: numbers, booleans, functions, and namespaces or frozen objects of these, fixed when
 * the kernel is compiled. Found in this order: the `captures` thunk, the scopes that Node's inspector shows, the
 * well-known globals; else the user is asked. A captured variable must never be reassigned: an answer computed with
 * its old value would be wrong without a word.
 */

import { intrinsicName } from '../builtins.ts'
import { DTYPES, type DTypeInfo, PACKAGE } from '../types.ts'
import type { FnSource } from './ast.ts'
import { givenCaptures } from './given.ts'
import { inspect, type ScopeValues } from './inspect.ts'
import { constancyOf } from './locate.ts'
import { type AnyFunction, isNative } from './source.ts'
import { type CapturesThunk, readThunk, type Thunk, type ThunkMatch } from './thunk.ts'
import { isImportName } from './tools.ts'

/** A compiled function holds the plain one under this symbol, and stands for it inside other kernels. */
export const PLAIN: unique symbol = Symbol.for(`${PACKAGE}.plain`) as never

export interface CaptureOptions {
  readonly captures?: CapturesThunk | undefined
}

export type Captured =
  | { readonly kind: 'value'; readonly value: number | boolean | undefined }
  | { readonly kind: 'intrinsic'; readonly name: string }
  | { readonly kind: 'function'; readonly fn: AnyFunction }
  | { readonly kind: 'array-type'; readonly dtype: DTypeInfo }
  | { readonly kind: 'namespace' }

/** Throws the CompileError that points at the name in question. */
export type Fail = (code: string, reason: string, remedy: string) => never

type Origin = 'self' | 'thunk' | 'scope' | 'global'

interface Root {
  readonly value: unknown
  readonly origin: Origin
  /** Names of the path that `value` stands for. */
  readonly length: number
}

/** Globals that mean the same in every kernel. */
const GLOBALS = new Map<string, unknown>([
  ['undefined', undefined],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['Math', Math],
  ['Number', Number],
  ['Boolean', Boolean],
  ['isNaN', isNaN],
  ['isFinite', isFinite],
  ...DTYPES.map((d): [string, unknown] => [d.arrayName, d.ctor]),
])

/** The kernel that a thunk was written for; with others it is only asked after their own scopes. */
const owners = new WeakMap<CapturesThunk, AnyFunction>()

export class Captures {
  private readonly fn: AnyFunction
  private readonly source: FnSource
  private readonly selfName: string | undefined
  private readonly captures: CapturesThunk | undefined
  private thunk: Thunk | undefined
  private scopes: readonly ScopeValues[] | undefined

  constructor(fn: AnyFunction, source: FnSource, selfName: string | undefined, options: CaptureOptions) {
    this.fn = fn
    this.source = source
    this.selfName = selfName
    this.captures = options.captures
    if (typeof this.captures === 'function' && !owners.has(this.captures)) owners.set(this.captures, fn)
  }

  /** The meaning of `name` or `name.member.member`. */
  resolve(path: readonly string[], fail: Fail): Captured {
    const root = this.find(path, fail)
    let value = root.value
    for (let i = root.length; i < path.length; i++) value = member(value, path.slice(0, i), path[i]!, fail)
    const found = classify(value, path, root.origin, fail)
    if (root.origin === 'scope' && needsProof(path[0]!, root.value, found)) this.proveConstant(path[0]!, fail)
    return found
  }

  private find(path: readonly string[], fail: Fail): Root {
    const name = path[0]!
    if (name === this.selfName) return { value: this.fn, origin: 'self', length: 1 }
    const brought = givenCaptures(this.fn)
    if (brought && Object.hasOwn(brought, name)) return { value: brought[name], origin: 'thunk', length: 1 }
    const match = this.fromThunk(path)
    const isHelper = this.captures !== undefined && owners.get(this.captures) !== this.fn
    if (match && !(match.isVariable && isHelper)) return { ...match, origin: 'thunk' }
    const scope = this.visibleScopes().find((s) => Object.hasOwn(s, name))
    if (scope) {
      const value = scope[name]
      if (match && Object.is(match.value, valueAt(value, path, match.length))) return { ...match, origin: 'thunk' }
      return { value, origin: 'scope', length: 1 }
    }
    if (match) return { ...match, origin: 'thunk' }
    if (GLOBALS.has(name)) return { value: GLOBALS.get(name), origin: 'global', length: 1 }
    if (name === 'globalThis' && path.length > 1 && GLOBALS.has(path[1]!)) {
      return { value: GLOBALS.get(path[1]!), origin: 'global', length: 2 }
    }
    return this.unresolved(name, fail)
  }

  private fromThunk(path: readonly string[]): ThunkMatch | undefined {
    if (!this.captures) return undefined
    this.thunk ??= readThunk(this.captures)
    return this.thunk.find(path)
  }

  private visibleScopes(): readonly ScopeValues[] {
    this.scopes ??= inspect(this.fn)?.scopes ?? []
    return this.scopes
  }

  private unresolved(name: string, fail: Fail): never {
    const advice = GLOBAL_ADVICE.get(name)
    if (advice) return fail('unsupported-global', advice.reason, advice.remedy)
    if (name in globalThis) {
      return fail(
        'unsupported-global',
        `\`${name}\` is a global; a kernel can use Math, Number, isNaN, isFinite and typed arrays.`,
        `Use it outside the kernel and pass what it gives as an argument.`,
      )
    }
    const helper = this.captures ? ` (its function \`${this.source.name}\` is called by the kernel)` : ''
    return fail(
      'capture',
      `\`${name}\` is not declared inside the kernel, and its value cannot be seen from here.`,
      this.captures
        ? `List it in captures too${helper}: captures: () => ({ …, ${name} }); or pass it as an argument, or declare it inside.`
        : `Pass it as an argument, declare it as a constant inside the kernel, or list it: captures: () => ({ ${name} }).`,
    )
  }

  private proveConstant(name: string, fail: Fail): void {
    const constancy = constancyOf(this.fn, name)
    if (constancy.kind === 'reassigned') {
      fail(
        'reassigned-capture',
        `\`${name}\` is assigned again on line ${constancy.line} of its file, but a kernel captures only what never changes.`,
        `Make it a const, pass it as an argument, or list it in captures: () => ({ ${name} }), which fixes its value when the kernel is compiled.`,
      )
    } else if (constancy.kind === 'unknown') {
      fail(
        'capture',
        `It cannot be proven that \`${name}\` is never reassigned: the script that declares it cannot be read.`,
        `List it: captures: () => ({ ${name} }), which fixes its value when the kernel is compiled; or pass it as an argument.`,
      )
    }
  }
}

const valueAt = (root: unknown, path: readonly string[], length: number): unknown =>
  path.slice(1, length).reduce((v, key) => (v as Record<string, unknown> | undefined)?.[key], root)

/** Namespaces are bound for good, and nothing else can take the place of prange or an atomic operation. */
function needsProof(name: string, root: unknown, found: Captured): boolean {
  if (found.kind === 'intrinsic' && (found.name === 'prange' || found.name.startsWith('atomic.'))) return false
  return !(isNamespace(root) || root === Math || isImportName(name))
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** A module's exports, as engines and tools make them. */
const isNamespace = (value: unknown): boolean =>
  isObject(value) &&
  (Object.prototype.toString.call(value) === '[object Module]' ||
    (value as { __esModule?: unknown }).__esModule === true)

/** The exports of one module inside a bundle: getters alone. */
const isExportsObject = (object: object): boolean =>
  Object.values(Object.getOwnPropertyDescriptors(object)).every(
    (p) => p.get && !p.set && p.enumerable && !p.configurable,
  )

function member(object: unknown, path: readonly string[], key: string, fail: Fail): unknown {
  const name = path.join('.')
  if (ArrayBuffer.isView(object)) return failTypedArray(name, fail)
  if (typeof object === 'function' && object !== Number) {
    if (arrayType(object) && key === 'BYTES_PER_ELEMENT') return arrayType(object)!.size
    return fail(
      'capture',
      `\`${name}.${key}\` is a property of a function; a kernel can only call functions.`,
      arrayType(object) ? `Write new ${name}(length) and fill it in a loop.` : `Call ${name}(…) itself.`,
    )
  }
  if (!isObject(object) && object !== Number) {
    return fail(
      'capture',
      `\`${name}\` is ${describe(object)}: it has no \`${key}\` that a kernel can use.`,
      'Compute what you need outside the kernel and pass it as an argument.',
    )
  }
  const property = findProperty(object as object, key)
  if (property === undefined) {
    return fail('capture', `\`${name}\` has no \`${key}\`.`, `Look for a misspelling; there is no \`${name}.${key}\`.`)
  }
  const fixed =
    (path.length === 1 && isImportName(name)) ||
    object === Math ||
    object === Number ||
    isNamespace(object) ||
    (!property.configurable && property.writable === false) ||
    isExportsObject(object as object)
  if (!fixed) {
    return fail(
      'mutable-capture',
      `\`${name}\` is an object whose \`${key}\` can change; a kernel captures only what never changes.`,
      `Object.freeze(${name}) where it is declared, or pass ${name}.${key} as an argument.`,
    )
  }
  return (object as Record<string, unknown>)[key]
}

/** Own properties; those of a module that some tools put on the prototype of its namespace too. */
function findProperty(object: object, key: string): PropertyDescriptor | undefined {
  for (let o: object | null = object; o && o !== Object.prototype; o = Object.getPrototypeOf(o)) {
    const property = Object.getOwnPropertyDescriptor(o, key)
    if (property) return property
  }
  return undefined
}

const arrayType = (value: unknown): DTypeInfo | undefined => DTYPES.find((d) => d.ctor === value)

function classify(value: unknown, path: readonly string[], origin: Origin, fail: Fail): Captured {
  const name = path.join('.')
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return { kind: 'value', value }
    case 'undefined':
      if (origin === 'global') return { kind: 'value', value }
      return fail(
        'capture',
        `\`${name}\` is undefined at the time the kernel is compiled.`,
        `Give it its value before the kernel’s first call, or pass it as an argument.`,
      )
    case 'function': {
      const fn = (value as { [PLAIN]?: AnyFunction })[PLAIN] ?? (value as AnyFunction)
      const intrinsic = intrinsicName(fn)
      if (intrinsic !== undefined) return { kind: 'intrinsic', name: intrinsic }
      const dtype = arrayType(fn)
      if (dtype) return { kind: 'array-type', dtype }
      if (!isNative(fn)) return { kind: 'function', fn }
      return fail(
        'unsupported-call',
        `\`${name}\` is ${fn.name.startsWith('bound ') ? 'a bound' : 'a native'} function, which a kernel cannot call.`,
        'Call it outside the kernel, or write what it computes as a plain function.',
      )
    }
    case 'object':
      if (ArrayBuffer.isView(value)) return failTypedArray(name, fail)
      if (value === Math || isNamespace(value) || (value !== null && isFrozenRecord(value)))
        return { kind: 'namespace' }
      return fail(
        'mutable-capture',
        `\`${name}\` is ${describe(value)}; a kernel captures numbers, booleans, functions and frozen objects of these.`,
        Array.isArray(value)
          ? 'Copy it into a typed array and pass that as an argument.'
          : `Pass the numbers it holds as arguments, or Object.freeze(${name}) where it is declared.`,
      )
    default:
      return fail(
        'capture',
        `\`${name}\` is ${describe(value)}; a kernel captures numbers, booleans, functions and frozen objects of these.`,
        typeof value === 'string'
          ? 'Use a number or a boolean that stands for it, and compare outside the kernel.'
          : 'Convert it to a number outside the kernel.',
      )
  }
}

const isFrozenRecord = (value: object): boolean => Object.isFrozen(value) && !(value instanceof Date)

function failTypedArray(name: string, fail: Fail): never {
  return fail(
    'mutable-capture',
    `\`${name}\` is a captured array; its contents could change between calls.`,
    `Pass it as an argument: (…, ${name}: Float64Array) => …`,
  )
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  const kind = typeof value
  if (kind === 'object') return 'an object that is not frozen'
  return kind === 'undefined' ? 'undefined' : `a ${kind}`
}

interface Advice {
  readonly reason: string
  readonly remedy: string
}

const GLOBAL_ADVICE = new Map<string, Advice>([
  [
    'console',
    {
      reason: 'A compiled kernel cannot print.',
      remedy: `Run with ${PACKAGE.toUpperCase()}_DISABLE_JIT=1: the kernel is then plain JavaScript, with console.log and breakpoints.`,
    },
  ],
  ...['parseInt', 'parseFloat'].map((name): [string, Advice] => [
    name,
    {
      reason: `\`${name}\` reads strings, and kernels have none.`,
      remedy: 'To cut off the fraction, use Math.trunc(x).',
    },
  ]),
  ...['Date', 'performance'].map((name): [string, Advice] => [
    name,
    { reason: `\`${name}\` is not available inside a kernel.`, remedy: 'Take the time around the call of the kernel.' },
  ]),
  [
    'Array',
    {
      reason: 'Ordinary arrays are not available inside a kernel.',
      remedy: 'Use a typed array: new Float64Array(n).',
    },
  ],
  [
    'BigInt',
    { reason: 'BigInt is not available inside a kernel.', remedy: 'Use numbers: integers are exact up to 2^53.' },
  ],
  ['String', { reason: 'Kernels have no strings.', remedy: 'Format the result outside the kernel.' }],
])

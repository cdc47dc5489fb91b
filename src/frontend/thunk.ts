/**
 * `captures: () => ({ prange, SCALE })`. Minifiers rename inside the thunk as they do inside the kernel
 * (`() => ({ prange: r, SCALE: n })`), so its own text tells which of the kernel's names mean which key.
 */

import type { Expression, ObjectExpression } from 'acorn'
import { CompileError } from '../errors.ts'
import { parseFunction } from './parse.ts'
import { type AnyFunction, isNative, sourceOf } from './source.ts'
import { isCoverageCounter, staticPath, unwrap } from './tools.ts'

export type CapturesThunk = () => Record<string, unknown>

export interface ThunkMatch {
  readonly value: unknown
  /** How many names of the path the value stands for. */
  readonly length: number
  /** The thunk names a variable (and not a value of its own, as in `{ SCALE: 3 }`). */
  readonly isVariable: boolean
}

export interface Thunk {
  readonly keys: readonly string[]
  /** The value of the longest start of `path` that the thunk lists. */
  find(path: readonly string[]): ThunkMatch | undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export function readThunk(captures: CapturesThunk): Thunk {
  const values: unknown = typeof captures === 'function' ? captures() : undefined
  if (!isRecord(values)) {
    throw new CompileError({
      code: 'capture',
      reason: 'The option `captures` is not a function that returns an object.',
      remedy: 'Write captures: () => ({ SCALE, helper }); a bare object would lose its names in minified code.',
    })
  }
  const { byPath, byKey } = readKeys(captures, Object.keys(values))
  return {
    keys: Object.keys(values),
    find(path) {
      for (let length = path.length; length > 0; length--) {
        const key = byPath.get(path.slice(0, length).join('.'))
        if (key !== undefined) return { value: values[key], length, isVariable: true }
      }
      const root = path[0]!
      return byKey.has(root) ? { value: values[root], length: 1, isVariable: false } : undefined
    },
  }
}

/**
 * `byPath`: the kernel's name (or path, `lib.prange`) to the key. `byKey`: keys that name nothing themselves. A key
 * beside another variable's name is in `byPath` alone: in minified text the key's own name may mean something else.
 */
function readKeys(captures: AnyFunction, keys: readonly string[]) {
  const byPath = new Map<string, string>()
  const byKey = new Set(keys)
  const object = isNative(captures) ? undefined : returnedObject(captures)
  for (const property of object?.properties ?? []) {
    if (property.type !== 'Property' || property.computed) continue
    const { key } = property
    const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
    const path = staticPath(property.value)
    if (name === undefined || path === undefined) continue
    byPath.set(path.join('.'), name)
    byKey.delete(name)
  }
  return { byPath, byKey }
}

function returnedObject(captures: AnyFunction): ObjectExpression | undefined {
  const { node } = parseFunction(sourceOf(captures))
  let value: Expression | null | undefined
  if (node.body.type === 'BlockStatement') {
    const last = node.body.body.find((s) => s.type === 'ReturnStatement')
    value = last?.argument
  } else {
    value = node.body
  }
  if (!value) return undefined
  const inner = isCoverageCounter(value) ? undefined : unwrap(value)
  return inner?.type === 'ObjectExpression' ? inner : undefined
}

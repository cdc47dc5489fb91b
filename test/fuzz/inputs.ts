/** Arguments from their descriptions, and whether two sets of them ended up equal. */

import type { TypedArray } from '../../src/types.ts'
import { type ArrayName, type Input, numberText } from './tree.ts'

type Maker = new (buffer: ArrayBufferLike | number, byteOffset?: number, length?: number) => TypedArray
const maker = (type: ArrayName): Maker => (globalThis as unknown as Record<ArrayName, Maker>)[type]

export const bytesOf = (type: ArrayName): number =>
  (maker(type) as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT

/** `align`: bytes of the widest elements that are to be seen in the array. */
export type Allocate = (type: ArrayName, length: number, align: number) => TypedArray

const ordinary: Allocate = (type, length) => new (maker(type))(length)

/** Fresh arguments; `allocate` gives the arrays that are not aliases. */
export function makeArgs(inputs: readonly Input[], allocate = ordinary): unknown[] {
  const args: unknown[] = []
  const aligns = inputs.map((input) => ('type' in input ? bytesOf(input.type) : 0))
  for (const input of inputs) {
    if (input.kind === 'alias') aligns[input.of] = Math.max(aligns[input.of]!, bytesOf(input.type))
  }
  inputs.forEach((input, k) => {
    args.push(makeArg(input, args, aligns[k]!, allocate))
  })
  while (inputs[args.length - 1]?.kind === 'omitted') args.pop()
  return args
}

function makeArg(input: Input, args: unknown[], align: number, allocate: Allocate): unknown {
  switch (input.kind) {
    case 'scalar':
      return input.value
    case 'omitted':
      return undefined
    case 'array': {
      const made = allocate(input.type, input.data.length, align)
      input.data.forEach((value, k) => {
        made[k] = value
      })
      return made
    }
    case 'alias': {
      const base = args[input.of] as TypedArray
      return new (maker(input.type))(base.buffer, base.byteOffset + input.byteOffset, input.length)
    }
    default:
      return input satisfies never
  }
}

/** Whether inputs keep what programs rely on: the shrinker would take it from them. */
export const keepPromises = (inputs: readonly Input[]): boolean =>
  inputs.every((input) => input.kind !== 'array' || !input.distinct || new Set(input.data).size === input.data.length)

/** Law 1: all NaNs are one value, −0 and 0 are two. */
export const same = (a: unknown, b: unknown): boolean => Object.is(a, b)

export function sameArray(a: TypedArray, b: TypedArray): boolean {
  if (a.length !== b.length || a.constructor.name !== b.constructor.name) return false
  for (let k = 0; k < a.length; k++) if (!same(a[k], b[k])) return false
  return true
}

export const isArray = (value: unknown): value is TypedArray => ArrayBuffer.isView(value)

export function valueText(value: unknown): string {
  if (typeof value === 'number') return numberText(value)
  if (isArray(value)) return `${value.constructor.name}(${value.length}) [${[...value].map(valueText).join(', ')}]`
  return String(value)
}

/** JavaScript that makes an input's description again. */
export function inputText(input: Input): string {
  switch (input.kind) {
    case 'scalar':
      return `{ kind: 'scalar', value: ${valueText(input.value)} }`
    case 'array':
      return `{ kind: 'array', type: '${input.type}', data: [${input.data.map(numberText).join(', ')}]${input.distinct ? ', distinct: true' : ''} }`
    case 'alias':
      return `{ kind: 'alias', type: '${input.type}', of: ${input.of}, byteOffset: ${input.byteOffset}, length: ${input.length} }`
    case 'omitted':
      return `{ kind: 'omitted' }`
    default:
      return input satisfies never
  }
}

/** Read-modify-write statements, on arrays that other threads see and on ones that they do not. */

import type { Do } from '../../ir/ir.ts'
import { atomics } from '../../ir/ops/atomics.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { typeName } from '../../ir/types.ts'
import type { DType } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { fill, primary } from './template.ts'

/** Functions of `Atomics`, by operation: they wrap as stores do. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'atomic.add': 'add',
  'atomic.sub': 'sub',
  'atomic.and': 'and',
  'atomic.or': 'or',
  'atomic.xor': 'xor',
  'atomic.exchange': 'exchange',
}

export interface AtomicNames {
  readonly array: string
  readonly index: string
  /** Where the old element goes. */
  readonly old: string
  /** Identifiers or literals. */
  readonly args: readonly string[]
}

/** The lines of a `do` whose index is known to be in range. */
export function atomic(s: Do, shared: boolean, names: AtomicNames): string[] {
  const { array, index, old, args } = names
  if (s.array.type.kind !== 'array') throw new Unsupported(`${s.op} of what is not an array`)
  const element = `${array}[${index}]`
  if (!shared) return [`${old} = ${element}`, `${element} = ${combined(s.op, old, args)}`]
  checkShared(s.array.type.dtype, s.op)
  const integers = s.args.every((arg) => typeName(arg.type) === 'i32')
  const builtIn = BUILT_IN[s.op]
  if (builtIn && integers) return [`${old} = Atomics.${builtIn}(${array}, ${index}, ${args[0]})`]
  // Another thread may come between the read and the exchange: then its element is the old one, and again.
  return [
    `do ${old} = Atomics.load(${array}, ${index})`,
    `while (Atomics.compareExchange(${array}, ${index}, ${old}, ${combined(s.op, old, args)}) !== ${old})`,
  ]
}

/** The new element as a number; the store, or Atomics, converts it. */
function combined(op: string, old: string, args: readonly string[]): string {
  if (op === 'atomic.exchange') return args[0]!
  if (op === 'atomic.compareExchange') return `${old} === ${args[0]} ? ${args[1]} : ${old}`
  const combine = atomics.find(({ name }) => name === op)?.combine
  const at = combine === undefined ? undefined : opRecord(combine).at
  const js = (at?.['f64'] ?? at?.['i32'])?.js
  if (js === undefined) throw new Unsupported(`checked JavaScript has no ${op}`)
  return fill(js, [primary(old), ...args.map(primary)]).code
}

function checkShared(dtype: DType, op: string): void {
  if (dtype === 'float64' || dtype === 'float32' || dtype === 'uint8c') {
    throw new Unsupported(`JavaScript's Atomics has no ${op} of ${dtype} elements that several threads write`)
  }
}

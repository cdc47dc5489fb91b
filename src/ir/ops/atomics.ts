/**
 * Read-modify-write operations of `do` statements. Arguments are i32 where the array holds integers and the value is
 * proven one (then they wrap), else f64: the new element is what a store of `meaning(old, …)` would leave.
 * The result local has the array's value type and takes the old element.
 */

import type { Lowering, Op } from './op.ts'

/** WebAssembly has these for integers; everything else is a compare-exchange loop over `meaning`. */
const rmw = (name: string): Record<string, Lowering> => ({
  int32: { wasm: `i32.atomic.rmw.${name}` },
  uint32: { wasm: `i32.atomic.rmw.${name}` },
  int16: { wasm: `i32.atomic.rmw16.${name}_u` },
  uint16: { wasm: `i32.atomic.rmw16.${name}_u` },
  int8: { wasm: `i32.atomic.rmw8.${name}_u` },
  uint8: { wasm: `i32.atomic.rmw8.${name}_u` },
})

/** `combine`: the operation of the tables that makes the new element from the old one and the value. */
export interface AtomicOp extends Op {
  readonly combine?: string
}

const atomic = (name: string, doc: string, meaning: Op['meaning'], at: Record<string, Lowering>, combine?: string) =>
  ({
    name: `atomic.${name}`,
    doc,
    args: name === 'compareExchange' ? ['T', 'T'] : ['T'],
    result: 'T',
    kind: 'atomic',
    meaning,
    at,
    ...(combine ? { combine } : {}),
  }) satisfies AtomicOp

export const atomics: readonly AtomicOp[] = [
  atomic('add', 'old + value', (old: number, v: number) => old + v, rmw('add'), 'add'),
  atomic('sub', 'old − value', (old: number, v: number) => old - v, rmw('sub'), 'sub'),
  atomic('min', 'Math.min(old, value)', (old: number, v: number) => Math.min(old, v), {}, 'min'),
  atomic('max', 'Math.max(old, value)', (old: number, v: number) => Math.max(old, v), {}, 'max'),
  atomic('and', 'old & value', (old: number, v: number) => old & v, rmw('and'), 'and'),
  atomic('or', 'old | value', (old: number, v: number) => old | v, rmw('or'), 'or'),
  atomic('xor', 'old ^ value', (old: number, v: number) => old ^ v, rmw('xor'), 'xor'),
  atomic('exchange', 'value', (_old: number, v: number) => v, rmw('xchg')),
  atomic(
    'compareExchange',
    'The value (second) where old = expected (first).',
    (old: number, expected: number, v: number) => (old === expected ? v : old),
    {},
  ),
]

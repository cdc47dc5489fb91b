/** Loads and stores of single elements. */

import type { Load, Store } from '../../ir/ir.ts'
import type { DType } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { dtypeOf, emitAddress } from './address.ts'
import type { Scope } from './scope.ts'
import { emitVectorLoad, emitVectorStore } from './vector-memory.ts'

interface Access {
  readonly load: string
  readonly store: string
}
/** Loads give `valueType`, stores take `storeType` (ir/types.ts). */
const ACCESS: Readonly<Record<DType, Access>> = {
  float64: { load: 'f64.load', store: 'f64.store' },
  float32: { load: 'f32.load', store: 'f32.store' },
  int8: { load: 'i32.load8_s', store: 'i32.store8' },
  uint8: { load: 'i32.load8_u', store: 'i32.store8' },
  uint8c: { load: 'i32.load8_u', store: 'i32.store8' },
  int16: { load: 'i32.load16_s', store: 'i32.store16' },
  uint16: { load: 'i32.load16_u', store: 'i32.store16' },
  int32: { load: 'i32.load', store: 'i32.store' },
  uint32: { load: 'i64.load32_u', store: 'i32.store' },
  int64: { load: 'i64.load', store: 'i64.store' },
  uint64: { load: 'i64.load', store: 'i64.store' },
}

export function emitLoad(s: Scope, e: Load): void {
  if (e.type.kind === 'vec') {
    emitVectorLoad(s, e)
    return
  }
  if (e.mask) throw new Unsupported('single elements are loaded under no mask')
  const access = ACCESS[dtypeOf(e.array)]
  const offset = emitAddress(s, e)
  s.code.memory(access.load, offset)
}

export function emitStore(s: Scope, stmt: Store): void {
  if (stmt.value.type.kind === 'vec') {
    emitVectorStore(s, stmt)
    return
  }
  if (stmt.mask) throw new Unsupported('single elements are stored under no mask')
  const access = ACCESS[dtypeOf(stmt.array)]
  const offset = emitAddress(s, stmt)
  s.expr(stmt.value)
  s.code.memory(access.store, offset)
}

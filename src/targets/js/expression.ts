/**
 * Expressions as JavaScript. Values are held as numbers (f32: rounded by Math.fround; i32: within ±2³¹; i64 and index:
 * whole, never −0), booleans, and typed arrays; a reader of the text meets nothing else.
 */

import { overloadType } from '../../ir/build.ts'
import type { Cast, Const, Expr, Local, OpExpr, Type } from '../../ir/ir.ts'
import { opRecord } from '../../ir/ops/index.ts'
import { typeName } from '../../ir/types.ts'
import { dtypeInfo } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { conditional, fill, LOOSEST, literal, primary, type Text, within } from './template.ts'

export interface LocalNames {
  local(local: Local): string
}

/** The type itself; throws for one that has no form in JavaScript. */
export function checkType(type: Type): Type {
  switch (type.kind) {
    case 'scalar':
      return type
    case 'array':
      if (type.rank !== 1 || type.space === 'shared') {
        throw new Unsupported(`checked JavaScript has no ${typeName(type)} arrays`)
      }
      if (type.dtype === 'int64' || type.dtype === 'uint64') {
        throw new Unsupported(`checked JavaScript does not take ${dtypeInfo(type.dtype).arrayName}`)
      }
      return type
    case 'vec':
    case 'mask':
    case 'tuple':
      throw new Unsupported(`checked JavaScript has no ${typeName(type)} values`)
    default:
      return type satisfies never
  }
}

/** The whole of `e`, as the right side of an assignment or an argument. */
export const expression = (e: Expr, names: LocalNames): string => within(text(e, names), LOOSEST)

function text(e: Expr, names: LocalNames): Text {
  checkType(e.type)
  const of = (part: Expr) => text(part, names)
  switch (e.kind) {
    case 'const':
      return literal(constant(e))
    case 'local':
      return primary(names.local(e.local))
    case 'load':
      if (e.mask) throw new Unsupported('checked JavaScript has no masked loads')
      return primary(`${names.local(e.array)}[${expression(e.index, names)}]`)
    case 'op':
      return fill(template(e), e.args.map(of))
    case 'cast':
      return cast(e, of(e.value))
    case 'select':
    case 'cond':
      return conditional(of(e.cond), of(e.then), of(e.else))
    case 'length':
      return primary(`${names.local(e.array)}.length`)
    case 'overlap':
      return primary(`rt.overlap(${names.local(e.a)}, ${names.local(e.b)})`)
    case 'ramp':
    case 'splat':
    case 'shuffle':
    case 'extract':
    case 'reduce':
      throw new Unsupported(`checked JavaScript has no ${e.kind}`)
    default:
      return e satisfies never
  }
}

function constant({ value }: Const): string {
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) {
    throw new Unsupported(`checked JavaScript holds integers within ±2⁵³; ${value} is not one`)
  }
  return String(value)
}

function template(e: OpExpr): string {
  const record = opRecord(e.op)
  const type = typeName(overloadType(record, e.args))
  const js = record.at[type]?.js
  if (js === undefined) throw new Unsupported(`checked JavaScript has no ${e.op} of ${type}`)
  return js
}

function cast(e: Cast, value: Text): Text {
  const from = typeName(e.value.type)
  const to = typeName(e.type)
  if (from === to) return value
  if (from === 'bool') return conditional(value, literal('1'), literal('0'))
  const float = from === 'f64' || from === 'f32'
  switch (to) {
    case 'f64':
      return value
    case 'f32':
      return fill('Math.fround($0)', [value])
    case 'i8':
      return fill('$0 << 24 >> 24', [value])
    case 'i16':
      return from === 'i8' ? value : fill('$0 << 16 >> 16', [value])
    case 'i32':
      return from === 'i8' || from === 'i16' ? value : fill('$0 | 0', [value])
    case 'i64':
    case 'index':
      // Integers have no −0: the sum is what takes it away.
      return float ? fill('$0 + 0', [value]) : value
    default:
      throw new Unsupported(`checked JavaScript has no cast from ${from} to ${to}`)
  }
}

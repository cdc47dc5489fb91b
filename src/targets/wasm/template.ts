/** Runs the `wasm` column of an operation's record (ir/ops/op.ts says how it reads) on given operands. */

import { slotType } from '../../ir/build.ts'
import type { Expr, Type } from '../../ir/ir.ts'
import type { Op } from '../../ir/ops/op.ts'
import { overloadName, typeName } from '../../ir/types.ts'
import { Unsupported } from '../target.ts'
import type { Code } from './code.ts'
import { VALUE_TYPE_CODE, type ValueType } from './encode.ts'
import { held, type Operand } from './operand.ts'
import { isHalf, type Scope, valueTypeOf } from './scope.ts'

type Instruction =
  | { readonly kind: 'operand'; readonly position: number }
  | { readonly kind: 'run'; readonly write: (code: Code) => void }
  | { readonly kind: 'host'; readonly name: string }

interface Template {
  readonly instructions: readonly Instruction[]
  /** Each operand is used once, in order, before all else: it may stay on the stack. */
  readonly inOrder: boolean
}

const parsed = new Map<string, Template>()

function parse(text: string, arity: number): Template {
  const known = parsed.get(text)
  if (known) return known
  const words = text.split(' ')
  const operands = Array.from({ length: arity }, (_, k) => `$${k}`)
  const single = words.length === 1
  const instructions = (single ? [...operands, ...words] : words).map(instruction)
  const positions = instructions.flatMap((i) => (i.kind === 'operand' ? [i.position] : []))
  const inOrder =
    positions.length === arity &&
    positions.every((position, k) => position === k && instructions[k]!.kind === 'operand')
  const template = { instructions, inOrder }
  parsed.set(text, template)
  return template
}

function instruction(word: string): Instruction {
  if (word.startsWith('$')) return { kind: 'operand', position: Number(word.slice(1)) }
  const colon = word.indexOf(':')
  const name = colon < 0 ? word : word.slice(0, colon)
  const value = word.slice(colon + 1)
  const run = (write: (code: Code) => void): Instruction => ({ kind: 'run', write })
  switch (name) {
    case 'host':
      return { kind: 'host', name: value }
    case 'if':
      if (!(value in VALUE_TYPE_CODE)) throw new Error(`${word} names no type of WebAssembly`)
      return run((code) => code.if(value as ValueType))
    case 'else':
      return run((code) => code.else())
    case 'end':
      return run((code) => code.end())
    case 'i32.const':
      return run((code) => code.i32(Number(value)))
    case 'i64.const': {
      const integer = BigInt(value)
      return run((code) => code.i64(integer))
    }
    case 'f32.const':
      return run((code) => code.f32(Number(value)))
    case 'f64.const':
      return run((code) => code.f64(Number(value)))
    case 'f64x2.extract_lane':
    case 'i32x4.extract_lane':
      return run((code) => code.lane(name, Number(value)))
    case 'f64x2.const':
      return constant(`f64x2 ${value}`, new Float64Array(2).fill(Number(value)))
    case 'i64x2.const':
      return constant(`i64x2 ${value}`, new BigInt64Array(2).fill(BigInt(value)))
    default:
      return run((code) => code.op(name))
  }
}

/** The same value in every lane. Memory and typed arrays are both little-endian. */
function constant(key: string, lanes: Float64Array | BigInt64Array): Instruction {
  const bytes = new Uint8Array(lanes.buffer as ArrayBuffer)
  return { kind: 'run', write: (code) => code.constant(key, () => bytes) }
}

/** One operand of an operation: pushes its value; `cheap` ones may be pushed again and again at no cost. */
export interface Argument {
  readonly cheap: boolean
  push(): void
}

/** The same of expressions where their values may stay on the stack, as most may; else nothing, and false. */
export function emitInOrder(s: Scope, record: Op, at: Type, args: readonly Expr[]): boolean {
  const text = record.at[overloadName(at)]?.wasm
  if (text === undefined || isHalf(at)) return false
  const { instructions, inOrder } = parse(text, args.length)
  if (!inOrder) return false
  for (const arg of args) s.expr(arg)
  for (let k = args.length; k < instructions.length; k++) {
    const i = instructions[k]!
    if (i.kind === 'run') i.write(s.code)
    else if (i.kind === 'host') callHost(s, i.name, record, at)
  }
  return true
}

function callHost(s: Scope, name: string, record: Op, at: Type): void {
  s.code.call(s.module.host(name, record.args.length, valueTypeOf(slotType(record.result, at))))
}

/** Leaves the result of `record` at the overload `at` on the stack. */
export function emitOperation(s: Scope, record: Op, at: Type, args: readonly Argument[]): void {
  const text = record.at[overloadName(at)]?.wasm
  if (text === undefined) throw new Unsupported(`WebAssembly has no code for ${record.name} of ${typeName(at)}`)
  const { instructions, inOrder } = parse(text, args.length)
  const operands: (Argument | Operand)[] = inOrder ? (args as Argument[]) : [...args]
  if (!inOrder) {
    for (const arg of args) if (!arg.cheap) arg.push()
    // The last operand is on top of the stack.
    for (let k = args.length - 1; k >= 0; k--) {
      if (!args[k]!.cheap) operands[k] = held(s, valueTypeOf(slotType(record.args[k]!, at)))
    }
  }
  for (const i of instructions) {
    if (i.kind === 'operand') operands[i.position]!.push()
    else if (i.kind === 'run') i.write(s.code)
    else callHost(s, i.name, record, at)
  }
  if (!inOrder) for (const operand of operands) if ('release' in operand) operand.release()
  // Compared in 32 bits, a lane's answer has 32.
  if (isHalf(at) && slotType(record.result, at).kind === 'mask') s.code.op('i64x2.extend_low_i32x4_s')
}

/** Calls of the module's functions, and launches: functions that the host runs over a range on many threads. */

import type { Call, Fn, Launch, Local, Type } from '../../ir/ir.ts'
import { typeName } from '../../ir/types.ts'
import { HEADER, SLOT } from '../../runtime/layout.ts'
import { Unsupported } from '../target.ts'
import { Code } from './code.ts'
import type { Callee, DefinedFunction, ValueType } from './encode.ts'
import { emitArrayPart } from './expr.ts'
import { held } from './operand.ts'
import { BASE, failureOf, HANDLE, LENGTH, type ModuleScope, type Scope, slotOf, valueTypeOf } from './scope.ts'

export function emitCall(s: Scope, stmt: Call): void {
  const { fn, callee } = s.module.function(stmt.fn)
  for (const arg of stmt.args) s.expr(arg)
  s.code.call(callee)
  // The last result is on top. After a failure all are zeros: arrays that own nothing.
  for (let k = fn.results.length - 1; k >= 0; k--) takeResult(s, fn.results[k]!, stmt.results[k])
  if (!fn.canFail) return
  const { target, status } = failureOf(s)
  s.code.tee(status)
  s.code.brIf(target)
}

/** An array comes with a reference: its owner must give up the one it holds, and nobody's is given back. */
function takeResult(s: Scope, type: Type, local: Local | undefined): void {
  if (type.kind !== 'array') {
    if (local) s.code.set(slotOf(s, local))
    else s.code.op('drop')
    return
  }
  const release = s.module.helper('release')
  if (!local) {
    s.code.op('drop')
    s.code.op('drop')
    s.code.call(release)
    return
  }
  const slot = slotOf(s, local)
  s.code.set(slot + LENGTH)
  s.code.set(slot + BASE)
  const handle = held(s, 'i32')
  s.code.get(slot + HANDLE)
  s.code.call(release)
  handle.push()
  handle.release()
  s.code.set(slot + HANDLE)
}

// ──────────────────────────── launches ────────────────────────────

/** How a value lies in its slot. */
const slotAccess = (type: ValueType): { load: string; store: string } => ({
  load: `${type}.load`,
  store: `${type}.store`,
})

function checkLaunchable(type: Type): void {
  if (type.kind === 'scalar' || (type.kind === 'array' && type.space === 'global')) return
  throw new Unsupported(`a value of type ${typeName(type)} cannot be handed to other threads`)
}

export function emitLaunch(s: Scope, stmt: Launch): void {
  const frame = s.frame!
  const { code } = s
  stmt.args.forEach((arg, k) => {
    checkLaunchable(arg.type)
    const isArray = arg.type.kind === 'array'
    code.get(frame.address)
    if (isArray) emitArrayPart(s, arg, HANDLE)
    else s.expr(arg)
    code.memory(slotAccess(isArray ? 'i32' : valueTypeOf(arg.type)).store, frame.launchArgs + k * SLOT)
  })
  code.i32(s.module.launch(stmt.fn))
  s.expr(stmt.lo)
  s.expr(stmt.hi)
  code.get(frame.address)
  code.i32(frame.launchArgs)
  code.op('i32.add')
  if (stmt.serialIf) s.expr(stmt.serialIf)
  else code.i32(0)
  code.call(s.module.env('launch'))
  const { target, status } = failureOf(s)
  code.tee(status)
  code.brIf(target)
}

/** The exported `(lo, hi, args) → status` by which the host runs a launched function. */
export function launchWrapper(module: ModuleScope, ordinal: number): DefinedFunction {
  const { fn, callee } = module.function(module.launches[ordinal]!)
  if (fn.results.length > 0) throw new Error(`${fn.name} is launched but returns something`)
  const name = `launch${ordinal}`
  const wrapper: Callee = { name, signature: { params: ['i32', 'i32', 'i32'], results: ['i32'] } }
  const code = new Code(wrapper.signature)
  const [lo, hi, args] = [0, 1, 2]
  code.get(lo)
  code.get(hi)
  argumentsOf(fn).forEach((type, k) => {
    checkLaunchable(type)
    code.get(args)
    if (type.kind === 'array') emitArrayFromSlot(code, k)
    else code.memory(slotAccess(valueTypeOf(type)).load, k * SLOT)
  })
  code.call(callee)
  if (!fn.canFail) code.i32(0)
  return code.finish(wrapper, name)
}

/** Pushes handle, base and length; the address of the slots is on the stack. */
function emitArrayFromSlot(code: Code, position: number): void {
  // Handle 0 is the empty array, and what stands at address 0 is its header: zeros.
  const handle = code.temp('i32')
  code.memory('i32.load', position * SLOT)
  code.tee(handle)
  for (const field of [HEADER.base, HEADER.length]) {
    code.get(handle)
    code.memory('i32.load', field)
  }
  code.release('i32', handle)
}

/** The types after the range. */
const argumentsOf = (fn: Fn): readonly Type[] => fn.params.slice(2).map((p) => p.type)

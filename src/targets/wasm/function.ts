/** A whole function: its locals, its frame on the thread's stack, its ways out. */

import type { Alloc, ArrayType, Fn, Launch, Local, Type } from '../../ir/ir.ts'
import { visitStmts } from '../../ir/walk.ts'
import { SLOT, TLS } from '../../runtime/layout.ts'
import { dtypeInfo } from '../../types.ts'
import { localLength, ownedLocals } from './arrays.ts'
import { Code } from './code.ts'
import { type Callee, type DefinedFunction, TLS_GLOBAL } from './encode.ts'
import { emitExpr } from './expr.ts'
import { Pointers } from './pointers.ts'
import {
  DEPTH_GLOBAL,
  emitFailure,
  type Frame,
  HANDLE,
  type ModuleScope,
  type Scope,
  valueTypeOf,
  valueTypes,
} from './scope.ts'
import { emitLeave, emitStmts } from './stmt.ts'

export function emitFunction(module: ModuleScope, fn: Fn, exported?: string): DefinedFunction {
  const { callee } = module.function(fn.name)
  const code = new Code(callee.signature)
  const slots = new Map<Local, number>()
  let params = 0
  for (const p of fn.params) {
    slots.set(p, params)
    params += valueTypes(p.type).length
  }
  for (const l of fn.locals) {
    const [first] = valueTypes(l.type).map((type) => code.newLocal(type))
    slots.set(l, first!)
  }
  const layout = frameOf(fn)
  const status = fn.canFail ? code.newLocal('i32') : undefined
  const s: Scope = {
    expr: (e) => emitExpr(s, e),
    module,
    fn,
    code,
    slots,
    owned: ownedLocals(fn),
    frame: layout && { ...layout, address: code.newLocal('i32') },
    pointers: new Pointers(fn),
    breaks: new Map(),
    continues: new Map(),
    failure: status === undefined ? undefined : { target: code.block(), status },
  }
  // Parameters that are assigned to give up their first value, so they need a reference of their own to it.
  for (const p of fn.params) {
    if (!s.owned.has(p)) continue
    code.get(slots.get(p)! + HANDLE)
    code.call(module.helper('retain'))
  }
  if (layout) emitEnter(s, layout)
  emitStmts(s, fn.body)
  if (fn.results.length > 0 || fn.body.at(-1)?.kind === 'return') code.op('unreachable')
  else {
    if (s.failure) code.i32(0)
    emitLeave(s)
    code.op('return')
  }
  if (s.failure) {
    code.end()
    code.get(s.failure.status)
    for (const type of fn.results.flatMap(valueTypes)) code.zero(type)
    emitLeave(s)
  }
  return code.finish(callee, exported)
}

// ───────────────────────────── frame ─────────────────────────────

interface Layout extends Omit<Frame, 'address'> {
  /** Where the user's text first needs the frame: the site of a stack that is full. */
  readonly site: number
}

/** Arrays of constant length and the slots of launches; undefined where there are none. */
function frameOf(fn: Fn): Layout | undefined {
  const arrays = new Map<Alloc, number>()
  const sites: number[] = []
  let bytes = 0
  let launchBytes = 0
  visitStmts(fn.body, {
    stmt: (stmt) => {
      if (stmt.kind === 'launch') {
        launchBytes = Math.max(launchBytes, argBytes(stmt))
        sites.push(stmt.site)
      } else if (stmt.kind === 'alloc' && (stmt.local.type as ArrayType).space === 'local') {
        arrays.set(stmt, bytes)
        bytes += align(localLength(stmt) * dtypeInfo((stmt.local.type as ArrayType).dtype).size)
        sites.push(stmt.site)
      }
    },
  })
  const [site] = sites
  return site === undefined ? undefined : { arrays, launchArgs: bytes, bytes: bytes + align(launchBytes), site }
}

const argBytes = (stmt: Launch): number => stmt.args.length * SLOT
/** Vectors are loaded fastest from multiples of their size. */
const align = (bytes: number): number => Math.ceil(bytes / 16) * 16

function emitEnter(s: Scope, layout: Layout): void {
  const { code } = s
  s.module.usesStack = true
  code.globalGet(TLS_GLOBAL)
  code.globalGet(DEPTH_GLOBAL)
  code.op('i32.add')
  code.set(s.frame!.address)
  code.globalGet(DEPTH_GLOBAL)
  code.i32(layout.bytes)
  code.op('i32.add')
  code.globalSet(DEPTH_GLOBAL)
  code.globalGet(DEPTH_GLOBAL)
  code.i32(TLS.bytes)
  code.op('i32.gt_u')
  code.if()
  if (s.failure)
    emitFailure(
      s,
      layout.site,
      () => code.f64(layout.bytes),
      () => code.f64(0),
    )
  else code.op('unreachable')
  code.end()
}

// ───────────────────────────── entry ─────────────────────────────

/** Whether the entry function has the shape that callers see (target.ts) as it is. */
export function isEntryShaped(module: ModuleScope, fn: Fn): boolean {
  return fn.canFail && !module.usesStack && fn.results.every((type) => type.kind !== 'array')
}

/** The exported `entry(...) → status, result`, an array being its handle alone. */
export function entryWrapper(module: ModuleScope, fn: Fn): DefinedFunction {
  const { callee } = module.function(fn.name)
  const results = fn.results.map((type: Type) => (type.kind === 'array' ? 'i32' : valueTypeOf(type)))
  const wrapper: Callee = {
    name: 'entry',
    signature: { params: callee.signature.params, results: ['i32', ...results] },
  }
  const code = new Code(wrapper.signature)
  // An exception of the host (its own stack was full, say) may have left the last call's frames behind.
  if (module.usesStack) {
    code.i32(TLS.stack)
    code.globalSet(DEPTH_GLOBAL)
  }
  if (!fn.canFail) code.i32(0)
  for (let k = 0; k < callee.signature.params.length; k++) code.get(k)
  code.call(callee)
  if (fn.results[0]?.kind === 'array') {
    code.op('drop')
    code.op('drop')
  }
  return code.finish(wrapper, 'entry')
}

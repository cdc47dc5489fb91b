/**
 * Arrays as values: assignment, allocation and the counting of references (Numba's NRT).
 *
 * A block is freed when its last reference goes. Arguments are the caller's, who holds them during the call, so only
 * what a function allocates or receives as a result is counted, and the locals that such an array may be assigned to:
 * the *owned* locals. Each holds one reference; every way out of the function gives it back. A returned array's
 * reference passes to the caller.
 */

import type { Alloc, ArrayType, Assign, Expr, Fn, Local, Stmt } from '../../ir/ir.ts'
import { stmtBodies, stmtTargets, visitExpr } from '../../ir/walk.ts'
import { HEADER } from '../../runtime/layout.ts'
import { dtypeCode, dtypeInfo } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { emitArrayPart, emitAsF64 } from './expr.ts'
import { held } from './operand.ts'
import { BASE, emitFailure, HANDLE, LENGTH, type Scope, slotOf } from './scope.ts'

const isCounted = (local: Local): boolean => local.type.kind === 'array' && local.type.space === 'global'

/**
 * The owned locals. An array that is made once, outside loops, lives to the end of the call: what is assigned from it
 * needs no count of its own, so that inlined helpers cost nothing.
 */
export function ownedLocals(fn: Fn): ReadonlySet<Local> {
  const flows = new Map<Local, Local[]>()
  const made = new Map<Local, { inLoop: boolean }>()
  const writes = new Map<Local, number>(fn.params.map((p) => [p, 1]))
  const scan = (stmts: readonly Stmt[], inLoop: boolean) => {
    for (const stmt of stmts) {
      for (const target of stmtTargets(stmt)) {
        if (!isCounted(target)) continue
        writes.set(target, (writes.get(target) ?? 0) + 1)
        if (stmt.kind === 'assign') for (const source of arraySources(stmt.value)) push(flows, source, target)
        else made.set(target, { inLoop })
      }
      const loops = stmt.kind === 'for' || stmt.kind === 'while'
      for (const body of stmtBodies(stmt)) scan(body, inLoop || loops)
    }
  }
  scan(fn.body, false)

  const owned = new Set<Local>(made.keys())
  const pending = [...made].filter(([local, { inLoop }]) => inLoop || writes.get(local)! > 1).map(([local]) => local)
  for (let source = pending.pop(); source; source = pending.pop()) {
    for (const target of flows.get(source) ?? []) {
      // An owned local that others assign to passes on what it holds, whatever made it first.
      if (owned.has(target)) continue
      owned.add(target)
      pending.push(target)
    }
  }
  return owned
}

function push(map: Map<Local, Local[]>, key: Local, value: Local): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

function arraySources(e: Expr): readonly Local[] {
  const found: Local[] = []
  visitExpr(e, (node) => {
    if (node.type.kind !== 'array') return false
    if (node.kind === 'local') found.push(node.local)
    return true
  })
  return found
}

/** Moves an array of three parts into a local; an owned one takes a reference before it gives up its old one. */
export function emitArrayAssign(s: Scope, { local, value }: Assign): void {
  const slot = slotOf(s, local)
  for (const part of [HANDLE, BASE, LENGTH]) emitArrayPart(s, value, part)
  if (s.owned.has(local)) {
    emitArrayPart(s, value, HANDLE)
    s.code.call(s.module.helper('retain'))
    emitRelease(s, local)
  }
  s.code.set(slot + LENGTH)
  s.code.set(slot + BASE)
  s.code.set(slot + HANDLE)
}

/** Gives back the reference that an owned local holds; the stack stays as it is. */
export function emitRelease(s: Scope, local: Local): void {
  s.code.get(slotOf(s, local) + HANDLE)
  s.code.call(s.module.helper('release'))
}

export function emitAlloc(s: Scope, stmt: Alloc): void {
  const type = stmt.local.type as ArrayType
  if (type.space === 'local') {
    emitLocalAlloc(s, stmt, type)
    return
  }
  const slot = slotOf(s, stmt.local)
  emitAsF64(s, stmt.length)
  const length = held(s, 'f64')
  s.code.i32(dtypeCode(type.dtype))
  length.push()
  s.code.call(s.module.env(stmt.zero ? 'alloc' : 'allocRaw'))
  const handle = held(s, 'i32')
  handle.push()
  s.code.op('i32.eqz')
  s.code.if()
  emitFailure(s, stmt.site, length.push, () => s.code.f64(0))
  s.code.end()
  length.release()
  emitRelease(s, stmt.local)
  handle.push()
  s.code.tee(slot + HANDLE)
  s.code.memory('i32.load', HEADER.base)
  s.code.set(slot + BASE)
  handle.push()
  s.code.memory('i32.load', HEADER.length)
  s.code.set(slot + LENGTH)
  handle.release()
}

/** Elements of an array on the stack; its length must be constant. */
export function localLength(stmt: Alloc): number {
  if (stmt.length.kind !== 'const') throw new Unsupported(`the length of ${stmt.local.name} is not constant`)
  return Number(stmt.length.value)
}

/** A place in the function's frame, the same at every execution of the statement. */
function emitLocalAlloc(s: Scope, stmt: Alloc, type: ArrayType): void {
  const slot = slotOf(s, stmt.local)
  const frame = s.frame!
  const length = localLength(stmt)
  s.code.get(frame.address)
  s.code.i32(frame.arrays.get(stmt)!)
  s.code.op('i32.add')
  s.code.set(slot + BASE)
  s.code.i32(length)
  s.code.set(slot + LENGTH)
  if (!stmt.zero) return
  s.code.get(slot + BASE)
  s.code.i32(0)
  s.code.i32(length * dtypeInfo(type.dtype).size)
  s.code.op('memory.fill')
}

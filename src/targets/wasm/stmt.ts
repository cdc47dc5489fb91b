/** Statements. Loops are guarded at the top and tested at the bottom, the shape for which V8 makes its best code. */

import type { Expr, For, Label, Return, Stmt, While } from '../../ir/ir.ts'
import { Unsupported } from '../target.ts'
import { emitAlloc, emitArrayAssign, emitRelease } from './arrays.ts'
import { emitAtomic } from './atomic.ts'
import { emitCall, emitLaunch } from './calls.ts'
import { emitArrayPart, emitAsF64 } from './expr.ts'
import { emitStore } from './memory.ts'
import { held, hold, type Operand } from './operand.ts'
import { DEPTH_GLOBAL, emitFailure, HANDLE, type Scope, slotOf, valueTypeOf } from './scope.ts'

export function emitStmts(s: Scope, stmts: readonly Stmt[]): void {
  for (const stmt of stmts) emitStmt(s, stmt)
}

function emitStmt(s: Scope, stmt: Stmt): void {
  switch (stmt.kind) {
    case 'assign':
      if (stmt.local.type.kind === 'array') {
        emitArrayAssign(s, stmt)
        return
      }
      s.expr(stmt.value)
      s.code.set(slotOf(s, stmt.local))
      return
    case 'store':
      emitStore(s, stmt)
      return
    case 'do':
      emitAtomic(s, stmt)
      return
    case 'call':
      emitCall(s, stmt)
      return
    case 'alloc':
      emitAlloc(s, stmt)
      return
    case 'if':
      s.expr(stmt.cond)
      s.code.if()
      emitStmts(s, stmt.then)
      if (stmt.else.length > 0) {
        s.code.else()
        emitStmts(s, stmt.else)
      }
      s.code.end()
      return
    case 'for':
      emitFor(s, stmt)
      return
    case 'while':
      emitWhile(s, stmt)
      return
    case 'block':
      s.breaks.set(stmt.label, s.code.block())
      emitStmts(s, stmt.body)
      s.code.end()
      return
    case 'break':
      s.code.br(targetOf(s.breaks, stmt.label))
      return
    case 'continue':
      s.code.br(targetOf(s.continues, stmt.label))
      return
    case 'return':
      emitReturn(s, stmt)
      return
    case 'fail': {
      const value = (k: number) => () => {
        const e = stmt.values[k]
        if (e) emitAsF64(s, e)
        else s.code.f64(0)
      }
      emitFailure(s, stmt.site, value(0), value(1))
      return
    }
    case 'launch':
      emitLaunch(s, stmt)
      return
    case 'barrier':
      throw new Unsupported('barriers exist on GPUs alone')
    default:
      stmt satisfies never
  }
}

function targetOf(targets: ReadonlyMap<Label, number>, label: Label): number {
  const target = targets.get(label)
  if (target === undefined) throw new Error(`nothing around is labelled ${label.name}`)
  return target
}

function emitBody(s: Scope, label: Label, body: readonly Stmt[]): void {
  s.continues.set(label, s.code.block())
  emitStmts(s, body)
  s.code.end()
}

function emitFor(s: Scope, stmt: For): void {
  // A `vector` loop has been written in vectors by now: nothing is left to do for its kind.
  if (stmt.forKind !== 'serial' && stmt.forKind !== 'vector') {
    throw new Unsupported(`WebAssembly runs loops of kind ${stmt.forKind} only after they are lowered to launches`)
  }
  if (stmt.reductions.some((r) => r.order === 'tree')) {
    throw new Unsupported('WebAssembly reduces by trees only after they are lowered to loops')
  }
  const { code } = s
  const variable = slotOf(s, stmt.variable)
  const type = valueTypeOf(stmt.variable.type)
  s.expr(stmt.lo)
  const hi = bound(s, stmt.hi)
  const more = () => {
    code.get(variable)
    hi.push()
    code.op(`${type}.${stmt.step > 0 ? 'lt_s' : 'gt_s'}`)
  }
  code.set(variable)
  const exit = code.block()
  s.breaks.set(stmt.label, exit)
  more()
  code.op('i32.eqz')
  code.brIf(exit)
  const pointers = s.pointers.enter(s, stmt)
  const again = code.loop()
  emitBody(s, stmt.label, stmt.body)
  pointers.next()
  code.get(variable)
  if (type === 'i64') code.i64(BigInt(stmt.step))
  else code.i32(stmt.step)
  code.op(`${type}.add`)
  code.set(variable)
  more()
  code.brIf(again)
  code.end()
  code.end()
  pointers.leave()
  hi.release()
}

/** The end of a loop: evaluated now, kept while the body changes what it was made of. */
function bound(s: Scope, hi: Expr): Operand {
  if (hi.kind === 'const') return hold(s, hi)
  s.expr(hi)
  return held(s, valueTypeOf(hi.type))
}

/**
 * The test stands at the head only: V8 then shares what test and body both compute (`x * x + y * y <= 4`), which it does
 * not do across the jump back.
 */
function emitWhile(s: Scope, stmt: While): void {
  const { code } = s
  const exit = code.block()
  s.breaks.set(stmt.label, exit)
  const pointers = s.pointers.enter(s, stmt)
  const again = code.loop()
  if (stmt.cond.kind !== 'const' || stmt.cond.value !== true) {
    s.expr(stmt.cond)
    code.op('i32.eqz')
    code.brIf(exit)
  }
  emitBody(s, stmt.label, stmt.body)
  code.br(again)
  code.end()
  code.end()
  pointers.leave()
}

// ─────────────────────────── leaving ───────────────────────────

function emitReturn(s: Scope, stmt: Return): void {
  if (s.failure) s.code.i32(0)
  let moved: unknown
  for (const value of stmt.values) {
    s.expr(value)
    if (value.type.kind !== 'array' || value.type.space !== 'global') continue
    // An owned local gives its own reference; anything else returned takes one for the caller.
    if (!moved && value.kind === 'local' && s.owned.has(value.local)) moved = value.local
    else {
      emitArrayPart(s, value, HANDLE)
      s.code.call(s.module.helper('retain'))
    }
  }
  emitLeave(s, moved)
  s.code.op('return')
}

/** Gives back what the function holds; the stack stays as it is. */
export function emitLeave(s: Scope, moved?: unknown): void {
  for (const local of s.owned) if (local !== moved) emitRelease(s, local)
  if (!s.frame) return
  s.code.globalGet(DEPTH_GLOBAL)
  s.code.i32(s.frame.bytes)
  s.code.op('i32.sub')
  s.code.globalSet(DEPTH_GLOBAL)
}

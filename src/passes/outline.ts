/**
 * A region of one function as a function of its own: what launches and chunks are made of. Locals that the region only
 * uses for itself become locals of the new function; what it reads from before becomes parameters, never assigned in
 * it (a local takes a copy where the region assigns it); what is read afterwards becomes results.
 */

import { marked } from '../analysis/failing.ts'
import { liveBefore } from '../analysis/liveness.ts'
import { assign, Names, ref, ret } from '../ir/build.ts'
import type { Fn, Label, Local, LocalRef, Module, Stmt } from '../ir/ir.ts'
import { renameStmts } from '../ir/rename.ts'
import { assignedLocals, stmtBodies, usedLocals } from '../ir/walk.ts'

export interface Region {
  /** Its functions say which calls can fail, and which names are taken. */
  readonly module: Pick<Module, 'functions'>
  /** What the new function is called; numbered where the name is taken. */
  readonly name: string
  /** May name locals of the enclosing function and of `lead`; jumps stay within, nothing returns. */
  readonly body: readonly Stmt[]
  /** The new function's first parameters, in this order: locals that `body` reads and does not assign. */
  readonly lead: readonly Local[]
  /** Locals that are read after a call before they are assigned again, by the region's next call too. */
  readonly liveAfter: ReadonlySet<Local>
}

export interface Outlined {
  readonly fn: Fn
  /** What stands for the parameters after `lead`: locals of the enclosing function. */
  readonly args: readonly LocalRef[]
  /** Locals of the enclosing function that take the results. */
  readonly results: readonly Local[]
}

export function outline({ module, name, body, lead, liveAfter }: Region): Outlined {
  if (jumpsOut(body)) throw new Error(`${name}: a region that jumps out of itself cannot be outlined`)
  const assigned = assignedLocals(body)
  const results = [...assigned].filter((l) => liveAfter.has(l))
  // A result that a way through does not assign keeps what it had, so it comes in too.
  const captured = [...liveBefore(body, new Set(results))].filter((l) => !lead.includes(l))

  const names = new Names()
  const inner = new Map<Local, Local>()
  const mine = (l: Local): Local => {
    const known = inner.get(l)
    if (known) return known
    const made = names.local(l.name, l.type)
    inner.set(l, made)
    locals.push(made)
    return made
  }
  const params: Local[] = []
  const locals: Local[] = []
  const copies: Stmt[] = []
  for (const l of [...lead, ...captured]) {
    const param = names.local(assigned.has(l) ? `${l.name}.in` : l.name, l.type)
    params.push(param)
    if (!assigned.has(l)) inner.set(l, param)
    else copies.push(assign(mine(l), ref(param)))
  }
  const labels = new Map<Label, Label>()
  const label = (l: Label): Label => {
    const made = labels.get(l) ?? names.label(l.name)
    labels.set(l, made)
    return made
  }
  const statements = renameStmts(body, { local: mine, label })
  const fn: Fn = {
    name: new Names(module.functions.map((f) => f.name)).fresh(name),
    params,
    results: results.map((l) => l.type),
    locals,
    body: [...copies, ...statements, ret(...results.map((l) => ref(mine(l))))],
    canFail: false,
  }
  return { fn: marked(fn, module.functions), args: captured.map(ref), results }
}

/** Whether the statements return, or jump to a label around them. */
export function jumpsOut(stmts: readonly Stmt[], within: readonly Label[] = []): boolean {
  return stmts.some((s) => {
    if (s.kind === 'return') return true
    if (s.kind === 'break' || s.kind === 'continue') return !within.includes(s.label)
    const inside = 'label' in s ? [...within, s.label] : within
    return stmtBodies(s).some((body) => jumpsOut(body, inside))
  })
}

/** The function without the locals that nothing in it names any more. */
export function dropUnusedLocals(fn: Fn): Fn {
  const used = usedLocals(fn.body)
  const locals = fn.locals.filter((l) => used.has(l))
  return locals.length === fn.locals.length ? fn : { ...fn, locals }
}

/**
 * Ways out of a loop, for a loop that is to run range by range in a function of its own: a jump or return that leaves
 * it becomes a note of which it was and a break, and the caller does the jump.
 */

import { assign, breakTo, ifStmt, num, op, ref } from '../ir/build.ts'
import type { For, Label, Local, Stmt, Type } from '../ir/ir.ts'
import { I32 } from '../ir/types.ts'
import { flatMapList, mapStmtBodies } from '../ir/walk.ts'

export interface Exits {
  readonly loop: For
  /** Before the loop: no exit was taken. */
  readonly reset: readonly Stmt[]
  /** After it: takes the exit that was noted; `done` is what a break of the loop itself now means. */
  leave(done: Stmt): readonly Stmt[]
}

/** `results`: the types that the function returns; `local` makes a local of the function. */
export function withExits(s: For, results: readonly Type[], local: (name: string, type: Type) => Local): Exits {
  const jumps: { readonly to: Stmt; readonly label: Label | undefined; readonly kind: Stmt['kind'] }[] = []
  const values: Local[] = []
  let exit: Local | undefined

  const note = (kind: 'break' | 'continue' | 'return', label: Label | undefined, to: () => Stmt): Stmt[] => {
    exit ??= local('exit', I32)
    let k = jumps.findIndex((jump) => jump.kind === kind && jump.label === label)
    if (k < 0) k = jumps.push({ kind, label, to: to() }) - 1
    return [assign(exit, num(I32, k + 1)), breakTo(s.label)]
  }
  const list = (stmts: readonly Stmt[], within: readonly Label[]) => flatMapList(stmts, (one) => leaving(one, within))
  const leaving = (before: Stmt, within: readonly Label[]): Stmt | readonly Stmt[] => {
    switch (before.kind) {
      case 'break':
        return within.includes(before.label) ? before : note('break', before.label, () => before)
      case 'continue':
        return before.label === s.label || within.includes(before.label)
          ? before
          : note('continue', before.label, () => before)
      case 'return': {
        if (values.length < results.length) values.push(...results.map((type) => local('returned', type)))
        const kept = before.values.map((e, k) => assign(values[k]!, e))
        return [...kept, ...note('return', undefined, () => ({ kind: 'return', values: values.map(ref) }))]
      }
      default: {
        const inside = 'label' in before ? [...within, before.label] : within
        return mapStmtBodies(before, (body) => list(body, inside))
      }
    }
  }

  const body = list(s.body, [])
  const loop = body === s.body ? s : { ...s, body }
  if (!exit) return { loop, reset: [], leave: () => [] }
  const taken = exit
  return {
    loop,
    reset: [assign(taken, num(I32, 0))],
    leave: (done) =>
      jumps.map(({ to, label, kind }, k) =>
        ifStmt(op('eq', ref(taken), num(I32, k + 1)), [kind === 'break' && label === s.label ? done : to]),
      ),
  }
}

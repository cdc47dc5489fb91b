/**
 * Helper functions written out where they are called, callees first, so that the analyses of loops see what an
 * iteration does. Recursive functions stay calls, and so does what would make a function too large. Sites stay those of
 * the helper's own source.
 */

import { reachable, recursiveFunctions } from '../analysis/calls.ts'
import { markFailing } from '../analysis/failing.ts'
import { exposedReads } from '../analysis/liveness.ts'
import { assign, FALSE, Names, num, ref, splat } from '../ir/build.ts'
import type { Call, Expr, Fn, Label, Local, Module, Stmt, Type } from '../ir/ir.ts'
import { renameStmts } from '../ir/rename.ts'
import { I32, scalar } from '../ir/types.ts'
import { assignedLocals, flatMapList, mapStmtBodies, mapStmts, usedLocals, visitStmts } from '../ir/walk.ts'
import { replaceReturns } from './returns.ts'

/** Sizes are in statements and expression nodes. Up to this a helper is written out wherever it is called. */
const SMALL = 120
/** A helper of one caller and one call. */
const ONCE = 3000
/** No function grows past this: engines compile what is larger slowly, or never to their best code. */
const LIMIT = 6000

export function inline(module: Module): Module {
  const byName = new Map(module.functions.map((fn) => [fn.name, fn]))
  const done = new Map<string, Fn>()
  const calls = countCalls(module)
  const open = new Set<string>()
  const recursive = recursiveFunctions(module.functions)

  const finish = (name: string): Fn => {
    const known = done.get(name)
    if (known) return known
    const fn = byName.get(name)!
    open.add(name)
    const callees = new Set<string>()
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'call') callees.add(s.fn)
      },
    })
    for (const callee of callees) if (!open.has(callee)) finish(callee)
    open.delete(name)
    const inlined = new Caller(fn, (call) => {
      const callee = done.get(call.fn)
      return callee && !recursive.has(call.fn) ? { callee, limit: calls.get(call.fn) === 1 ? ONCE : SMALL } : undefined
    }).run()
    done.set(name, inlined)
    return inlined
  }

  const functions = module.functions.map((fn) => finish(fn.name))
  const reached = reachable(functions, module.entry)
  const kept = functions.filter((fn) => reached.has(fn.name))
  if (kept.length === module.functions.length && kept.every((fn, k) => fn === module.functions[k])) return module
  return { ...module, functions: markFailing(kept) }
}

interface Choice {
  readonly callee: Fn
  /** No callee larger than this. */
  readonly limit: number
}

class Caller {
  readonly #fn: Fn
  readonly #choose: (call: Call) => Choice | undefined
  readonly #names: Names
  readonly #locals: Local[]
  #size: number

  constructor(fn: Fn, choose: (call: Call) => Choice | undefined) {
    this.#fn = fn
    this.#choose = choose
    this.#names = Names.of(fn)
    this.#locals = [...fn.locals]
    this.#size = sizeOf(fn.body)
  }

  run(): Fn {
    const body = this.#list(this.#fn.body, false)
    if (body === this.#fn.body) return this.#fn
    const used = usedLocals(body)
    return { ...this.#fn, body, locals: this.#locals.filter((l) => used.has(l)) }
  }

  #list(stmts: readonly Stmt[], inLoop: boolean): readonly Stmt[] {
    return flatMapList(stmts, (s) => (s.kind === 'call' ? this.#call(s, inLoop) : this.#inside(s, inLoop)))
  }

  #inside(s: Stmt, inLoop: boolean): Stmt {
    const turns = s.kind === 'for' || s.kind === 'while'
    return mapStmtBodies(s, (body) => this.#list(body, inLoop || turns))
  }

  #call(s: Call, inLoop: boolean): Stmt | readonly Stmt[] {
    const choice = this.#choose(s)
    if (!choice) return s
    const { callee, limit } = choice
    const size = sizeOf(callee.body)
    if (size > limit || this.#size + size > LIMIT) return s
    this.#size += size
    return this.#write(s, callee, inLoop)
  }

  #local(name: string, type: Type): Local {
    const local = this.#names.local(name, type)
    this.#locals.push(local)
    return local
  }

  #write(s: Call, callee: Fn, inLoop: boolean): readonly Stmt[] {
    const locals = new Map<Local, Local>()
    const constants = new Map<Local, Expr>()
    const out: Stmt[] = []
    const assigned = assignedLocals(callee.body)
    callee.params.forEach((param, k) => {
      const arg = s.args[k]!
      // The callee cannot assign to its caller's locals; only results can change one while others are still to come.
      const stays = arg.kind === 'local' && (s.results.length < 2 || !s.results.includes(arg.local))
      if (!assigned.has(param) && stays) locals.set(param, arg.local)
      else if (!assigned.has(param) && arg.kind === 'const') constants.set(param, arg)
      else {
        const own = this.#local(param.name, param.type)
        locals.set(param, own)
        out.push(assign(own, arg))
      }
    })
    for (const l of callee.locals) locals.set(l, this.#local(l.name, l.type))
    // A function's locals start as nothing each time it is called.
    if (inLoop) {
      const exposed = exposedReads(callee.body)
      for (const l of callee.locals) if (exposed.has(l)) out.push(assign(locals.get(l)!, this.#zero(l)))
    }
    const labels = new Map<Label, Label>()
    const label = (l: Label): Label => {
      const made = labels.get(l) ?? this.#names.label(l.name)
      labels.set(l, made)
      return made
    }
    const put = mapStmts(callee.body, {
      expr: (e) => (e.kind === 'local' ? (constants.get(e.local) ?? e) : e),
    })
    const body = renameStmts(put, { local: (l) => locals.get(l) ?? l, label })
    const returned = (values: readonly Expr[]) => s.results.map((l, k) => assign(l, values[k]!))
    return [...out, ...replaceReturns(body, returned, () => this.#names.label(callee.name))]
  }

  #zero({ name, type }: Local): Expr {
    switch (type.kind) {
      case 'scalar':
        return type.name === 'bool' ? FALSE : num(type, 0)
      case 'vec':
        return splat(type, num(type.of === 'i8' || type.of === 'i16' ? I32 : scalar(type.of), 0))
      case 'mask':
        return splat(type, FALSE)
      case 'array':
      case 'tuple':
        // A local that nothing is ever assigned to.
        return ref(this.#local(`${name}.none`, type))
      default:
        return type satisfies never
    }
  }
}

// ───────────────────────────── the module ─────────────────────────────

/** Calls of each function in the text of the module; launches count as two, as launched functions stay. */
function countCalls(module: Module): Map<string, number> {
  const counts = new Map<string, number>()
  const add = (name: string, by: number) => counts.set(name, (counts.get(name) ?? 0) + by)
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'call') add(s.fn, 1)
        else if (s.kind === 'launch') add(s.fn, 2)
      },
    })
  }
  return counts
}

/** In statements and expression nodes. */
export function sizeOf(stmts: readonly Stmt[]): number {
  let size = 0
  visitStmts(stmts, { stmt: () => void size++, expr: () => void size++ })
  return size
}

/**
 * Writes out Math functions: each call becomes the straight-line code of its expansion, with a guard behind it.
 *
 *   r = fast(x)
 *   if not usual(x) { r = call rare(x) }
 *
 * Calls of one expression that do not need each other's results share one guard. Of vectors the guard asks whether all
 * lanes are usual, and lanes that are not are computed one by one. What stands where not every evaluation reaches it,
 * or where it is evaluated again and again (an arm of a choice, the condition of a loop), moves there as statements.
 *
 * WebAssembly computes a scalar as one lane of the vector form: V8 branches to choose between two scalars, and moves
 * bits between register files to look at an exponent. JavaScript calls functions, which V8 writes out where it pays.
 */

import { assign, breakTo, ifStmt, Names, op, ref, TRUE, whileStmt } from '../ir/build.ts'
import type { Cond, Expr, Fn, For, Local, Module, OpExpr, Stmt, Type } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import { F64 } from '../ir/types.ts'
import {
  exprChildren,
  flatMapList,
  mapChildren,
  mapStmtBodies,
  mapStmtExprs,
  stmtExprs,
  visitStmts,
} from '../ir/walk.ts'
import { Batch, constantOf } from './batch.ts'
import { MathFunctions } from './math-functions.ts'
import type { PassContext } from './pass.ts'

/** Functions that hold more calls than this call the rest of them: what is too long is compiled slowly. */
const INLINED = 32
export function expand(module: Module, { target }: PassContext): Module {
  const made = new MathFunctions(target)
  const inLanes = placesOfLanes(module)
  const functions = module.functions.map((fn) => new Expander(fn, made, inLanes).run())
  if (functions.every((fn, k) => fn === module.functions[k])) return module
  return { ...module, functions: [...functions, ...made.all] }
}

function placesOfLanes(module: Module): ReadonlySet<string> {
  const found = new Set<string>()
  for (const fn of module.functions) {
    visitStmts(fn.body, {
      stmt: (s) => {
        if (s.kind === 'for' && isOfLanes(s)) found.add(placeOf(s))
      },
    })
  }
  return found
}

const placeOf = ({ span }: For): string => `${span.source}:${span.start}-${span.end}`

/** Whether the loop itself, not one in it, computes in vectors. */
function isOfLanes(loop: For): boolean {
  let found = false
  visitStmts(loop.body, {
    stmt: (s) => s.kind !== 'for' && s.kind !== 'while',
    expr: (e) => {
      if (e.kind === 'op' && e.type.kind === 'vec') found = true
    },
  })
  return found
}

class Expander {
  readonly #fn: Fn
  readonly #functions: MathFunctions
  readonly #names: Names
  readonly #locals: Local[] = []
  #inlined = 0
  /** Places of loops that lanes run: what scalars do of them are a few turns, or what nobody hopes for. */
  readonly #inLanes: ReadonlySet<string>
  /** Whether the statements at hand belong to such a loop, and are of scalars. */
  #seldom = false
  /** Expressions with a call somewhere in them. */
  readonly #calling = new Set<Expr>()
  #batch: Batch

  constructor(fn: Fn, functions: MathFunctions, inLanes: ReadonlySet<string>) {
    this.#fn = fn
    this.#functions = functions
    this.#inLanes = inLanes
    this.#names = Names.of(fn)
    this.#batch = this.#newBatch()
  }

  run(): Fn {
    const body = this.#list(this.#fn.body)
    return body === this.#fn.body ? this.#fn : { ...this.#fn, body, locals: [...this.#fn.locals, ...this.#locals] }
  }

  #newBatch(): Batch {
    return new Batch(this.#functions, (name, type) => this.#local(name, type))
  }

  #local(name: string, type: Type): Local {
    const local = this.#names.local(name, type)
    this.#locals.push(local)
    return local
  }

  #list(stmts: readonly Stmt[]): readonly Stmt[] {
    return flatMapList(stmts, (s) => this.#stmt(s))
  }

  #stmt(before: Stmt): Stmt | readonly Stmt[] {
    const seldom = this.#seldom
    if (before.kind === 'for') this.#seldom = !isOfLanes(before) && this.#inLanes.has(placeOf(before))
    const s = mapStmtBodies(before, (body) => this.#list(body))
    this.#seldom = seldom
    if (!stmtExprs(s).filter((e) => this.#look(e)).length) return s
    const out: Stmt[] = []
    if (s.kind === 'while') {
      const going = this.#whole(s.cond, out)
      const leave = ifStmt(op('not', going), [breakTo(s.label)])
      return whileStmt(s.label, TRUE, [...out, leave, ...s.body], s.span)
    }
    const rewritten = mapStmtExprs(s, (e) => this.#expr(e, out))
    this.#flush(out)
    return [...out, rewritten]
  }

  /** Notes which expressions have calls in them. */
  #look(e: Expr): boolean {
    let calls = e.kind === 'op' && opRecord(e.op).expand !== undefined
    for (const child of exprChildren(e)) if (this.#look(child)) calls = true
    if (calls) this.#calling.add(e)
    return calls
  }

  #flush(out: Stmt[]): void {
    this.#batch.flush(out)
    this.#batch = this.#newBatch()
  }

  /** The expression by itself, its calls in `out`. */
  #whole(e: Expr, out: Stmt[]): Expr {
    const value = this.#expr(e, out)
    this.#flush(out)
    return value
  }

  /** The expression without calls; they wait in the batch, or are in `out`. */
  #expr(e: Expr, out: Stmt[]): Expr {
    if (!this.#calling.has(e)) return e
    if (e.kind === 'cond' && (this.#calling.has(e.then) || this.#calling.has(e.else))) return this.#choice(e, out)
    const made = mapChildren(e, (child) => this.#expr(child, out))
    const record = e.kind === 'op' ? opRecord(e.op) : undefined
    if (!record?.expand) return made
    const { args, type } = made as OpExpr
    // What it is called with may be the results of others.
    if ((e as OpExpr).args.some((arg) => this.#calling.has(arg))) this.#flush(out)
    const called = this.#functions.target === 'js' || this.#inlined >= INLINED || (type === F64 && this.#seldom)
    if (called && !args.every((arg) => constantOf(arg) !== undefined) && !this.#batch.isShort(record.expand, args)) {
      const result = this.#local(record.name, type)
      const fn = this.#functions.function(record.name, record.expand, type === F64 ? 'whole' : 'lanes')
      out.push({ kind: 'call', fn, args, results: [result], site: -1 })
      return ref(result)
    }
    this.#inlined++
    return this.#batch.add(record.name, record.expand, args, type, out)
  }

  /** Only the arm that is chosen is computed. */
  #choice(e: Cond, out: Stmt[]): Expr {
    const condition = this.#whole(e.cond, out)
    const result = this.#local('chosen', e.type)
    const arm = (value: Expr): Stmt[] => {
      const stmts: Stmt[] = []
      const chosen = this.#whole(value, stmts)
      return [...stmts, assign(result, chosen)]
    }
    out.push(ifStmt(condition, arm(e.then), arm(e.else)))
    return ref(result)
  }
}

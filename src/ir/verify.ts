/**
 * Whether a module keeps the laws of ir.ts. Runs after every pass under test; a failure is a mistake of the compiler,
 * so its message is for the person who works on it: the function, the statement as text, the law.
 */

import type { Expr, Fn, For, Label, Local, Module, Span, Stmt, Type } from './ir.ts'
import { findOp } from './ops/index.ts'
import { printExpr, printStmt } from './print.ts'
import { BOOL, F64, I32, INDEX, isInteger, typeName, valueType } from './types.ts'
import { exprProblem, INDEX_TYPES, indexTypes, storedProblem, typeProblem } from './verify-expr.ts'
import { exprLocals, mapStmtBodies, stmtBodies, stmtExprs, stmtTargets, visitExpr, visitStmts } from './walk.ts'

export class VerifyError extends Error {
  override name = 'VerifyError'
}

/** Throws VerifyError at the first thing that breaks a law. */
export function verify(module: Module): void {
  const byName = new Map<string, Fn>()
  for (const fn of module.functions) {
    if (byName.has(fn.name)) throw new VerifyError(`two functions are named ${fn.name}`)
    byName.set(fn.name, fn)
  }
  if (!byName.has(module.entry)) throw new VerifyError(`the entry ${module.entry} is no function of the module`)
  module.sites.forEach((site, k) => {
    const problem = spanProblem(module, site.span)
    if (problem) throw new VerifyError(`site ${k}: ${problem}`)
  })
  for (const fn of module.functions) new FnVerifier(module, byName, fn).run()
}

function spanProblem(module: Module, { source, start, end }: Span): string | undefined {
  const text = module.sources[source]?.text
  if (text === undefined) return `its source ${source} is none of the module's ${module.sources.length}`
  const ordered = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= text.length
  return ordered ? undefined : `its span ${start}-${end} is not within the ${text.length} characters of the source`
}

/** A loop or block around a statement. */
interface Scope {
  readonly label: Label
  readonly loop: boolean
  /** Jumps and returns may not leave it: other threads run its iterations, or lanes hold parts of its sums. */
  readonly closed: boolean
}

class FnVerifier {
  readonly #module: Module
  readonly #functions: ReadonlyMap<string, Fn>
  readonly #fn: Fn
  readonly #locals: Set<Local>
  readonly #labels = new Map<string, Label>()

  constructor(module: Module, functions: ReadonlyMap<string, Fn>, fn: Fn) {
    this.#module = module
    this.#functions = functions
    this.#fn = fn
    this.#locals = new Set([...fn.params, ...fn.locals])
  }

  run(): void {
    const { params, locals, results, body } = this.#fn
    const names = new Set<string>()
    for (const l of [...params, ...locals]) {
      if (names.has(l.name)) this.#fail(`two locals are named ${l.name}`)
      names.add(l.name)
      const problem = typeProblem(l.type)
      if (problem) this.#fail(`${l.name}: ${typeName(l.type)}: ${problem}`)
    }
    for (const type of results) {
      const problem = typeProblem(type)
      if (problem) this.#fail(`the result ${typeName(type)}: ${problem}`)
    }
    this.#stmts(body, [])
    if (results.length > 0 && !leaves(body)) this.#fail('its end can be reached without a return of its results')
  }

  /** Shows the statement without what its bodies hold. */
  #fail(law: string, s?: Stmt): never {
    const shown = s ? `\n  in  ${printStmt(mapStmtBodies(s, () => [])).replaceAll('\n', ' ')}` : ''
    throw new VerifyError(`${this.#fn.name}: ${law}${shown}`)
  }

  #known(l: Local, s: Stmt): void {
    if (!this.#locals.has(l)) this.#fail(`the local ${l.name} is not declared in this function`, s)
  }

  #stmts(stmts: readonly Stmt[], scopes: readonly Scope[]): void {
    for (const s of stmts) {
      for (const e of stmtExprs(s)) this.#expr(e, s)
      for (const l of stmtTargets(s)) this.#known(l, s)
      this.#stmt(s, scopes)
    }
  }

  #expr(whole: Expr, s: Stmt): void {
    visitExpr(whole, (e) => {
      for (const l of exprLocals(e)) this.#known(l, s)
      const problem = exprProblem(e)
      if (problem) this.#fail(`${printExpr(e)}: ${problem}`, s)
      if (e.kind === 'load') {
        if (e.bounds === 'checked' && !(s.kind === 'assign' && s.value === e)) {
          this.#fail('a checked load is only ever the whole right side of an assignment (law 1)', s)
        }
        this.#site(e.site, e.bounds === 'checked', s)
      }
    })
  }

  /** A site that can come true must be one; for others −1 says that there is none. */
  #site(site: number, fails: boolean, s: Stmt): void {
    if (Number.isInteger(site) && site < this.#module.sites.length && (site >= 0 || (site === -1 && !fails))) {
      if (fails && !this.#fn.canFail) this.#fail('the function says that it cannot fail, but this can', s)
      return
    }
    this.#fail(`site ${site} is none of the module's ${this.#module.sites.length}`, s)
  }

  #span(span: Span, s: Stmt): void {
    const problem = spanProblem(this.#module, span)
    if (problem) this.#fail(problem, s)
  }

  #want(what: string, found: Type, wanted: readonly Type[], s: Stmt): void {
    if (wanted.includes(found)) return
    this.#fail(`${what} is ${typeName(found)}, not ${wanted.map(typeName).join(' or ')}`, s)
  }

  #arguments(what: string, args: readonly Expr[], params: readonly Type[], s: Stmt): void {
    if (args.length !== params.length) this.#fail(`${what} takes ${params.length} values, not ${args.length}`, s)
    args.forEach((arg, k) => {
      this.#want(`value ${k + 1} of ${what}`, arg.type, [params[k]!], s)
    })
  }

  #scope(label: Label, s: Stmt, scopes: readonly Scope[]): void {
    const known = this.#labels.get(label.name)
    if (known && known !== label) this.#fail(`two labels are named ${label.name}`, s)
    if (scopes.some((scope) => scope.label === label)) this.#fail(`its label ${label.name} is one around it too`, s)
    this.#labels.set(label.name, label)
  }

  #stmt(s: Stmt, scopes: readonly Scope[]): void {
    switch (s.kind) {
      case 'assign':
        this.#want('the value', s.value.type, [s.local.type], s)
        return
      case 'store':
      case 'do':
        this.#write(s)
        return
      case 'call':
        this.#call(s)
        return
      case 'alloc':
        if (s.local.type.kind !== 'array' || s.local.type.rank !== 1) this.#fail('only arrays of one axis are made', s)
        this.#want('the length', s.length.type, [...INDEX_TYPES, F64], s)
        this.#site(s.site, true, s)
        return
      case 'if':
        this.#want('the condition', s.cond.type, [BOOL], s)
        this.#stmts(s.then, scopes)
        this.#stmts(s.else, scopes)
        return
      case 'for':
        this.#for(s, scopes)
        return
      case 'while':
        this.#want('the condition', s.cond.type, [BOOL], s)
        this.#span(s.span, s)
        this.#scope(s.label, s, scopes)
        this.#stmts(s.body, [...scopes, { label: s.label, loop: true, closed: false }])
        return
      case 'block':
        this.#scope(s.label, s, scopes)
        this.#stmts(s.body, [...scopes, { label: s.label, loop: false, closed: false }])
        return
      case 'break':
      case 'continue':
        this.#jump(s, scopes)
        return
      case 'return':
        if (scopes.some((scope) => scope.closed)) {
          this.#fail('a return may not leave a parallel loop, nor one with reductions by the tree', s)
        }
        this.#arguments('the return', s.values, this.#fn.results, s)
        return
      case 'fail':
        if (s.values.length > 2) this.#fail('a failure records two values at most', s)
        for (const v of s.values) this.#want('a recorded value', v.type, [F64], s)
        this.#site(s.site, true, s)
        return
      case 'launch':
        this.#launch(s)
        return
      case 'barrier':
        return
      default:
        s satisfies never
    }
  }

  #write(s: Extract<Stmt, { kind: 'store' | 'do' }>): void {
    this.#known(s.array, s)
    this.#site(s.site, s.bounds === 'checked', s)
    const { type } = s.array
    if (type.kind !== 'array') this.#fail(`${s.array.name} is no array`, s)
    this.#want('the index', s.index.type, indexTypes(s.bounds), s)
    if (s.kind === 'store') {
      const problem = storedProblem(type.dtype, s.value.type, s.mask?.type)
      if (problem) this.#fail(problem, s)
      if (s.stride && s.value.type.kind !== 'vec') this.#fail('only lanes of vectors are a stride apart', s)
      if (s.stride) this.#want('the stride', s.stride.type, INDEX_TYPES, s)
      return
    }
    const record = findOp(s.op)
    if (record?.kind !== 'atomic') this.#fail(`no operation with effects is named ${s.op}`, s)
    if (s.args.length !== record.args.length) this.#fail(`${s.op} takes ${record.args.length} values`, s)
    const integers = valueType(type.dtype) === I32 || type.dtype === 'uint32'
    for (const arg of s.args) this.#want('the value', arg.type, integers ? [I32, F64] : [F64], s)
    if (s.result) this.#want('the result', s.result.type, [valueType(type.dtype)], s)
  }

  #callee(name: string, s: Stmt): Fn {
    const fn = this.#functions.get(name)
    if (!fn) this.#fail(`no function is named ${name}`, s)
    return fn
  }

  #call(s: Extract<Stmt, { kind: 'call' }>): void {
    const fn = this.#callee(s.fn, s)
    const types = fn.params.map((p) => p.type)
    this.#arguments(s.fn, s.args, types, s)
    if (s.results.length !== fn.results.length) this.#fail(`${s.fn} gives ${fn.results.length} results`, s)
    if (new Set(s.results).size !== s.results.length) this.#fail('two results go into one local', s)
    s.results.forEach((l, k) => {
      this.#want(`result ${k + 1}`, l.type, [fn.results[k]!], s)
    })
    this.#site(s.site, fn.canFail, s)
  }

  #launch(s: Extract<Stmt, { kind: 'launch' }>): void {
    const fn = this.#callee(s.fn, s)
    this.#want('lo', s.lo.type, [INDEX], s)
    this.#want('hi', s.hi.type, [INDEX], s)
    if (s.serialIf) this.#want('serialif', s.serialIf.type, [BOOL], s)
    if (fn.results.length > 0) this.#fail('a launched function returns nothing', s)
    const types = fn.params.map((p) => p.type)
    if (types[0] !== INDEX || types[1] !== INDEX) this.#fail('a launched function takes lo and hi (index) first', s)
    this.#arguments(s.fn, s.args, types.slice(2), s)
    let written: Local | undefined
    visitStmts(fn.body, {
      stmt: (inner) => {
        written ??= stmtTargets(inner).find((l) => fn.params.includes(l))
      },
    })
    if (written) this.#fail(`${s.fn} writes to its parameter ${written.name}; a launched function may not`, s)
    this.#site(s.site, true, s)
  }

  #for(s: For, scopes: readonly Scope[]): void {
    const type = s.variable.type
    if (!isInteger(type)) this.#fail(`the variable is ${typeName(type)}, not an integer`, s)
    this.#want('lo', s.lo.type, [type], s)
    this.#want('hi', s.hi.type, [type], s)
    if (!Number.isInteger(s.step) || s.step === 0) this.#fail('the step is not a non-zero integer (law 6)', s)
    this.#span(s.span, s)
    const parallel = s.forKind !== 'serial' && s.forKind !== 'vector'
    if (s.serialIf) {
      if (s.forKind !== 'parallel') this.#fail('serialif is for parallel loops only', s)
      this.#want('serialif', s.serialIf.type, [BOOL], s)
    }
    if (this.#module.stage === 'target') {
      if (s.forKind === 'parallel') this.#fail('no parallel loop is left at stage target: it is a launch', s)
      if (s.reductions.some((r) => r.order === 'tree')) this.#fail('no tree is left at stage target', s)
    }
    const seen = new Set<Local>()
    for (const r of s.reductions) {
      if (seen.has(r.local) || r.local === s.variable) this.#fail(`${r.local.name} is reduced twice`, s)
      seen.add(r.local)
      const bits = r.op === 'and' || r.op === 'or' || r.op === 'xor'
      const wanted = bits ? ['i32', 'index'] : ['f64', 'f32', 'i32', 'i64', 'index']
      if (!wanted.includes(typeName(r.local.type))) {
        this.#fail(`${r.op} does not reduce ${r.local.name}: ${typeName(r.local.type)}`, s)
      }
    }
    visitStmts(s.body, {
      stmt: (inner) => {
        if (stmtTargets(inner).includes(s.variable)) this.#fail('the body assigns the variable (law 6)', s)
      },
    })
    this.#scope(s.label, s, scopes)
    const closed = parallel || s.reductions.some((r) => r.order === 'tree')
    this.#stmts(s.body, [...scopes, { label: s.label, loop: true, closed }])
  }

  #jump(s: Extract<Stmt, { kind: 'break' | 'continue' }>, scopes: readonly Scope[]): void {
    const at = scopes.findLastIndex((scope) => scope.label === s.label)
    if (at < 0) this.#fail(`no statement around this has the label ${s.label.name}`, s)
    if (s.kind === 'continue' && !scopes[at]!.loop) this.#fail(`${s.label.name} is a block: it cannot be continued`, s)
    const left = s.kind === 'break' ? scopes.slice(at) : scopes.slice(at + 1)
    if (left.some((scope) => scope.closed)) {
      this.#fail('a jump may not leave a parallel loop, nor one with reductions by the tree', s)
    }
  }
}

/** Whether every way through the statements returns, fails or jumps, so that their end is never reached. */
function leaves(stmts: readonly Stmt[]): boolean {
  return stmts.some((s) => {
    switch (s.kind) {
      case 'return':
      case 'fail':
      case 'break':
      case 'continue':
        return true
      case 'if':
        return leaves(s.then) && leaves(s.else)
      case 'block':
        return leaves(s.body) && !breaksTo(s.label, s.body)
      case 'while':
        return s.cond.kind === 'const' && s.cond.value === true && !breaksTo(s.label, s.body)
      default:
        return false
    }
  })
}

const breaksTo = (label: Label, stmts: readonly Stmt[]): boolean =>
  stmts.some((s) => (s.kind === 'break' && s.label === label) || stmtBodies(s).some((body) => breaksTo(label, body)))

/**
 * Smaller programs that still fail: greedy, one change at a time, the coarse ones first. Candidates are trees of the
 * same types, so most of them are programs; the judge throws out the rest.
 */

import { type Expr, type Fn, type Input, num, type Program, type Stmt, truth } from './tree.ts'

/** The smallest program reached for which `fails` holds, within so many trials. */
export async function shrink(
  program: Program,
  fails: (candidate: Program) => Promise<boolean>,
  trials = 2000,
): Promise<Program> {
  let best = program
  let left = trials
  let progress = true
  while (progress && left > 0) {
    progress = false
    let from = 0
    for (let again = true; again && left > 0; ) {
      again = false
      let position = 0
      for (const candidate of candidates(best)) {
        // After a success the search goes on from where it was: what failed before mostly fails again.
        if (position++ < from || !wellScoped(candidate)) continue
        if (left-- <= 0) break
        if (!(await fails(candidate))) continue
        best = candidate
        from = position - 1
        again = true
        progress = true
        break
      }
    }
  }
  return best
}

export function* candidates(p: Program): Generator<Program> {
  for (let k = 0; k < p.helpers.length; k++) yield { ...p, helpers: without(p.helpers, k) }
  yield* fewerInputs(p)
  for (const entry of smallerFns(p.entry)) yield { ...p, entry }
  for (let k = 0; k < p.helpers.length; k++) {
    for (const helper of smallerFns(p.helpers[k]!)) yield { ...p, helpers: replaced(p.helpers, k, helper) }
  }
  yield* smallerInputs(p)
}

const without = <T>(list: readonly T[], k: number): T[] => [...list.slice(0, k), ...list.slice(k + 1)]
const replaced = <T>(list: readonly T[], k: number, ...items: readonly T[]): T[] => [
  ...list.slice(0, k),
  ...items,
  ...list.slice(k + 1),
]

function* smallerFns(fn: Fn): Generator<Fn> {
  for (const body of smallerBodies(fn.body)) yield { ...fn, body }
  for (let k = 0; k < fn.params.length; k++) {
    const param = fn.params[k]!
    if (param.init) {
      for (const init of smallerExprs(param.init)) yield { ...fn, params: replaced(fn.params, k, { ...param, init }) }
    }
  }
}

/** Halves go before single statements, statements before what is in them. */
function* smallerBodies(body: readonly Stmt[]): Generator<readonly Stmt[]> {
  if (body.length >= 4) {
    const half = body.length >> 1
    yield body.slice(half)
    yield body.slice(0, half)
  }
  for (let k = 0; k < body.length; k++) yield without(body, k)
  for (let k = 0; k < body.length; k++) {
    for (const list of insteadOf(body[k]!)) yield replaced(body, k, ...list)
  }
}

/** Lists of statements that may stand for one. */
function* insteadOf(s: Stmt): Generator<readonly Stmt[]> {
  switch (s.k) {
    case 'declare':
      for (const init of smallerExprs(s.init)) yield [{ ...s, init }]
      return
    case 'do':
      for (const e of smallerExprs(s.e)) yield [{ ...s, e }]
      return
    case 'if':
      yield s.then
      if (s.else.length > 0) {
        yield s.else
        yield [{ ...s, else: [] }]
      }
      for (const then of smallerBodies(s.then)) yield [{ ...s, then }]
      for (const other of smallerBodies(s.else)) yield [{ ...s, else: other }]
      for (const test of smallerExprs(s.test)) yield [{ ...s, test }]
      return
    case 'for':
      yield [{ k: 'declare', word: 'let', name: s.name, init: s.from }, ...s.body]
      for (const body of smallerBodies(s.body)) yield [{ ...s, body }]
      for (const from of smallerExprs(s.from)) yield [{ ...s, from }]
      for (const test of smallerExprs(s.test)) yield [{ ...s, test }]
      if (s.update.k === 'set') {
        const { target } = s.update
        yield [{ ...s, update: { k: 'step', type: 'num', op: '++', prefix: false, target } }]
      }
      if (s.label !== '') yield [{ ...s, label: '' }]
      return
    case 'while':
    case 'until':
      yield s.body
      for (const body of smallerBodies(s.body)) yield [{ ...s, body }]
      for (const test of smallerExprs(s.test)) yield [{ ...s, test }]
      if (s.label !== '') yield [{ ...s, label: '' }]
      return
    case 'prange': {
      const [first, ...rest] = s.args
      if (rest.length > 0) yield [{ ...s, args: [rest[0]!] }]
      for (const body of smallerBodies(s.body)) yield [{ ...s, body }]
      for (let k = 0; k < s.args.length; k++) {
        for (const arg of smallerExprs(s.args[k]!)) yield [{ ...s, args: replaced(s.args, k, arg) }]
      }
      yield [{ k: 'declare', word: 'const', name: s.name, init: rest.length > 0 ? first! : num(0) }, ...s.body]
      return
    }
    case 'block':
      yield s.body
      for (const body of smallerBodies(s.body)) yield [{ ...s, body }]
      return
    case 'return':
      if (s.value) for (const value of smallerExprs(s.value)) yield [{ ...s, value }]
      return
    case 'jump':
      if (s.label !== '') yield [{ ...s, label: '' }]
      return
    default:
      s satisfies never
  }
}

/** Parts of the same type, then constants, then the same with smaller parts. */
function* smallerExprs(e: Expr): Generator<Expr> {
  const parts = partsOf(e)
  for (const part of parts) if (part.type === e.type) yield part
  if (e.type === 'num' && e.k !== 'const') {
    yield num(0)
    yield num(1)
  }
  if (e.type === 'bool' && e.k !== 'const') {
    yield truth(false)
    yield truth(true)
  }
  if (e.k === 'const' && typeof e.value === 'number') {
    for (const value of smallerNumbers(e.value)) yield num(value)
  }
  if (e.k === 'set' && e.op !== '') yield { ...e, op: '' }
  for (let k = 0; k < parts.length; k++) {
    for (const part of smallerExprs(parts[k]!)) yield withPart(e, k, part)
  }
}

function* smallerNumbers(value: number): Generator<number> {
  for (const simple of [0, 1, 2]) {
    if (Object.is(simple, value)) return
    yield simple
  }
  const size = Math.abs(value)
  if (size > 2 && size <= 1e6) yield Math.trunc(value / 2)
  for (const edge of [2 ** 31, 2 ** 32, 2 ** 53]) if (size > edge) yield edge
  if (!Number.isInteger(value) && Number.isFinite(value)) yield Math.trunc(value)
  if (value < 0) yield -value
}

function partsOf(e: Expr): readonly Expr[] {
  switch (e.k) {
    case 'const':
    case 'name':
      return []
    case 'unary':
      return [e.a]
    case 'binary':
      return [e.a, e.b]
    case 'choose':
      return [e.a, e.b, e.test]
    case 'set':
      return [e.a, e.target]
    case 'step':
      return [e.target]
    case 'call':
      return e.args
    case 'new':
      return [e.length]
    case 'at':
      return [e.index, e.array]
    case 'length':
      return [e.array]
    default:
      return e satisfies never
  }
}

function withPart(e: Expr, k: number, part: Expr): Expr {
  switch (e.k) {
    case 'const':
    case 'name':
      return e
    case 'unary':
      return { ...e, a: part }
    case 'binary':
      return k === 0 ? { ...e, a: part } : { ...e, b: part }
    case 'choose':
      return k === 0 ? { ...e, a: part } : k === 1 ? { ...e, b: part } : { ...e, test: part }
    case 'set':
      return k === 0 ? { ...e, a: part } : { ...e, target: part }
    case 'step':
      return { ...e, target: part }
    case 'call':
      return { ...e, args: replaced(e.args, k, part) }
    case 'new':
      return { ...e, length: part }
    case 'at':
      return k === 0 ? { ...e, index: part } : { ...e, array: part }
    case 'length':
      return { ...e, array: part }
    default:
      return e satisfies never
  }
}

/** Unused parameters go, and halves of arrays. */
function* fewerInputs(p: Program): Generator<Program> {
  const { entry, inputs } = p
  for (let k = inputs.length - 1; k >= 0; k--) {
    const input = inputs[k]!
    if (isAliased(p, k)) continue
    const kept = without(inputs, k).map((o) => (o.kind === 'alias' && o.of > k ? { ...o, of: o.of - 1 } : o))
    yield { ...p, entry: { ...entry, params: without(entry.params, k) }, inputs: kept }
    if (input.kind === 'array' && input.data.length > 3) {
      yield withInput(p, k, { ...input, data: input.data.slice(0, input.data.length >> 1) })
    }
  }
}

const isAliased = ({ inputs }: Program, k: number) => inputs.some((other) => other.kind === 'alias' && other.of === k)
const withInput = (p: Program, k: number, input: Input): Program => ({ ...p, inputs: replaced(p.inputs, k, input) })

/** Arrays lose elements, then their elements become zeros. */
function* smallerInputs(p: Program): Generator<Program> {
  for (let k = 0; k < p.inputs.length; k++) {
    const input = p.inputs[k]!
    if (input.kind === 'scalar' && typeof input.value === 'number') {
      for (const value of smallerNumbers(input.value)) yield withInput(p, k, { ...input, value })
    }
    if (input.kind === 'array' && !isAliased(p, k)) {
      const { data } = input
      if (data.length > 0) yield withInput(p, k, { ...input, data: data.slice(0, -1) })
      if (data.some((value) => !Object.is(value, 0))) yield withInput(p, k, { ...input, data: data.map(() => 0) })
      for (let i = 0; i < Math.min(8, data.length); i++) {
        for (const value of smallerNumbers(data[i]!))
          yield withInput(p, k, { ...input, data: replaced(data, i, value) })
      }
    }
    if (input.kind === 'alias') {
      if (input.length > 1) yield withInput(p, k, { ...input, length: input.length >> 1 })
      if (input.byteOffset > 0) yield withInput(p, k, { ...input, byteOffset: 0 })
    }
  }
}

// ─────────────────────────── validity ───────────────────────────

/** Whether every name is declared before it is used, targets may be assigned, and jumps have somewhere to go. */
export function wellScoped(p: Program): boolean {
  const helpers = new Set<string>()
  for (const fn of [...p.helpers, p.entry]) {
    const names = new Map<string, boolean>()
    for (const param of fn.params) {
      if (param.init && !validExpr(param.init, names, helpers)) return false
      names.set(param.name, true)
    }
    if (!validBody(fn.body, names, helpers, [], new Set(names.keys()))) return false
    helpers.add(fn.name)
  }
  return true
}

type Jumps = readonly { readonly label: string; readonly loop: boolean }[]

/** `names`: whether each visible name may be assigned. `own` are the names of this very block. */
function validBody(
  body: readonly Stmt[],
  outer: ReadonlyMap<string, boolean>,
  helpers: ReadonlySet<string>,
  jumps: Jumps,
  own = new Set<string>(),
): boolean {
  // A name that is declared further down is not the outer one here either.
  const names = new Map(outer)
  for (const s of body) if (s.k === 'declare') names.delete(s.name)
  for (const s of body) {
    if (!validStmt(s, names, helpers, jumps)) return false
    if (s.k !== 'declare') continue
    if (own.has(s.name)) return false
    own.add(s.name)
    names.set(s.name, s.word === 'let')
  }
  return true
}

function validStmt(s: Stmt, names: ReadonlyMap<string, boolean>, helpers: ReadonlySet<string>, jumps: Jumps): boolean {
  const expr = (e: Expr, known = names) => validExpr(e, known, helpers)
  const body = (list: readonly Stmt[], known = names, more: Jumps = jumps) => validBody(list, known, helpers, more)
  switch (s.k) {
    case 'declare':
      return expr(s.init)
    case 'do':
      return expr(s.e)
    case 'if':
      return expr(s.test) && body(s.then) && body(s.else)
    case 'for': {
      const inner = new Map(names).set(s.name, true)
      const hidden = new Map(names)
      hidden.delete(s.name)
      const ends = expr(s.from, hidden) && expr(s.test, inner) && expr(s.update, inner)
      return ends && body(s.body, inner, [...jumps, { label: s.label, loop: true }])
    }
    case 'while':
    case 'until':
      return expr(s.test) && body(s.body, names, [...jumps, { label: s.label, loop: true }])
    case 'prange': {
      const hidden = new Map(names)
      hidden.delete(s.name)
      const jumpsInside = [{ label: '', loop: true }]
      return s.args.every((e) => expr(e, hidden)) && body(s.body, new Map(names).set(s.name, false), jumpsInside)
    }
    case 'block':
      return body(s.body, names, [...jumps, { label: s.label, loop: false }])
    case 'jump':
      if (s.label === '') return jumps.some((j) => j.loop)
      return jumps.some((j) => j.label === s.label && (j.loop || s.word === 'break'))
    case 'return':
      return s.value === null || expr(s.value)
    default:
      return s satisfies never
  }
}

function validExpr(e: Expr, names: ReadonlyMap<string, boolean>, helpers: ReadonlySet<string>): boolean {
  if (e.k === 'name') return names.has(e.name)
  if (e.k === 'call' && /^help\d/.test(e.fn) && !helpers.has(e.fn)) return false
  if (e.k === 'set' || e.k === 'step') {
    if (e.target.k !== 'name' && e.target.k !== 'at') return false
    if (e.target.k === 'name' && names.get(e.target.name) !== true) return false
  }
  if ((e.k === 'at' || e.k === 'length') && e.array.k !== 'name') return false
  return partsOf(e).every((part) => validExpr(part, names, helpers))
}

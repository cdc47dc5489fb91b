/**
 * Runs normalised syntax as JavaScript would: the test of normalisation is that this and the plain function agree.
 * Arrays are ordinary typed arrays here, without checks.
 */

import { atomic } from '../../src/atomic.ts'
import type { Expr, KernelFn, Label, Stmt, Variable } from '../../src/frontend/ast.ts'
import { type CaptureOptions, readKernel } from '../../src/frontend/kernel.ts'
import type { AnyFunction } from '../../src/frontend/source.ts'
import { prange } from '../../src/prange.ts'
import { dtypeInfo, type NumberArray } from '../../src/types.ts'

type Value = number | boolean | undefined | NumberArray
type Outcome = { kind: 'break' | 'continue'; label: Label } | { kind: 'return'; value: Value } | undefined
type Frame = { values: Map<Variable, Value>; options: CaptureOptions }

/** What `fn` gives when its normalised syntax is run. */
export function evaluate(fn: AnyFunction, args: readonly unknown[], options: CaptureOptions = {}): Value {
  return call(readKernel(fn, options), args as Value[], options)
}

function call(kernel: KernelFn, args: readonly Value[], options: CaptureOptions): Value {
  const frame: Frame = { values: new Map(), options }
  kernel.params.forEach(({ variable, default: otherwise }, i) => {
    frame.values.set(variable, args[i] === undefined && otherwise ? value(otherwise, frame) : args[i])
  })
  const outcome = run(kernel.body, frame)
  return outcome?.kind === 'return' ? outcome.value : undefined
}

function run(stmts: readonly Stmt[], frame: Frame): Outcome {
  for (const stmt of stmts) {
    const outcome = step(stmt, frame)
    if (outcome) return outcome
  }
  return undefined
}

/** One round of a loop's body; 'go on' unless it leaves the loop. */
function round(body: readonly Stmt[], label: Label, frame: Frame): Outcome | 'go on' | 'left' {
  const outcome = run(body, frame)
  if (outcome === undefined || (outcome.kind === 'continue' && outcome.label === label)) return 'go on'
  return outcome.kind === 'break' && outcome.label === label ? 'left' : outcome
}

function step(stmt: Stmt, frame: Frame): Outcome {
  const { values } = frame
  switch (stmt.kind) {
    case 'declare':
      values.set(stmt.variable, stmt.init && value(stmt.init, frame))
      return undefined
    case 'expr':
      value(stmt.expr, frame)
      return undefined
    case 'if':
      return run(value(stmt.test, frame) ? stmt.then : stmt.else, frame)
    case 'while':
    case 'doWhile':
      for (let first = stmt.kind === 'doWhile'; first || value(stmt.test, frame); first = false) {
        const next = round(stmt.body, stmt.label, frame)
        if (next !== 'go on') return next === 'left' ? undefined : next
      }
      return undefined
    case 'for':
      for (run(stmt.init, frame); !stmt.test || value(stmt.test, frame); stmt.update && value(stmt.update, frame)) {
        const next = round(stmt.body, stmt.label, frame)
        if (next !== 'go on') return next === 'left' ? undefined : next
      }
      return undefined
    case 'prange': {
      const at = (e: Expr | undefined, otherwise: number) => (e ? (value(e, frame) as number) : otherwise)
      for (const i of prange(at(stmt.start, 0), at(stmt.stop, 0), at(stmt.step, 1))) {
        values.set(stmt.variable, i)
        const next = round(stmt.body, stmt.label, frame)
        if (next !== 'go on') return next === 'left' ? undefined : next
      }
      return undefined
    }
    case 'block': {
      const outcome = run(stmt.body, frame)
      return outcome?.kind === 'break' && outcome.label === stmt.label ? undefined : outcome
    }
    case 'break':
    case 'continue':
      return { kind: stmt.kind, label: stmt.label }
    case 'return':
      return { kind: 'return', value: stmt.value && value(stmt.value, frame) }
    default:
      return stmt satisfies never
  }
}

/** JavaScript's own operators, by their text. */
const operators = new Map<string, (a: Value, b: Value) => Value>()
function operate(op: string, a: Value, b: Value): Value {
  let fn = operators.get(op)
  if (!fn) {
    fn = new Function('a', 'b', `return a ${op} b`) as (a: Value, b: Value) => Value
    operators.set(op, fn)
  }
  return fn(a, b)
}

const UNARY = {
  '-': (v: Value) => -(v as number),
  '+': (v: Value) => +(v as number),
  '~': (v: Value) => ~(v as number),
}

const roots: Record<string, unknown> = { Math, Number, atomic, isNaN, isFinite, Boolean }
const intrinsic = (name: string): ((...args: Value[]) => Value) =>
  name.split('.').reduce<unknown>((o, key) => (o as Record<string, unknown>)[key], roots) as never

function value(e: Expr, frame: Frame): Value {
  const of = (inner: Expr) => value(inner, frame)
  switch (e.kind) {
    case 'number':
    case 'boolean':
      return e.value
    case 'undefined':
      return undefined
    case 'variable':
      return frame.values.get(e.variable)
    case 'unary':
      return e.op === '!' ? !of(e.value) : UNARY[e.op](of(e.value))
    case 'binary':
      return operate(e.op, of(e.left), of(e.right))
    case 'logical':
      return e.op === '&&' ? of(e.left) && of(e.right) : of(e.left) || of(e.right)
    case 'conditional':
      return of(e.test) ? of(e.then) : of(e.else)
    case 'assign': {
      const place = reference(e.target, frame)
      const old = e.op && place.get()
      const right = of(e.value)
      const result = e.op ? operate(e.op, old, right) : right
      place.set(result)
      return result
    }
    case 'update': {
      const place = reference(e.target, frame)
      const old = place.get() as number
      const next = e.op === '++' ? old + 1 : old - 1
      place.set(next)
      return e.prefix ? next : old
    }
    case 'sequence':
      return e.exprs.map(of).at(-1)
    case 'intrinsic':
      return intrinsic(e.name)(...e.args.map(of))
    case 'invoke':
      return call(readKernel(e.fn, frame.options), e.args.map(of), frame.options)
    case 'new':
      return new (dtypeInfo(e.dtype).ctor)(e.length ? (of(e.length) as number) : 0) as NumberArray
    case 'index':
      return (of(e.array) as NumberArray)[of(e.index) as number]
    case 'length':
      return (of(e.array) as NumberArray).length
    default:
      return e satisfies never
  }
}

function reference(target: Expr, frame: Frame): { get(): Value; set(v: Value): void } {
  if (target.kind === 'variable') {
    const { variable } = target
    return { get: () => frame.values.get(variable), set: (v) => frame.values.set(variable, v) }
  }
  if (target.kind !== 'index') throw new Error(`${target.kind} cannot be assigned`)
  const array = value(target.array, frame) as NumberArray
  const index = value(target.index, frame) as number
  return {
    get: () => array[index],
    set: (v) => {
      array[index] = v as number
    },
  }
}

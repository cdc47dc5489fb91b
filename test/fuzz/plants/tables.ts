/** Planted bugs in scalar code: other entries in the tables of operations, other modules for emitters. */

import { cast, cond, FALSE, length, num, op } from '../../../src/ir/build.ts'
import type { Expr, Module, Stmt } from '../../../src/ir/ir.ts'
import { opRecord } from '../../../src/ir/ops/index.ts'
import type { Lowering } from '../../../src/ir/ops/op.ts'
import { F64, I32, INDEX, typeName } from '../../../src/ir/types.ts'
import { mapStmts, type Rewrite } from '../../../src/ir/walk.ts'
import { PASSES } from '../../../src/passes/index.ts'
import { js } from '../../../src/targets/js/index.ts'
import type { Target } from '../../../src/targets/target.ts'
import { wasm } from '../../../src/targets/wasm/index.ts'
import type { Plant } from './plant.ts'

function change<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): void {
  object[key] = value
}

/** Another code for an operation at a type. */
function lowering(name: string, type: string, code: Partial<Pick<Lowering, 'js' | 'wasm'>>): () => void {
  return () => {
    const at = opRecord(name).at as Record<string, Lowering>
    change(at, type, { ...at[type], ...code })
  }
}

/** What a target's emitter gets is not what the passes gave. */
function emitted(target: Target, rewrite: (module: Module) => Rewrite): () => void {
  return () => {
    const { emit } = target
    change(target as { emit: typeof emit }, 'emit', (module: Module) => {
      const functions = module.functions.map((fn) => ({ ...fn, body: mapStmts(fn.body, rewrite(module)) }))
      return emit({ ...module, functions })
    })
  }
}

/** The pass that every module goes through last leaves the bug behind, for the interpreter and all targets. */
function passed(rewrite: Rewrite): () => void {
  return () => {
    const last = PASSES.find((pass) => pass.name === 'legalise')!
    const { run } = last
    change(last as { run: typeof run }, 'run', (module, context) => {
      const after = run(module, context)
      return { ...after, functions: after.functions.map((fn) => ({ ...fn, body: mapStmts(fn.body, rewrite) })) }
    })
  }
}

const exprs = (target: Target, expr: (e: Expr) => Expr) => emitted(target, () => ({ expr }))
const stmts = (target: Target, stmt: (s: Stmt) => Stmt | readonly Stmt[]) => emitted(target, () => ({ stmt }))
const isOp = (e: Expr, name: string): e is Extract<Expr, { kind: 'op' }> => e.kind === 'op' && e.op === name

interface Row {
  readonly name: string
  readonly story: string
  readonly plant: () => void
}

const ROWS: readonly Row[] = [
  {
    name: 'round-half-even',
    story: 'Math.round is f64.nearest',
    plant: lowering('round', 'f64', { wasm: 'f64.nearest' }),
  },
  {
    name: 'toint32-saturates',
    story: 'ToInt32 of large numbers saturates instead of wrapping',
    plant: lowering('toint32', 'f64', { wasm: 'i32.trunc_sat_f64_s' }),
  },
  {
    name: 'min-by-comparison',
    story: 'Math.min is a < b ? a : b, which is wrong for NaN and −0',
    plant: lowering('min', 'f64', { wasm: '$0 $1 $0 $1 f64.lt select' }),
  },
  {
    name: 'max-by-comparison-in-js',
    story: 'Math.max is a comparison, in JavaScript',
    plant: () => {
      const at = opRecord('max').at as Record<string, Lowering>
      change(at, 'f64', { ...at['f64'], js: 'Math.max($0, $1) || 0' })
    },
  },
  {
    name: 'unsigned-shift-signed',
    story: '>>> is >>',
    plant: lowering('shr_u', 'i32', { wasm: 'i32.shr_s' }),
  },
  {
    name: 'remainder-by-division',
    story: 'a % b is a − b·trunc(a / b), which rounds and loses −0',
    plant: lowering('rem', 'f64', { wasm: '$0 $0 $1 f64.div f64.trunc $1 f64.mul f64.sub' }),
  },
  {
    name: 'clamp-truncates',
    story: 'a Uint8ClampedArray store truncates instead of rounding half to even',
    plant: lowering('clamp8', 'f64', {
      wasm: '$0 f64.const:0 f64.max f64.const:255 f64.min i32.trunc_sat_f64_s',
    }),
  },
  {
    name: 'sign-of-zero',
    story: 'Math.sign of −0 is 0',
    plant: lowering('sign', 'f64', {
      wasm: 'f64.const:1 f64.const:-1 f64.const:0 $0 f64.const:0 f64.lt select $0 f64.const:0 f64.gt select',
    }),
  },
  {
    name: 'uint32-signed',
    story: 'an element of a Uint32Array past 2³¹ is read as negative',
    plant: lowering('uint32', 'i32', { wasm: 'i64.extend_i32_s' }),
  },
  {
    name: 'compare-unsigned',
    story: 'integers are compared as unsigned',
    plant: () => {
      for (const type of ['i32', 'index']) lowering('lt', type, { wasm: 'i32.lt_u' })()
    },
  },
  {
    name: 'imul-in-doubles',
    story: 'Math.imul is a product of doubles, cut to 32 bits',
    plant: lowering('mul', 'i32', { js: '$0 * $1 | 0' }),
  },
  {
    name: 'negative-zero-constant',
    story: 'the constant −0 is printed as 0',
    plant: exprs(js, (e) => (e.kind === 'const' && Object.is(e.value, -0) ? { ...e, value: 0 } : e)),
  },
  {
    name: 'negated-comparison',
    story: '!(a < b) becomes a >= b, which is wrong for NaN',
    plant: exprs(wasm, (e) => {
      const inner = isOp(e, 'not') ? e.args[0]! : e
      return inner !== e && isOp(inner, 'lt') ? op('ge', ...inner.args) : e
    }),
  },
  {
    name: 'x-minus-x',
    story: 'x − x becomes 0, which is wrong for NaN and infinities',
    plant: exprs(wasm, (e) => {
      if (!isOp(e, 'sub') || e.type !== F64) return e
      const [a, b] = e.args
      return a?.kind === 'local' && b?.kind === 'local' && a.local === b.local ? num(F64, 0) : e
    }),
  },
  {
    name: 'plus-zero',
    story: 'x + 0 becomes x, which is wrong for −0',
    plant: exprs(wasm, (e) => {
      if (!isOp(e, 'add') || e.type !== F64) return e
      const zero = e.args.findIndex((arg) => arg.kind === 'const' && Object.is(arg.value, 0))
      return zero >= 0 ? e.args[1 - zero]! : e
    }),
  },
  {
    name: 'fround-forgotten',
    story: 'a float64 is stored into float32 variables without rounding',
    plant: exprs(js, (e) => {
      const back = e.kind === 'cast' && e.type === F64 && e.value.kind === 'cast' ? e.value : undefined
      return back && typeName(back.type) === 'f32' && back.value.type === F64 ? back.value : e
    }),
  },
  {
    name: 'division-by-reciprocal',
    story: 'x / c becomes x · (1 / c) for constants',
    plant: exprs(wasm, (e) => {
      if (!isOp(e, 'div') || e.type !== F64) return e
      const [a, c] = e.args
      return c?.kind === 'const' ? op('mul', a!, num(F64, 1 / (c.value as number))) : e
    }),
  },
  {
    name: 'downward-loop-short',
    story: 'loops that count down leave out their last iteration',
    plant: stmts(wasm, (s) => {
      if (s.kind !== 'for' || s.step > 0 || s.hi.type !== s.variable.type) return s
      return { ...s, hi: op('add', s.hi, cast(s.hi.type, num(I32, 1))) }
    }),
  },
  {
    name: 'stepped-loop-to-the-end',
    story: 'loops with a step run while i ≤ end',
    plant: stmts(js, (s) => {
      if (s.kind !== 'for' || s.step < 2 || s.hi.type !== s.variable.type) return s
      return { ...s, hi: op('add', s.hi, cast(s.hi.type, num(I32, 1))) }
    }),
  },
  {
    name: 'read-check-dropped',
    story: 'every read at a plain loop variable counts as proven',
    plant: exprs(wasm, (e) => {
      if (e.kind !== 'load' || e.bounds === 'proven') return e
      const index = e.index.kind === 'cast' ? e.index.value : e.index
      return index.kind === 'local' ? { ...e, bounds: 'proven' } : e
    }),
  },
  {
    name: 'store-before-check',
    story: 'a failing store has its effect on the last element before it fails',
    plant: stmts(js, (s) => {
      if (s.kind !== 'store' || s.bounds === 'proven' || s.index.type !== INDEX) return s
      const zero = cast(s.index.type, num(I32, 0))
      const size = length(s.array)
      const far = op('ge', s.index, size)
      const some = op('gt', size, zero)
      const last = op('sub', size, cast(s.index.type, num(I32, 1)))
      return [{ kind: 'if', cond: op('and', far, some), then: [{ ...s, index: last, bounds: 'proven' }], else: [] }, s]
    }),
  },
  {
    name: 'both-arms-swapped-for-ne',
    story: 'a choice on a ≠ b takes its arms the wrong way round when it turns into a = b',
    plant: exprs(wasm, (e) => {
      if ((e.kind !== 'cond' && e.kind !== 'select') || !isOp(e.cond, 'ne')) return e
      return cond(op('eq', ...e.cond.args), e.then, e.else)
    }),
  },
  {
    name: 'array-assignment-dropped',
    story: 'an array variable that is assigned from another keeps what it had',
    plant: stmts(wasm, (s) =>
      s.kind === 'assign' && s.local.type.kind === 'array' && s.value.kind === 'local' && /^x/.test(s.local.name)
        ? []
        : s,
    ),
  },
  {
    name: 'overlap-unseen',
    story: 'arguments over one buffer are not noticed before a parallel loop',
    plant: passed({ expr: (e) => (e.kind === 'overlap' ? FALSE : e) }),
  },
  {
    name: 'last-iteration-lost',
    story: 'a parallel loop is shared out without its last iteration',
    plant: stmts(wasm, (s) => (s.kind === 'launch' ? { ...s, hi: op('sub', s.hi, cast(s.hi.type, num(I32, 1))) } : s)),
  },
  {
    name: 'serial-check-ignored',
    story: 'a parallel loop runs on many threads though its entry check says no',
    plant: passed({ stmt: (s) => (s.kind === 'launch' && s.serialIf ? { ...s, serialIf: FALSE } : s) }),
  },
  {
    name: 'continue-is-break',
    story: '`continue` ends a while loop',
    plant: stmts(js, (s) => (s.kind === 'continue' ? { ...s, kind: 'break' } : s)),
  },
]

/** These show in checked JavaScript alone, or on several threads. */
const FULL = new Set([
  'continue-is-break',
  'fround-forgotten',
  'imul-in-doubles',
  'last-iteration-lost',
  'max-by-comparison-in-js',
  'negative-zero-constant',
  'overlap-unseen',
  'serial-check-ignored',
  'stepped-loop-to-the-end',
  'store-before-check',
])

export const TABLES: readonly Plant[] = ROWS.map(({ name, story, plant }) => ({
  name,
  story,
  depth: FULL.has(name) ? 'full' : 'quick',
  bug: { kind: 'change', plant },
}))

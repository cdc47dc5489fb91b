import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomModule } from '../../test/ir/arbitrary.ts'
import {
  assign,
  block,
  breakTo,
  cast,
  FALSE,
  label,
  length,
  load,
  local,
  Names,
  num,
  op,
  ref,
  store,
  TRUE,
} from './build.ts'
import type { Expr, Stmt } from './ir.ts'
import { printStmt } from './print.ts'
import { read } from './read.ts'
import { copyStmts, renameStmts } from './rename.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, mask, typeName, vec } from './types.ts'
import {
  assignedLocals,
  exprChildren,
  exprReads,
  mapExpr,
  mapStmts,
  readLocals,
  someExpr,
  usedLocals,
  visitExpr,
  visitStmts,
} from './walk.ts'

const x = local('x', array('float64'))
const r = local('r', array('float64'))
const i = local('i', INDEX)
const t = local('t', F64)
const u = local('u', F64)
const text = (stmts: readonly Stmt[]) => stmts.map(printStmt).join('\n')

describe('building', () => {
  test('types follow from the arguments', () => {
    const v: Expr = { kind: 'splat', type: vec('f64', 2), value: ref(t) }
    expect(op('lt', ref(t), ref(t)).type).toBe(BOOL)
    expect(op('lt', v, v).type).toBe(mask(2))
    expect(op('add', v, v).type).toBe(vec('f64', 2))
    expect(op('toint32', ref(t)).type).toBe(I32)
    expect(op('sin', ref(t)).type).toBe(F64)
    expect(load(local('c', array('uint32')), ref(i), 'proven', -1).type).toBe(I64)
  })
  test.each([
    ['add', [ref(t)], 'add has no overload for (f64)'],
    ['add', [ref(t), ref(i)], 'add has no overload for (f64, index)'],
    ['shl', [ref(t), ref(t)], 'shl has no overload for (f64, f64)'],
    ['atomic.add', [ref(t)], 'atomic.add has no overload'],
    ['gamma', [ref(t)], 'no operation is named gamma'],
  ])('%s of %#', (name, args, message) => expect(() => op(name, ...args)).toThrow(message))

  test('numbers are of their type', () => {
    expect(num(F32, 0.1).value).toBe(Math.fround(0.1))
    expect(num(I64, 5).value).toBe(5n)
    expect(num(INDEX, -0).value).toBe(0)
    expect(num(F64, -0).value).toBe(-0)
    expect(() => num(I32, 1.5)).toThrow('1.5 is no constant of type i32')
    expect(() => num(BOOL, 1)).toThrow('a truth value is made by bool()')
  })

  test('casts fold where the value is known', () => {
    expect(cast(F64, ref(t))).toEqual(ref(t))
    expect(cast(F64, ref(i))).toEqual({ kind: 'cast', type: F64, value: ref(i) })
    expect(cast(F32, num(F64, 0.1))).toEqual(num(F32, 0.1))
    expect(cast(F64, num(I64, 7n))).toEqual(num(F64, 7))
    expect(cast(I32, num(I64, 2n ** 32n + 5n))).toEqual(num(I32, 5))
    expect(cast(F64, TRUE)).toEqual(num(F64, 1))
    expect(cast(INDEX, FALSE)).toEqual(num(INDEX, 0))
    expect(cast(I32, num(F64, -0))).toEqual(num(I32, 0))
    for (const [type, value] of [
      [I32, 1.5],
      [I32, 2 ** 31],
      [INDEX, NaN],
      [I64, Infinity],
    ] as const) {
      expect(cast(type, num(F64, value)).kind).toBe('cast')
    }
  })

  test('names are fresh', () => {
    const names = new Names(['x', 'x.1'])
    expect([names.fresh('x'), names.fresh('y'), names.fresh('y')]).toEqual(['x.2', 'y', 'y.1'])
    const fn = read(`module m portable entry f
func f(a: f64) {
  local b: f64
  if a < b {
    L: block {
      M: block {
      }
    }
  }
}`).functions[0]!
    const taken = Names.of(fn)
    expect(['a', 'b', 'L', 'M', 'c'].map((name) => taken.fresh(name))).toEqual(['a.1', 'b.1', 'L.1', 'M.1', 'c'])
  })
})

describe('walking', () => {
  const e = op('add', op('mul', ref(t), num(F64, 2)), load(x, op('add', ref(i), num(INDEX, 1)), 'proven', -1))

  test('expressions: children first when rewritten, parents first when visited', () => {
    const order: string[] = []
    visitExpr(e, (node) => void order.push(node.kind === 'op' ? node.op : node.kind))
    expect(order).toEqual(['add', 'mul', 'local', 'const', 'load', 'add', 'local', 'const'])
    order.length = 0
    mapExpr(e, (node) => {
      order.push(node.kind === 'op' ? node.op : node.kind)
      return node
    })
    expect(order).toEqual(['local', 'const', 'mul', 'local', 'const', 'add', 'load', 'add'])
    order.length = 0
    visitExpr(e, (node) => {
      order.push(node.kind)
      return node.kind !== 'load'
    })
    expect(order).toEqual(['op', 'op', 'local', 'const', 'load'])
    expect(someExpr(e, (node) => node.kind === 'load')).toBe(true)
    expect(someExpr(e, (node) => node.kind === 'select')).toBe(false)
    expect([...exprReads(e)]).toEqual([t, x, i])
  })

  test('a rewrite changes only the way to what changed', () => {
    const doubled = mapExpr(e, (node) => (node.kind === 'const' && node.type === F64 ? num(F64, 4) : node))
    expect(doubled).not.toBe(e)
    expect(exprChildren(doubled)[1]).toBe(exprChildren(e)[1])
    expect(exprChildren(e)[0]).toHaveProperty('args', [ref(t), num(F64, 2)])
  })

  test('statements may go or become several', () => {
    const L = label('L')
    const body: Stmt[] = [
      assign(t, ref(u)),
      block(L, [assign(u, ref(t)), breakTo(L)]),
      store(r, ref(i), ref(t), 'proven', -1),
    ]
    const out = mapStmts(body, {
      stmt: (s) => (s.kind === 'assign' ? (s.local === t ? [] : [s, s]) : s),
      expr: (node) => (node.kind === 'local' && node.local === t ? num(F64, 3) : node),
    })
    expect(text(out)).toBe('L: block {\n  u = 3.0\n  u = 3.0\n  break L\n}\nr[i] = 3.0')
    const seen: string[] = []
    visitStmts(body, {
      stmt: (s) => {
        seen.push(s.kind)
        return s.kind !== 'block'
      },
      expr: (n) => void seen.push(n.kind),
    })
    expect(seen).toEqual(['assign', 'local', 'block', 'store', 'local', 'local'])
  })

  test('what is read and what is assigned', () => {
    const fn = read(`module m portable entry f
func f(x: float64[], y: float64[]) {
  local i: index
  local s: f64
  local r: float64[]
  local old: f64
  local a: f64
  L: for i in 0..length(x) reduce(tree add s) span 0:0-0 {
    old = do atomic.add(y[i], a)
  }
  r = alloc(4)
  s = call f(x)
}`).functions[0]!
    const names = (locals: Set<{ name: string }>) => [...locals].map((l) => l.name).sort()
    expect(names(assignedLocals(fn.body))).toEqual(['i', 'old', 'r', 's'])
    expect(names(readLocals(fn.body))).toEqual(['a', 'i', 's', 'x', 'y'])
    expect(names(usedLocals(fn.body))).toEqual(['a', 'i', 'old', 'r', 's', 'x', 'y'])
  })

  test('nothing changed: the same object; everything copied: the same text', () => {
    fc.assert(
      fc.property(fc.gen(), (g) => {
        for (const fn of randomModule(g).functions) {
          expect(mapStmts(fn.body, { expr: (node) => node, stmt: (s) => s })).toBe(fn.body)
          expect(renameStmts(fn.body, {})).toBe(fn.body)
          const copied = mapStmts(fn.body, { expr: (node) => ({ ...node }), stmt: (s) => ({ ...s }) })
          expect(text(copied)).toBe(text(fn.body))
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('renaming', () => {
  test('every place where a local or a label stands', () => {
    fc.assert(
      fc.property(fc.gen(), (g) => {
        for (const fn of randomModule(g).functions) {
          const fresh = new Map([...fn.params, ...fn.locals].map((l) => [l, local(`new ${l.name}`, l.type)] as const))
          const renamed = renameStmts(fn.body, {
            local: (l) => fresh.get(l)!,
            label: (l) => label(`new ${l.name}`),
          })
          for (const l of usedLocals(renamed))
            expect(l.name.startsWith('new '), `${l.name}: ${typeName(l.type)}`).toBe(true)
          const back = new Map([...fresh].map(([from, to]) => [to, from]))
          const again = renameStmts(renamed, { local: (l) => back.get(l)!, label: (l) => label(l.name.slice(4)) })
          expect(text(again)).toBe(text(fn.body))
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a copy has labels of its own, but jumps out as before', () => {
    const [outer, inner] = [label('Outer'), label('Inner')]
    const body = [block(inner, [assign(t, ref(u)), breakTo(inner), breakTo(outer)])]
    const copy = copyStmts(body, new Names(['Outer', 'Inner']))
    expect(text(copy)).toBe('Inner.1: block {\n  t = u\n  break Inner.1\n  break Outer\n}')
    const [copied] = copy
    if (copied?.kind !== 'block' || copied.body[1]?.kind !== 'break') throw new Error('a block with a break')
    expect(copied.body[1].label).toBe(copied.label)
    expect(copied.body[2]).toHaveProperty('label', outer)
    expect(exprChildren(length(x))).toEqual([])
  })
})

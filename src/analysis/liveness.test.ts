import { describe, expect, test } from 'vitest'
import type { Fn, Local, Stmt } from '../ir/ir.ts'
import { read } from '../ir/read.ts'
import { verify } from '../ir/verify.ts'
import { visitStmts } from '../ir/walk.ts'
import { exposedReads, liveAfter } from './liveness.ts'

/** A function with locals s, t, u, v, i, j, n, x of type index and arrays a and b; `x` and `a` are parameters. */
function body(text: string): Fn {
  const module = read(`module m portable entry f
source 0 "f" line 1
  | 0123456789
site 0 bounds "a" 0:0-1

func g(v: index) -> index, index {
  return v, v
}

func f(x: index, a: float64[]) -> index canfail {
  local s: index
  local t: index
  local u: index
  local v: index
  local r: f64
  local b: float64[]
  local i: index
  local j: index
  local n: index
${text}
  return 0
}
`)
  verify(module)
  return module.functions[1]!
}

const names = (locals: ReadonlySet<Local>): string =>
  [...locals]
    .map((l) => l.name)
    .sort()
    .join(' ')
const exposed = (text: string): string => names(exposedReads(body(text).body))

/** What is live after the statement that first assigns `marked`, or the first loop of that label. */
function liveOf(text: string, marked: string): string {
  const fn = body(text)
  let found: Stmt | undefined
  visitStmts(fn.body, {
    stmt: (s) => {
      if ((s.kind === 'assign' && s.local.name === marked) || ('label' in s && s.label.name === marked)) found ??= s
    },
  })
  return names(liveAfter(fn, found!))
}

describe('reads that are exposed', () => {
  test('a read before the assignment is, one after it is not', () => {
    expect(exposed('s = t\nt = 1\nu = t')).toBe('t')
  })

  test('an assignment reads before it assigns', () => {
    expect(exposed('s = s + 1')).toBe('s')
  })

  test('both ways of an if must assign', () => {
    expect(exposed('if x > 0 {\ns = 1\n}\nt = s')).toBe('s x')
    expect(exposed('if x > 0 {\ns = 1\n} else {\ns = 2\n}\nt = s')).toBe('x')
    expect(exposed('if x > 0 {\ns = 1\n} else {\nreturn 1\n}\nt = s')).toBe('x')
  })

  test('a loop may not turn at all', () => {
    expect(exposed('L: for i in 0..x span 0:0-1 {\ns = 1\n}\nt = s')).toBe('s x')
    expect(exposed('L: while x > 0 span 0:0-1 {\ns = 1\n}\nt = s')).toBe('s x')
  })

  test('a loop without end turns', () => {
    expect(exposed('L: while true span 0:0-1 {\ns = 1\nbreak L\n}\nt = s')).toBe('')
    expect(exposed('L: while true span 0:0-1 {\nif x > 0 {\nbreak L\n}\ns = 1\n}\nt = s')).toBe('s x')
  })

  test('what one iteration leaves for the next is read', () => {
    expect(exposed('L: for i in 0..3 span 0:0-1 {\nt = s\ns = 1\n}')).toBe('s')
    expect(exposed('L: for i in 0..3 span 0:0-1 {\ns = 1\nt = s\n}')).toBe('')
  })

  test('one iteration alone ends where it continues', () => {
    const loop = body('L: for i in 0..3 span 0:0-1 {\nif x > 0 {\ncontinue L\n}\ns = t\nt = 1\n}').body[0]!
    expect(names(exposedReads((loop as Extract<Stmt, { kind: 'for' }>).body))).toBe('t x')
  })

  test('a break goes to the end of its block', () => {
    expect(exposed('B: block {\nif x > 0 {\nbreak B\n}\ns = 1\n}\nt = s')).toBe('s x')
    expect(exposed('B: block {\nif x > 0 {\ns = 2\nbreak B\n}\ns = 1\n}\nt = s')).toBe('x')
    expect(exposed('B: block {\nbreak B\nu = v\n}')).toBe('')
  })

  test('stores, loads and lengths read arrays', () => {
    expect(exposed('checked a[x]@0 = 1.5')).toBe('a x')
    expect(exposed('b = a\ni = length(b)')).toBe('a')
    expect(exposed('b = alloc(x)@0\nchecked b[0]@0 = 1.5')).toBe('x')
  })

  test('results of calls are assigned, arguments read', () => {
    expect(exposed('s, t = call g(u)\nv = s + t')).toBe('u')
  })

  test('a reduction starts from what was there', () => {
    expect(exposed('L: for i in 0..3 reduce(tree add r) span 0:0-1 {\nr = 1.5\n}')).toBe('r')
  })

  test('bounds are read once, the variable only within', () => {
    expect(exposed('L: for i in n..x span 0:0-1 {\nj = i\n}')).toBe('n x')
  })
})

describe('what is live afterwards', () => {
  test('what is read later, unless it is assigned before', () => {
    expect(liveOf('s = 1\nt = s\nreturn t', 's')).toBe('s')
    expect(liveOf('s = 1\nt = s\ns = 2\nreturn s', 't')).toBe('')
  })

  test('what the next iteration reads', () => {
    expect(liveOf('L: for i in 0..x span 0:0-1 {\nt = s\ns = 1\n}', 's')).toBe('s')
    expect(liveOf('L: for i in 0..x span 0:0-1 {\ns = 1\nt = s\n}', 't')).toBe('')
  })

  test('a scratch variable of two loops is dead between them', () => {
    const loops =
      'L: for i in 0..x span 0:0-1 {\ns = 1\nt = s\n}\nM: for j in 0..x span 0:0-1 {\ns = 2\nu = s\n}\nreturn v'
    expect(liveOf(loops, 'L')).toBe('v x')
  })

  test('an inner loop is followed by the outer one again', () => {
    const nest = `L: while x > 0 span 0:0-1 {
      M: for i in 0..x span 0:0-1 {
        checked b[i]@0 = f64(t)
        u = t
      }
      b = a
      a = b
      v = s
    }`
    expect(liveOf(nest, 'M')).toBe('a s t x')
    expect(liveOf(nest, 'v')).toBe('a b s t x')
  })

  test('breaks and continues go where they lead', () => {
    const loop = `L: while true span 0:0-1 {
      if x > 0 {
        s = 1
        break L
      }
      t = 1
      u = v
      continue L
    }
    return u`
    expect(liveOf(loop, 's')).toBe('u')
    expect(liveOf(loop, 't')).toBe('v x')
    expect(liveOf(loop, 'u')).toBe('u v x')
    expect(liveOf(loop, 'L')).toBe('u')
  })

  test('nests settle: what the innermost reads is live throughout', () => {
    const deep = `L: for i in 0..x span 0:0-1 {
      M: for j in 0..x span 0:0-1 {
        N: for n in 0..x span 0:0-1 {
          s = t
          t = u
          u = v
        }
      }
    }`
    expect(liveOf(deep, 's')).toBe('u v x')
    expect(liveOf(deep, 'u')).toBe('t u v x')
  })

  test('nothing after a failure', () => {
    expect(liveOf('s = 1\nfail()@0\nt = s', 's')).toBe('')
  })
})

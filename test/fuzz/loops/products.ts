/**
 * Nests as linear algebra has them, which passes rewrite most: products of matrices and vectors in every order of their
 * loops, sums in locals and in memory, triangles, stencils in time, and rows that hand elements to rows further down.
 */

import { type ArrayName, binary, call, compare, declare, type Expr, name, num, run, type Stmt, set } from '../tree.ts'
import { loop } from './bodies.ts'
import { plus, self, sum, times } from './indices.ts'
import type { ArrayParam, Index, Size } from './kernel.ts'
import type { Counter, Place } from './place.ts'

type Form = 'row' | 'memory' | 'transposed' | 'column' | 'matrix' | 'solve' | 'handing' | 'time' | 'chain'

export function products(p: Place): Stmt[] {
  const { kernel } = p
  const { rng } = kernel
  kernel.overlaps = 0.7
  const form = rng.weighted<Form>([
    [3, 'row'],
    [3, 'memory'],
    [3, 'transposed'],
    [1.5, 'column'],
    [5, 'matrix'],
    [2, 'solve'],
    [6, 'handing'],
    [2, 'time'],
    [4, 'chain'],
  ])
  const rows = kernel.size(rng.weighted<number>([[1, rng.int(0, 3)] as const, [8, rng.int(4, 20)]]))
  const columns = kernel.size(rng.int(1, 9))
  const nest = new Nest(p, rows, columns)
  switch (form) {
    case 'row':
    case 'column':
      return [nest.sums(form === 'row')]
    case 'memory':
    case 'transposed':
      return [nest.inMemory(form === 'memory')]
    case 'matrix':
      return [nest.matrix()]
    case 'solve':
      return [nest.solve()]
    case 'handing':
      return [nest.handing()]
    case 'time':
      return [nest.time()]
    case 'chain':
      return [nest.chain()]
    default:
      return form satisfies never
  }
}

const cell = (i: Index, width: Size, j: Index): Index => sum(times(i, width, false), j, false)

class Nest {
  private readonly p: Place
  private readonly rows: Size
  private readonly columns: Size
  private readonly type: ArrayName

  constructor(p: Place, rows: Size, columns: Size) {
    this.p = p
    this.rows = rows
    this.columns = columns
    this.type = p.kernel.rng.weighted<ArrayName>([
      [7, 'Float64Array'],
      [2, 'Float32Array'],
      [1, 'Int32Array'],
    ])
  }

  /** Another array each time, but for programs that work in place. */
  private array(used: readonly ArrayParam[] = []): ArrayParam {
    const { kernel } = this.p
    if (used.length > 0 && kernel.rng.chance(0.12)) return kernel.rng.pick(used)
    return kernel.newArray([this.type]) ?? kernel.array([this.type])
  }

  private over(size: Size, make: (counter: Index) => Stmt[], within?: Counter): Stmt {
    return loop(this.p, size, within, () => make(self(this.p.counters[this.p.counters.length - 1]!)))
  }

  private read(array: ArrayParam, index: Index): Expr {
    const { kernel } = this.p
    const e = kernel.element(array, index)
    return kernel.rng.chance(0.15) ? call('Math.sqrt', [call('Math.abs', [e])]) : e
  }

  private term(...factors: Expr[]): Expr {
    const { rng } = this.p.kernel
    const e = factors.reduce((a, b) => binary(rng.weighted([[6, '*'] as const, [1, '+'], [1, '-']]), a, b))
    return this.type === 'Float32Array' && rng.chance(0.6) ? call('Math.fround', [e]) : e
  }

  private sum(make: (s: Expr) => Stmt[]): Stmt[] {
    const text = this.p.kernel.fresh('s')
    return [declare('let', text, num(this.p.kernel.rng.pick([0, 0, -0, 1]))), ...make(name(text, 'num'))]
  }

  private put(array: ArrayParam, index: Index, value: Expr, op = ''): Stmt {
    return run(set(this.p.kernel.element(array, index, true), value, op))
  }

  private added(): string {
    return this.p.kernel.rng.weighted([[5, '+'] as const, [1, '-'], [1, '*']])
  }

  /** y[i] = Σ A[i, j] · x[j], along rows or along columns. */
  sums(alongRows: boolean): Stmt {
    const [a, x] = [this.array(), this.array()]
    const y = this.array([a, x])
    return this.over(this.rows, (i) =>
      this.sum((s) => [
        this.over(this.columns, (j) => {
          const at = alongRows ? cell(i, this.columns, j) : cell(j, this.rows, i)
          return [run(set(s, this.term(this.read(a, at), this.read(x, j)), this.added()))]
        }),
        this.put(y, i, s, this.p.kernel.rng.chance(0.2) ? '+' : ''),
      ]),
    )
  }

  /** y[i] or y[j] += A[i, j] · x. */
  inMemory(byRow: boolean): Stmt {
    const [a, x] = [this.array(), this.array()]
    const y = this.array([a, x])
    const op = this.added()
    return this.over(this.rows, (i) => [
      this.over(this.columns, (j) => {
        const [into, from] = byRow ? [i, j] : [j, i]
        return [this.put(y, into, this.term(this.read(a, cell(i, this.columns, j)), this.read(x, from)), op)]
      }),
    ])
  }

  /** C[i, j] += A[i, k] · B[k, j]. */
  matrix(): Stmt {
    const { kernel } = this.p
    const [a, b] = [this.array(), this.array()]
    const c = this.array([a, b])
    const turns = kernel.size(kernel.rng.int(1, 7))
    const sizes = { i: this.rows, j: this.columns, k: turns }
    const order = kernel.rng.pick(['ijk', 'ikj', 'ikj', 'jik', 'jki', 'kij', 'kji'])
    const at: Record<string, Index> = {}
    const product = () =>
      this.term(this.read(a, cell(at['i']!, turns, at['k']!)), this.read(b, cell(at['k']!, this.columns, at['j']!)))
    const place = () => cell(at['i']!, this.columns, at['j']!)
    const nest = (left: string): Stmt[] => {
      const [axis, ...rest] = left as unknown as ('i' | 'j' | 'k')[]
      if (axis === undefined) return [this.put(c, place(), product(), '+')]
      const inside = (make: () => Stmt[]) =>
        this.over(sizes[axis], (counter) => {
          at[axis] = counter
          return make()
        })
      if (left === 'k' && kernel.rng.chance(0.5)) {
        return this.sum((s) => [inside(() => [run(set(s, product(), '+'))]), this.put(c, place(), s)])
      }
      return [inside(() => nest(rest.join('')))]
    }
    return nest(order)[0]!
  }

  /** y[i] = (y[i] − Σ A[i, j] · y[j]) / A[i, i] for j below i, or below some other end. */
  solve(): Stmt {
    const [a, y] = [this.array(), this.array()]
    const { rng } = this.p.kernel
    const x = rng.chance(0.7) ? y : this.array()
    return this.over(this.rows, (i) => {
      const counter = this.p.counters[this.p.counters.length - 1]!
      const held = this.p.kernel.fresh('s')
      const s = name(held, 'num')
      const text = this.p.kernel.fresh('i')
      const j: Index = { e: name(text, 'num'), min: 0, max: counter.max - 1 }
      const below: Stmt = {
        k: 'for',
        label: '',
        name: text,
        from: num(0),
        test: compare('<', j.e, i.e),
        update: { k: 'step', type: 'num', op: '++', prefix: false, target: j.e },
        body: [run(set(s, this.term(this.read(a, cell(i, this.rows, j)), this.read(x, j)), '-'))],
      }
      return [
        declare('let', held, this.p.kernel.element(y, i)),
        below,
        this.put(y, i, binary('/', s, this.p.kernel.element(a, cell(i, this.rows, i)))),
      ]
    })
  }

  /** Row i + d gets what row i has, some elements to the side: with so many rows side by side, one may come too soon. */
  handing(): Stmt {
    const { rng } = this.p.kernel
    const [a, x] = [this.array(), this.array()]
    const c = rng.chance(0.8) ? a : this.array()
    const distance = rng.weighted<number>([
      [3, 3],
      [3, 7],
      [4, rng.int(1, 8)],
    ])
    const aside = () => rng.weighted<number>([[4, 0] as const, [2, 1], [1, 2]])
    const [from, to] = [aside(), aside()]
    const upwards = rng.chance(0.25)
    return this.over(this.rows, (i) => {
      const further = plus(i, distance)
      const [source, target] = upwards ? [further, i] : [i, further]
      const work = (j: Index) =>
        this.put(
          c,
          plus(cell(target, this.columns, j), to),
          this.term(this.read(a, plus(cell(source, this.columns, j), from)), this.read(x, j)),
          rng.chance(0.2) ? '+' : '',
        )
      if (rng.chance(0.5)) return [this.over(this.columns, (j) => [work(j)])]
      return this.sum((s) => [
        this.over(this.columns, (j) => [run(set(s, this.term(s, this.read(x, j)))), work(j)]),
        this.put(this.array(), i, s),
      ])
    })
  }

  /** What one turn stores and the next one loads, looked at once more after other arrays have been stored to. */
  chain(): Stmt {
    const { rng } = this.p.kernel
    const [a, x] = [this.array(), this.array()]
    const others = [this.array(), this.array([a])]
    const offset = rng.chance(0.8) ? 1 : 2
    return this.over(this.rows, (i) => {
      const hand = this.put(x, plus(i, offset), this.term(this.read(x, i), this.read(a, i)))
      const later = Array.from({ length: rng.int(1, 3) }, () => {
        const near = rng.weighted([[3, i] as const, [1, plus(i, offset)]])
        const value = rng.chance(0.6) ? this.read(x, near) : this.read(a, i)
        return this.put(rng.pick(others), i, value, rng.weighted([[3, ''] as const, [1, '+']]))
      })
      return rng.chance(0.85) ? [hand, ...later] : [...later, hand]
    })
  }

  /** A stencil that is applied again and again, from one array to another and back or in place. */
  time(): Stmt {
    const { kernel } = this.p
    const a = this.array()
    const b = kernel.rng.chance(0.4) ? a : this.array()
    const scale = num(kernel.rng.pick([0.25, 0.5, 1 / 3]))
    const step = (from: ArrayParam, to: ArrayParam) =>
      this.over(this.rows, (i) => {
        const near = [0, 1, 2].map((d) => kernel.element(from, plus(i, d)))
        const value = binary('*', binary('+', binary('+', near[0]!, near[1]!), near[2]!), scale)
        return [this.put(to, plus(i, 1), value)]
      })
    return this.over(kernel.size(kernel.rng.int(1, 4)), () => [step(a, b), ...(a === b ? [] : [step(b, a)])])
  }
}

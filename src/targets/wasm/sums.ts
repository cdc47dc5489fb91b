/**
 * Indices as sums of products, modulo 2³²: all that addresses take of them, so that sums and products may be written in
 * any order and in 32 bits, whatever type the program computes them in.
 */

import type { Const, Expr, Local } from '../../ir/ir.ts'
import { printExpr } from '../../ir/print.ts'
import { isInteger } from '../../ir/types.ts'

export interface Term {
  /** Of integer types, sorted by their text. */
  readonly factors: readonly Expr[]
  /** Of 32 bits; not 0. */
  readonly coef: number
}
/** By the text of the factors, which tells terms apart within a function; the constant's is empty. */
export type Sum = ReadonlyMap<string, Term>

/** Products of sums with more terms than this are not multiplied out. */
const TERMS = 12

export const NOTHING: Sum = new Map()

function put(out: Map<string, Term>, key: string, factors: readonly Expr[], coef: number): void {
  const total = ((out.get(key)?.coef ?? 0) + coef) | 0
  if (total === 0) out.delete(key)
  else out.set(key, { factors, coef: total })
}

const textOf = (e: Expr): string => (e.kind === 'local' ? e.local.name : printExpr(e))

function putProduct(out: Map<string, Term>, unsorted: readonly Expr[], coef: number): void {
  if (unsorted.length === 1) {
    put(out, textOf(unsorted[0]!), unsorted, coef)
    return
  }
  const factors = unsorted.map((e) => ({ e, text: textOf(e) }))
  factors.sort((p, q) => (p.text < q.text ? -1 : p.text > q.text ? 1 : 0))
  const key = factors.map(({ text }) => text).join(' * ')
  put(
    out,
    key,
    factors.map(({ e }) => e),
    coef,
  )
}

export function constant(value: number): Sum {
  const out = new Map<string, Term>()
  put(out, '', [], value)
  return out
}

export function product(factors: readonly Expr[], coef: number): Sum {
  const out = new Map<string, Term>()
  putProduct(out, factors, coef)
  return out
}

export function add(a: Sum, b: Sum): Sum {
  if (b.size === 0) return a
  const out = new Map(a)
  for (const [key, { factors, coef }] of b) put(out, key, factors, coef)
  return out
}

type Look = (local: Local) => Expr | undefined

/** `look` gives what a local was defined as, where it may stand for the local. */
export function sumOf(e: Expr, look: Look): Sum {
  const out = new Map<string, Term>()
  collect(out, e, 1, look)
  return out
}

/** Adds `by` times the expression. */
function collect(out: Map<string, Term>, e: Expr, by: number, look: Look): void {
  if (isInteger(e.type)) {
    switch (e.kind) {
      case 'const':
        put(out, '', [], Math.imul(low(e), by))
        return
      case 'cast':
        if (!isInteger(e.value.type)) break
        collect(out, e.value, by, look)
        return
      case 'local': {
        const definition = look(e.local)
        if (!definition) break
        collect(out, definition, by, look)
        return
      }
      case 'op': {
        const [a, b] = e.args as [Expr, Expr]
        if (e.op === 'add' || e.op === 'sub') {
          collect(out, a, by, look)
          collect(out, b, e.op === 'add' ? by : -by, look)
          return
        }
        if (e.op === 'neg') {
          collect(out, a, -by, look)
          return
        }
        if (e.op !== 'mul') break
        const [x, y] = [sumOf(a, look), sumOf(b, look)]
        if (x.size * y.size > TERMS) break
        for (const p of x.values()) {
          for (const q of y.values())
            putProduct(out, [...p.factors, ...q.factors], Math.imul(Math.imul(p.coef, q.coef), by))
        }
        return
      }
    }
  }
  put(out, textOf(e), [e], by)
}

const low = (e: Const): number =>
  typeof e.value === 'bigint' ? Number(BigInt.asIntN(32, e.value)) : Number(e.value) | 0

/** The constant of a sum, and its other terms. */
export function apart(sum: Sum): { readonly constant: number; readonly others: Sum } {
  const found = sum.get('')
  if (!found) return { constant: 0, others: sum }
  const others = new Map(sum)
  others.delete('')
  return { constant: found.coef, others }
}

/** The same text for the same sum. */
export function keyOf(sum: Sum): string {
  const terms: string[] = []
  for (const [key, { coef }] of sum) terms.push(`${coef} ${key}`)
  return terms.sort().join(' + ')
}

/**
 * Indices as sums of products, modulo 2³²: all that addresses take of them, so that sums and products may be written in
 * any order and in 32 bits, whatever type the program computes them in.
 */

import type { Expr, Local } from '../../ir/ir.ts'
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

function combine(a: Sum, b: Sum, by: number): Sum {
  if (b.size === 0) return a
  const out = new Map(a)
  for (const [key, { factors, coef }] of b) {
    const total = ((out.get(key)?.coef ?? 0) + Math.imul(coef, by)) | 0
    if (total === 0) out.delete(key)
    else out.set(key, { factors, coef: total })
  }
  return out
}

export const add = (a: Sum, b: Sum): Sum => combine(a, b, 1)
export const constant = (value: number): Sum => product([], value | 0)

/** One term; nothing where the coefficient is 0. */
export function product(unsorted: readonly Expr[], coef: number): Sum {
  if (coef === 0) return NOTHING
  const factors = unsorted.map((e) => [printExpr(e), e] as const)
  factors.sort(([p], [q]) => (p < q ? -1 : p > q ? 1 : 0))
  return new Map([[factors.map(([text]) => text).join(' * '), { factors: factors.map(([, e]) => e), coef }]])
}

function multiply(a: Sum, b: Sum): Sum {
  let out = NOTHING
  for (const x of a.values()) {
    for (const y of b.values()) {
      out = add(out, product([...x.factors, ...y.factors], Math.imul(x.coef, y.coef)))
    }
  }
  return out
}

/** `look` gives what a local was defined as, where it may stand for the local. */
export function sumOf(e: Expr, look: (local: Local) => Expr | undefined = () => undefined): Sum {
  const atom = (): Sum => product([e], 1)
  if (!isInteger(e.type)) return atom()
  switch (e.kind) {
    case 'const':
      return constant(Number(BigInt.asIntN(32, BigInt(e.value))))
    case 'cast':
      return isInteger(e.value.type) ? sumOf(e.value, look) : atom()
    case 'local': {
      const definition = look(e.local)
      return definition ? sumOf(definition, look) : atom()
    }
    case 'op': {
      if (e.op === 'neg') return combine(NOTHING, sumOf(e.args[0]!, look), -1)
      if (e.op !== 'add' && e.op !== 'sub' && e.op !== 'mul') return atom()
      const [a, b] = e.args.map((arg) => sumOf(arg, look)) as [Sum, Sum]
      if (e.op !== 'mul') return combine(a, b, e.op === 'add' ? 1 : -1)
      return a.size * b.size <= TERMS ? multiply(a, b) : atom()
    }
    default:
      return atom()
  }
}

/** The constant of a sum, and its other terms. */
export function apart(sum: Sum): { readonly constant: number; readonly others: Sum } {
  const found = sum.get('')
  if (!found) return { constant: 0, others: sum }
  const others = new Map(sum)
  others.delete('')
  return { constant: found.coef, others }
}

/** The same text for the same sum. */
export const keyOf = (sum: Sum): string =>
  [...sum]
    .map(([key, { coef }]) => `${coef} ${key}`)
    .sort()
    .join(' + ')

/**
 * Polynomials with whole coefficients over the integers of one function: loop variables, sizes, array lengths. Indices
 * such as `(i * n + j) * m + k` are polynomials, not affine forms, because n and m are known only at run time.
 * A coefficient past ±2⁵³ is NaN: it equals nothing and has no sign, so nothing is ever proven of it.
 */

/** One unknown; by identity of the key. */
export interface Atom {
  readonly id: number
  readonly name: string
}

export interface Term {
  readonly atoms: readonly Atom[]
  readonly coef: number
}

/** Terms by the ids of their atoms, sorted; no term has coefficient 0. */
export type Poly = ReadonlyMap<string, Term>

const keyOf = (atoms: readonly Atom[]): string => atoms.map((a) => a.id).join('*')

function build(terms: Iterable<Term>): Poly {
  const out = new Map<string, Term>()
  for (const term of terms) {
    const key = keyOf(term.atoms)
    const coef = (out.get(key)?.coef ?? 0) + term.coef
    if (coef === 0) out.delete(key)
    else out.set(key, { atoms: term.atoms, coef: Number.isSafeInteger(coef) ? coef : Number.NaN })
  }
  return out
}

export const constant = (value: number): Poly => build([{ atoms: [], coef: value }])
export const product = (term: Term): Poly => build([term])
export const atom = (a: Atom): Poly => build([{ atoms: [a], coef: 1 }])
export const add = (a: Poly, b: Poly): Poly => build([...a.values(), ...b.values()])
export const scale = (a: Poly, by: number): Poly => build([...a.values()].map((t) => ({ ...t, coef: t.coef * by })))
export const sub = (a: Poly, b: Poly): Poly => add(a, scale(b, -1))
export const mul = (a: Poly, b: Poly): Poly =>
  build(
    [...a.values()].flatMap((x) =>
      [...b.values()].map((y) => ({
        atoms: [...x.atoms, ...y.atoms].sort((p, q) => p.id - q.id),
        coef: x.coef * y.coef,
      })),
    ),
  )
export const equal = (a: Poly, b: Poly): boolean => sub(a, b).size === 0

/** The value of a polynomial without atoms; undefined for others. */
export function constantOf(a: Poly): number | undefined {
  if (a.size === 0) return 0
  return a.size === 1 ? a.get('')?.coef : undefined
}

export const mentions = (a: Poly, x: Atom): boolean => [...a.values()].some((t) => t.atoms.includes(x))
export const atomsOf = (a: Poly): Set<Atom> => new Set([...a.values()].flatMap((t) => t.atoms))

/** a = coefficient · x + rest, where neither mentions x; undefined where x occurs squared. */
export function split(a: Poly, x: Atom): { coefficient: Poly; rest: Poly } | undefined {
  const coefficient: Term[] = []
  const rest: Term[] = []
  for (const term of a.values()) {
    const count = term.atoms.filter((y) => y === x).length
    if (count > 1) return undefined
    if (count === 1) coefficient.push({ atoms: term.atoms.filter((y) => y !== x), coef: term.coef })
    else rest.push(term)
  }
  return { coefficient: build(coefficient), rest: build(rest) }
}

/** What is left of a without the multiples of one term (`n`, `4`, `n·m`). */
export function remainder(a: Poly, by: Term): Poly {
  return build(
    [...a.values()].filter((term) => {
      const left = [...term.atoms]
      const divides = by.atoms.every((x) => {
        const at = left.indexOf(x)
        if (at >= 0) left.splice(at, 1)
        return at >= 0
      })
      return !divides || term.coef % by.coef !== 0
    }),
  )
}

/** a with x replaced. */
export function substitute(a: Poly, x: Atom, by: Poly): Poly {
  let out = constant(0)
  for (const term of a.values()) {
    const others = term.atoms.filter((y) => y !== x)
    let product = build([{ atoms: others, coef: term.coef }])
    for (let k = others.length; k < term.atoms.length; k++) product = mul(product, by)
    out = add(out, product)
  }
  return out
}

export function show(a: Poly): string {
  if (a.size === 0) return '0'
  return [...a.values()]
    .map((t) =>
      [...(t.coef === 1 && t.atoms.length > 0 ? [] : [String(t.coef)]), ...t.atoms.map((x) => x.name)].join('·'),
    )
    .join(' + ')
}

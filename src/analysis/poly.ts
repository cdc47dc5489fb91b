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

function put(out: Map<string, Term>, key: string, atoms: readonly Atom[], coef: number): void {
  if (coef === 0) out.delete(key)
  else out.set(key, { atoms, coef: Number.isSafeInteger(coef) ? coef : Number.NaN })
}

function build(terms: Iterable<Term>): Poly {
  const out = new Map<string, Term>()
  for (const { atoms, coef } of terms) {
    const key = keyOf(atoms)
    put(out, key, atoms, (out.get(key)?.coef ?? 0) + coef)
  }
  return out
}

export const constant = (value: number): Poly => build([{ atoms: [], coef: value }])
export const product = (term: Term): Poly => build([term])
export const atom = (a: Atom): Poly => build([{ atoms: [a], coef: 1 }])

/** a + by · b. Most of what is proven is sums, so their keys are not made anew. */
function combine(a: Poly, b: Poly, by: number): Poly {
  if (b.size === 0) return a
  const out = new Map(a)
  for (const [key, { atoms, coef }] of b) put(out, key, atoms, (out.get(key)?.coef ?? 0) + by * coef)
  return out
}
export const add = (a: Poly, b: Poly): Poly => combine(a, b, 1)
export const sub = (a: Poly, b: Poly): Poly => combine(a, b, -1)
export const scale = (a: Poly, by: number): Poly => (by === 1 ? a : combine(new Map(), a, by))
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

export function mentions(a: Poly, x: Atom): boolean {
  for (const { atoms } of a.values()) if (atoms.includes(x)) return true
  return false
}
export function atomsOf(a: Poly): Set<Atom> {
  const found = new Set<Atom>()
  for (const { atoms } of a.values()) for (const x of atoms) found.add(x)
  return found
}

const NOTHING: Poly = new Map()

/** a = coefficient · x + rest, where neither mentions x; undefined where x occurs squared. */
export function split(a: Poly, x: Atom): { coefficient: Poly; rest: Poly } | undefined {
  const coefficient: Term[] = []
  const rest = new Map<string, Term>()
  for (const [key, term] of a) {
    const at = term.atoms.indexOf(x)
    if (at < 0) {
      rest.set(key, term)
      continue
    }
    if (term.atoms.includes(x, at + 1)) return undefined
    coefficient.push({ atoms: term.atoms.filter((y) => y !== x), coef: term.coef })
  }
  return coefficient.length === 0 ? { coefficient: NOTHING, rest: a } : { coefficient: build(coefficient), rest }
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
  if (!mentions(a, x)) return a
  let out = NOTHING
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

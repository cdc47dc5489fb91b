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

const NOTHING: Poly = new Map()

function keyOf(atoms: readonly Atom[]): string {
  let key = ''
  for (const { id } of atoms) key = key === '' ? `${id}` : `${key}*${id}`
  return key
}

/** Adds by · term. Terms are shared where they stay as they are. */
function put(out: Map<string, Term>, key: string, term: Term, by: number): void {
  const known = out.get(key)
  if (!known && by === 1 && term.coef !== 0) {
    out.set(key, term)
    return
  }
  const coef = (known?.coef ?? 0) + by * term.coef
  if (coef === 0) out.delete(key)
  else out.set(key, { atoms: term.atoms, coef: safe(coef) })
}

const safe = (coef: number): number => (Number.isSafeInteger(coef) ? coef : Number.NaN)

function build(terms: Iterable<Term>): Poly {
  const out = new Map<string, Term>()
  for (const term of terms) put(out, keyOf(term.atoms), term, 1)
  return out
}

export const constant = (value: number): Poly => (value === 1 ? ONE : build([{ atoms: [], coef: safe(value) }]))
export const product = ({ atoms, coef }: Term): Poly => build([{ atoms, coef: safe(coef) }])
export const atom = (a: Atom): Poly => new Map([[`${a.id}`, { atoms: [a], coef: 1 }]])

const ONE = build([{ atoms: [], coef: 1 }])

/** a + by · b. Most of what is proven is sums, so their keys are not made anew. */
function combine(a: Poly, b: Poly, by: number): Poly {
  if (b.size === 0) return a
  const out = new Map(a)
  for (const [key, term] of b) put(out, key, term, by)
  return out
}
export const add = (a: Poly, b: Poly): Poly => combine(a, b, 1)
export const sub = (a: Poly, b: Poly): Poly => combine(a, b, -1)
export const scale = (a: Poly, by: number): Poly => (by === 1 ? a : combine(NOTHING, a, by))

export function mul(a: Poly, b: Poly): Poly {
  const out = new Map<string, Term>()
  for (const [key, x] of a) {
    for (const [other, y] of b) {
      const coef = safe(x.coef * y.coef)
      if (y.atoms.length === 0) put(out, key, { atoms: x.atoms, coef }, 1)
      else if (x.atoms.length === 0) put(out, other, { atoms: y.atoms, coef }, 1)
      else {
        const atoms = merged(x.atoms, y.atoms)
        put(out, keyOf(atoms), { atoms, coef }, 1)
      }
    }
  }
  return out
}

/** Both lists, in the order of ids, as each of them is. */
function merged(a: readonly Atom[], b: readonly Atom[]): Atom[] {
  const out: Atom[] = []
  let k = 0
  for (const x of a) {
    while (k < b.length && b[k]!.id < x.id) out.push(b[k++]!)
    out.push(x)
  }
  while (k < b.length) out.push(b[k++]!)
  return out
}

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

/** a = coefficient · x + rest, where neither mentions x; undefined where x occurs squared. */
export function split(a: Poly, x: Atom): { coefficient: Poly; rest: Poly } | undefined {
  if (!mentions(a, x)) return { coefficient: NOTHING, rest: a }
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
  return { coefficient: build(coefficient), rest }
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
  const out = new Map<string, Term>()
  for (const [key, term] of a) {
    if (!term.atoms.includes(x)) {
      put(out, key, term, 1)
      continue
    }
    const others = term.atoms.filter((y) => y !== x)
    let product = build([{ atoms: others, coef: term.coef }])
    for (let k = others.length; k < term.atoms.length; k++) product = mul(product, by)
    for (const [made, part] of product) put(out, made, part, 1)
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

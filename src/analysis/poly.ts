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
  /** In the order of their ids. */
  readonly atoms: readonly Atom[]
  readonly coef: number
}

/** Terms of different atoms, no coefficient 0. There are few: to look for one is quicker than to hash them all. */
export type Poly = readonly Term[]

const NOTHING: Poly = []
const safe = (coef: number): number => (Number.isSafeInteger(coef) ? coef : Number.NaN)

function sameAtoms(a: readonly Atom[], b: readonly Atom[]): boolean {
  if (a.length !== b.length) return false
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false
  return true
}

/** Adds by · coef · atoms. */
function put(out: Term[], atoms: readonly Atom[], coef: number, by = 1): void {
  for (let k = 0; k < out.length; k++) {
    const known = out[k]!
    if (!sameAtoms(known.atoms, atoms)) continue
    const sum = known.coef + by * coef
    if (sum === 0) out.splice(k, 1)
    else out[k] = { atoms, coef: safe(sum) }
    return
  }
  if (coef !== 0) out.push({ atoms, coef: safe(by * coef) })
}

export const constant = (value: number): Poly => (value === 0 ? NOTHING : [{ atoms: [], coef: safe(value) }])
export const product = ({ atoms, coef }: Term): Poly => (coef === 0 ? NOTHING : [{ atoms, coef: safe(coef) }])
export const atom = (a: Atom): Poly => [{ atoms: [a], coef: 1 }]

function combine(a: Poly, b: Poly, by: number): Poly {
  if (b.length === 0) return a
  const out = [...a]
  for (const { atoms, coef } of b) put(out, atoms, coef, by)
  return out
}
export const add = (a: Poly, b: Poly): Poly => (a.length === 0 ? b : combine(a, b, 1))
export const sub = (a: Poly, b: Poly): Poly => combine(a, b, -1)
export const scale = (a: Poly, by: number): Poly => {
  if (by === 1) return a
  return by === 0 ? NOTHING : a.map(({ atoms, coef }) => ({ atoms, coef: safe(by * coef) }))
}

export function mul(a: Poly, b: Poly): Poly {
  const out: Term[] = []
  for (const x of a) for (const y of b) put(out, merged(x.atoms, y.atoms), safe(x.coef * y.coef))
  return out
}

/** Both lists in the order of ids, as each of them is. */
function merged(a: readonly Atom[], b: readonly Atom[]): readonly Atom[] {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const out: Atom[] = []
  let k = 0
  for (const x of a) {
    while (k < b.length && b[k]!.id < x.id) out.push(b[k++]!)
    out.push(x)
  }
  while (k < b.length) out.push(b[k++]!)
  return out
}

export const equal = (a: Poly, b: Poly): boolean => sub(a, b).length === 0
/** A text that polynomials share if and only if they are equal. */
export const keyOf = (a: Poly): string =>
  a
    .map(({ atoms, coef }) => `${coef}*${atoms.map((x) => x.id).join('*')}`)
    .sort()
    .join('+')

/** The value of a polynomial without atoms; undefined for others. */
export function constantOf(a: Poly): number | undefined {
  if (a.length === 0) return 0
  return a.length === 1 && a[0]!.atoms.length === 0 ? a[0]!.coef : undefined
}

export function mentions(a: Poly, x: Atom): boolean {
  for (const { atoms } of a) if (atoms.includes(x)) return true
  return false
}
export function atomsOf(a: Poly): Set<Atom> {
  const found = new Set<Atom>()
  for (const { atoms } of a) for (const x of atoms) found.add(x)
  return found
}

/** a = coefficient · x + rest, where neither mentions x; undefined where x occurs squared. */
export function split(a: Poly, x: Atom): { coefficient: Poly; rest: Poly } | undefined {
  if (!mentions(a, x)) return { coefficient: NOTHING, rest: a }
  const coefficient: Term[] = []
  const rest: Term[] = []
  for (const term of a) {
    const at = term.atoms.indexOf(x)
    if (at < 0) {
      rest.push(term)
      continue
    }
    if (term.atoms.includes(x, at + 1)) return undefined
    coefficient.push({ atoms: term.atoms.filter((y) => y !== x), coef: term.coef })
  }
  return { coefficient, rest }
}

/** What is left of a without the multiples of one term (`n`, `4`, `n·m`). */
export function remainder(a: Poly, by: Term): Poly {
  return a.filter((term) => {
    const left = [...term.atoms]
    const divides = by.atoms.every((x) => {
      const at = left.indexOf(x)
      if (at >= 0) left.splice(at, 1)
      return at >= 0
    })
    return !divides || term.coef % by.coef !== 0
  })
}

/** a with x replaced. */
export function substitute(a: Poly, x: Atom, by: Poly): Poly {
  if (!mentions(a, x)) return a
  const out: Term[] = []
  for (const { atoms, coef } of a) {
    if (!atoms.includes(x)) {
      put(out, atoms, coef)
      continue
    }
    const others = atoms.filter((y) => y !== x)
    let product: Poly = [{ atoms: others, coef }]
    for (let k = others.length; k < atoms.length; k++) product = mul(product, by)
    for (const part of product) put(out, part.atoms, part.coef)
  }
  return out
}

export function show(a: Poly): string {
  if (a.length === 0) return '0'
  return a
    .map((t) =>
      [...(t.coef === 1 && t.atoms.length > 0 ? [] : [String(t.coef)]), ...t.atoms.map((x) => x.name)].join('·'),
    )
    .join(' + ')
}

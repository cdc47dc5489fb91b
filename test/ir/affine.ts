/**
 * Random nests of loops over arrays, as those of linear algebra: rows and columns, triangles, sums in locals and in
 * elements, indices off by one. All accesses lie within arrays of ROOM elements, so what is compared is the order of
 * what happens to each element.
 */

/** Elements of each array, for sizes up to MOST. */
export const ROOM = 400
export const MOST = 12

/** `below(n)`: a whole number from 0 to n − 1. */
export function randomAffine(below: (n: number) => number): string {
  return new Affine(below).kernel()
}

class Affine {
  private readonly below: (n: number) => number
  private readonly variables: string[] = []
  private readonly scalars: string[] = []
  /** Loops nested, at most. */
  private readonly depth: number
  /** The array that is mostly stored into: of three that all are, little can be said. */
  private readonly target: string
  private made = 0

  constructor(below: (n: number) => number) {
    this.below = below
    this.depth = 2 + below(2)
    this.target = this.pick(['a', 'b', 'c'])
  }

  kernel(): string {
    const body = Array.from({ length: 1 + this.below(2) }, () => this.loop(this.depth))
    return `(function kernel(a, b, c, n, m) {\n${body.join('\n')}\n})`
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  private loop(depth: number): string {
    const outer = this.variables
    const v = `${'ijkl'[outer.length]}`
    const moving = outer.length > 0 && this.below(3) === 0
    const last = outer[outer.length - 1]!
    const lo = moving && this.below(2) === 0 ? this.pick([last, `${last} + 1`]) : this.pick(['0', '0', '0', '1'])
    const hi = moving && lo.length === 1 && lo < 'a' ? this.pick([last, `${last} + 1`]) : this.pick(['n', 'n', 'm'])
    const down = this.below(12) === 0
    const head = down
      ? `for (let ${v} = ${hi} - 1; ${v} >= ${lo}; ${v}--)`
      : `for (let ${v} = ${lo}; ${v} < ${hi}; ${v}++)`
    this.variables.push(v)
    const kept = this.scalars.length
    const body = depth === 1 ? this.statements(1 + this.below(3)) : this.around(depth)
    this.scalars.length = kept
    this.variables.pop()
    return `${head} {\n${body.join('\n')}\n}`
  }

  /** The body of a loop that has loops in it. */
  private around(depth: number): string[] {
    const out: string[] = []
    let sum: string | undefined
    if (this.below(2) === 0) {
      sum = `s${this.made++}`
      out.push(`let ${sum} = ${this.pick(['0', this.value(1)])}`)
      this.scalars.push(sum)
    }
    if (this.below(3) === 0) out.push(...this.statements(1))
    out.push(this.loop(depth - 1))
    if (this.below(4) === 0) out.push(this.loop(depth - 1))
    if (sum) out.push(`${this.element(this.target)} ${this.pick(['=', '+='])} ${sum}`)
    if (this.below(3) === 0) out.push(...this.statements(1))
    return out
  }

  private statements(count: number): string[] {
    return Array.from({ length: count }, () => {
      const sums = this.scalars
      // Small factors keep repeated products from growing into Infinity, which would hide everything else.
      if (sums.length > 0 && this.below(3) > 0) return `${this.pick(sums)} += 0.125 * ${this.value(1)}`
      const stored = this.below(5) === 0 ? this.element() : this.element(this.target)
      const store = `${stored} ${this.pick(['+=', '+=', '-=', '='])} 0.125 * (${this.value(2)})`
      return this.below(8) === 0 ? `if (${this.value(1)} > 0.5) ${store}` : store
    })
  }

  private value(depth: number): string {
    if (depth === 0 || this.below(4) === 0) {
      const leaf = this.below(8)
      if (leaf === 0) return this.pick(['0.25', '1.5', '-0.75'])
      if (leaf === 1 && this.variables.length > 0) return this.pick(this.variables)
      if (leaf === 2 && this.scalars.length > 0) return this.pick(this.scalars)
      return this.element()
    }
    return `${this.value(depth - 1)} ${this.pick(['+', '-', '*', '*'])} ${this.value(depth - 1)}`
  }

  private element(array = this.pick(['a', 'b', 'c'])): string {
    const off = () => this.pick(['', '', '', '', '', ' + 1', ' - 1'])
    const one = () => (this.variables.length > 0 ? this.pick(this.variables) : '2')
    if (this.below(3) === 0) return `${array}[${one()}${off()} + 1]`
    const row = this.pick(['n', 'n', 'n', 'm', '12'])
    return `${array}[(${one()}${off()} + 1) * ${row} + ${one()}${off()} + 1]`
  }
}

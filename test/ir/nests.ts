/**
 * Random kernels that are all about indices: nests of loops in all directions, sizes and arrays that change on the way,
 * indices at and past the ends. Most calls fail somewhere, which is the point.
 */

/** `below(n)`: a whole number from 0 to n − 1. */
export function randomNest(below: (n: number) => number): string {
  return new Nest(below).kernel()
}

/** Repeatable numbers, evenly spread: Park and Miller's generator. */
export function numbersFrom(seed: number): (n: number) => number {
  let state = (seed % 2147483646) + 1
  return (n) => {
    state = (state * 16807) % 2147483647
    return Math.floor((state / 2147483647) * n)
  }
}

const ARRAYS = ['x', 'y', 'r', 'q']

class Nest {
  private readonly below: (n: number) => number
  private readonly integers = ['n', 'm', 'k']
  private readonly variables: string[] = []
  private made = 0

  constructor(below: (n: number) => number) {
    this.below = below
  }

  kernel(): string {
    const size = this.pick(['n', 'x.length', 'n * m', 'n * n'])
    const covered = this.pick(['n', 'r.length', 'x.length', 'n * m'])
    const first = this.pick([
      '',
      'const first = r',
      `for (let z = 0; z < ${covered}; z++) r[z] = ${this.pick(['z', 'x[z]', 's'])}`,
    ])
    const body = this.statements(3, false)
    return `(function kernel(x, y, n, m, k) {
      let s = 0
      let r = new Float64Array(${size})
      let q = r
      ${first}
      ${body}
      return s + (r.length > 0 ? r[0] : 0)
    })`
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
  private oneOf(from: readonly (() => string)[]): string {
    return this.pick(from)()
  }

  private atom(): string {
    return this.oneOf([
      () => this.pick(this.integers),
      () => this.pick([...this.variables, ...this.variables, 'n']),
      () => String(this.below(4)),
      () => `${this.pick(ARRAYS)}.length`,
    ])
  }
  private integer(depth: number): string {
    if (depth === 0) return this.atom()
    return this.oneOf([
      () => this.atom(),
      () => `${this.integer(depth - 1)} + ${this.integer(depth - 1)}`,
      () => `(${this.integer(depth - 1)} - ${this.atom()})`,
      () => `${this.atom()} * ${this.pick(['n', 'm', 'k', '2', 'x.length'])}`,
      () => `${this.atom()} * ${this.pick(['n', 'm'])} + ${this.atom()}`,
      () =>
        `(${this.atom()} * ${this.pick(['n', 'm'])} + ${this.atom()}) * ${this.pick(['n', 'm', 'k'])} + ${this.atom()}`,
    ])
  }
  private element(): string {
    return `${this.pick(ARRAYS)}[${this.integer(2)}]`
  }

  /** What is declared in a body is known in it alone. */
  private inside(body: () => string): string {
    const known = this.integers.length
    const text = body()
    this.integers.length = known
    return `{\n${text}\n}`
  }
  private statements(depth: number, inLoop: boolean): string {
    return Array.from({ length: 1 + this.below(3) }, () => this.statement(depth, inLoop)).join('\n')
  }
  private statement(depth: number, inLoop: boolean): string {
    const loop = () => this.loop(depth)
    const condition = () =>
      `if (${this.integer(1)} > ${this.integer(1)}) ${this.inside(() => this.statements(depth - 1, inLoop))}`
    const jump = () => this.pick(['if (s > 60) break', 'if (s < -30) continue', 'if (s > 90) return s'])
    return this.oneOf([
      () => `${this.element()} = s + ${this.below(5)}`,
      () => `s += ${this.element()}`,
      () => `${this.pick(ARRAYS)}[${this.variables.at(-1) ?? 0}] = s`,
      () => this.named(),
      () => this.change(),
      ...(depth > 0 ? [loop, loop, loop, condition] : []),
      ...(inLoop ? [jump] : []),
    ])
  }
  private named(): string {
    const name = `t${this.made++}`
    const text = `const ${name} = ${this.integer(2)}`
    this.integers.push(name)
    return `${text}\n${this.element()} = ${name}`
  }
  private change(): string {
    return this.oneOf([
      () => `m = ${this.integer(1)}`,
      () => 'n = n - 1',
      () => 'k += 1',
      () => 'if (s > 3) x = y',
      () => 'q = r',
      () => 'if (s > 2) r = x',
      () => `r = new Float64Array(Math.abs(${this.integer(1)}) % 64)`,
    ])
  }
  private loop(depth: number): string {
    const i = `i${this.made++}`
    const from = this.pick(['0', '0', '0', '1', this.integer(1)])
    const to = this.pick(['n', 'm', 'x.length', 'r.length', 'n - 1', this.integer(1)])
    const head = this.pick([
      `let ${i} = ${from}; ${i} < ${to}; ${i}++`,
      `let ${i} = ${from}; ${i} < ${to}; ${i}++`,
      `let ${i} = ${to} - 1; ${i} >= ${from}; ${i}--`,
      `let ${i} = ${from}; ${i} <= ${to}; ${i} += 2`,
      `let ${i} = ${from}; ${i} < ${to}; ${i} += 2`,
    ])
    const body = this.inside(() => {
      this.variables.push(i)
      const text = this.statements(depth - 1, true)
      this.variables.pop()
      return text
    })
    return `for (${head}) ${body}`
  }
}

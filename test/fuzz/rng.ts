/** Random choices that a seed decides: the same seed and position give the same program on every machine. */

export class Rng {
  private a: number
  private b: number
  private c: number
  private d: number

  constructor(seed: number, position: number) {
    this.a = seed | 0
    this.b = position | 0
    this.c = (seed / 2 ** 32) | 0
    this.d = 1
    for (let k = 0; k < 15; k++) this.bits()
  }

  /** 32 random bits (sfc32, by Chris Doty-Humphrey). */
  bits(): number {
    const t = (this.a + this.b + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + t
    this.c |= 0
    return t >>> 0
  }

  /** In [0, 1). */
  real(): number {
    return this.bits() / 2 ** 32
  }

  /** A whole number in [lo, hi]. */
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.real() * (hi - lo + 1))
  }

  chance(p: number): boolean {
    return this.real() < p
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!
  }

  /** One of the choices, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let at = this.real() * choices.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, choice] of choices) {
      at -= weight
      if (at < 0) return choice
    }
    return choices[choices.length - 1]![1]
  }
}

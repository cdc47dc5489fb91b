/** What arrays hold: calm numbers mostly, now and then every number that floating point or integers are peculiar about. */

import { anyNumber } from '../expressions.ts'
import type { Rng } from '../rng.ts'
import type { ArrayName } from '../tree.ts'

type Mood = 'calm' | 'thirds' | 'halves' | 'wild' | 'tiny' | 'large' | 'few'

/** The number as an element of the type. */
export function asElement(type: ArrayName, value: number): number {
  const box = new (globalThis[type] as unknown as new (n: number) => Record<number, number>)(1)
  box[0] = value
  return box[0]
}

export function elements(rng: Rng, type: ArrayName, length: number): number[] {
  const isFloat = type.startsWith('Float')
  const mood = rng.weighted<Mood>([
    [5, 'calm'],
    // Sums of these are rounded, so that their order shows.
    [isFloat ? 4 : 0, 'thirds'],
    [2, 'halves'],
    [3, 'wild'],
    [isFloat ? 0.7 : 0, 'tiny'],
    [1, 'large'],
    [1, 'few'],
  ])
  const one = (): number => {
    if (mood === 'wild' || rng.chance(0.02)) return anyNumber({ rng })
    switch (mood) {
      case 'calm':
        return isFloat ? rng.int(-400, 800) / 16 : rng.int(-20, 100)
      case 'thirds':
        return rng.int(-300, 500) / rng.pick([3, 7, 10])
      case 'halves':
        return rng.int(-40, 40) / 2
      case 'tiny':
        return (rng.real() - 0.5) * 10 ** rng.int(-324, -300)
      case 'large':
        return isFloat ? (rng.real() - 0.5) * 10 ** rng.int(10, 308) : Math.floor((rng.real() - 0.5) * 2 ** 33)
      case 'few':
        return rng.int(-1, 2)
      default:
        return mood satisfies never
    }
  }
  const view = new (globalThis[type] as unknown as new (n: number) => number[])(length)
  for (let k = 0; k < length; k++) view[k] = one()
  return Array.from(view)
}

/** Whether two implementations have the same numbers, to the bit. */

import type { NumberArray } from '../../../src/types.ts'

/** The arrays in what a program of PolyBench/C dumps, in its order; repeat.c writes each number with all its digits. */
export function parseDump(text: string): { name: string; values: number[] }[] {
  return [...text.matchAll(/begin dump: (\S+)([\s\S]*?)\nend {3}dump: \1/g)].map((found) => ({
    name: found[1]!,
    values: found[2]!.trim().split(/\s+/).map(parseNumber),
  }))
}

/** C writes `inf`, `nan` and, as the sign bit has it, `-nan`. */
function parseNumber(text: string): number {
  const value = text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text)
  if (Number.isNaN(value) && !/^-?nan$/.test(text)) throw new Error(`not a number in the dump: ${text}`)
  return value
}

/** PolyBench dumps only the triangle that the program computes, here with the diagonal. */
const TRIANGLES: Readonly<Record<string, 'lower' | 'upper'>> = { cholesky: 'lower', nussinov: 'upper' }

/** Of an output of ours, what PolyBench's program dumps, in the order in which it does. */
export function dumped(program: string, output: NumberArray): ArrayLike<number> {
  const triangle = TRIANGLES[program]
  if (triangle === undefined) return output
  const n = Math.sqrt(output.length)
  const values: number[] = []
  for (let i = 0; i < n; i++) {
    const [start, end] = triangle === 'lower' ? [0, i + 1] : [i, n]
    for (let j = start; j < end; j++) values.push(output[i * n + j]!)
  }
  return values
}

/** The first difference in words, or undefined where there is none. All NaNs count as one; −0 and 0 do not. */
export function difference(
  theirs: readonly ArrayLike<number>[],
  ours: readonly ArrayLike<number>[],
): string | undefined {
  if (theirs.length !== ours.length) return `${theirs.length} arrays, plain has ${ours.length}`
  let wrong = 0
  let all = 0
  let first: string | undefined
  for (const [a, expected] of ours.entries()) {
    const got = theirs[a]!
    if (got.length !== expected.length) return `array ${a} has ${got.length} elements, plain's has ${expected.length}`
    for (let i = 0; i < expected.length; i++) {
      all++
      if (Object.is(got[i], expected[i])) continue
      wrong++
      first ??= `element ${i} of array ${a} is ${got[i]}, plain's is ${expected[i]}`
    }
  }
  return first === undefined ? undefined : `${wrong} of ${all} elements differ; ${first}`
}

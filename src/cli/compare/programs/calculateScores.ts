import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE } from '../../../types.ts'
import { readCsv, writeCsv } from '../csv.ts'
import { seeded } from '../random.ts'
import { calculateScores as plain } from './plain.ts'
import { calculateScores as withPrange } from './prange.ts'
import { EPSILON, fill, type Program } from './program.ts'
import { ends, scoresOf } from './spread.ts'

const about = 'every candidate against every other, from a CSV file'
const FEATURES = 5
const PERCENTS = [5, 100]

/** Writes the candidates once: `rows` rows of five features in [0, 1), from a seed. Returns the file's path. */
export function candidatesFile(rows: number): string {
  const path = join(tmpdir(), `${PACKAGE}-compare`, `candidates-${rows}.csv`)
  if (!existsSync(path)) {
    const data = fill(new Float64Array(rows * FEATURES), seeded(4), (u) => u)
    const header = Array.from({ length: FEATURES }, (_, k) => `feature${k + 1}`)
    writeCsv(path, header, { data, rows, columns: FEATURES })
  }
  return path
}

export const calculateScores: Program = {
  name: 'calculateScores',
  about,
  cases: (size) => {
    const all = size === 'quick' ? 4000 : 20_000
    const csv = candidatesFile(all)
    return PERCENTS.map((percent) => {
      const n = Math.round((all * percent) / 100)
      return {
        program: 'calculateScores',
        about,
        n,
        percent,
        csv,
        plain,
        withPrange,
        inputs: (newArray) => {
          const table = readCsv(csv, percent)
          const data = newArray(table.data.length)
          data.set(table.data)
          return [data, table.rows, table.columns]
        },
        bytes: n * (FEATURES * 8 + 8),
        spread: {
          kernel: scoresOf,
          tasks: ([data, rows, columns], parts) =>
            ends(n, parts).map(([from, to]) => [data!, rows!, columns!, from, to]),
        },
        // A sum of at most n positive terms, each itself from a sum of FEATURES squares.
        allowed: (result, i) => (n + 2 * FEATURES) * EPSILON * result[i]!,
      }
    })
  },
}

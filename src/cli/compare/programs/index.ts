import { calculateScores } from './calculateScores.ts'
import { logProduct } from './logProduct.ts'
import type { Program } from './program.ts'
import { roots } from './roots.ts'
import { rootsSum } from './rootsSum.ts'

/** In the order in which they are shown. */
export const PROGRAMS: readonly Program[] = [roots, rootsSum, logProduct, calculateScores]

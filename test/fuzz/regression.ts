/** A program that once made two executions differ. */

import type { Case } from './verdict.ts'

export interface Regression extends Case {
  /** What was wrong, for whoever meets it again. */
  readonly why: string
}

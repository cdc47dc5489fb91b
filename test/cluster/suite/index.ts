/** The common suite: what every back end does alike. */

import { vi } from 'vitest'
import { actors } from './actors.ts'
import { calls } from './calls.ts'
import { control } from './control.ts'
import { ends } from './ends.ts'
import { failures } from './failures.ts'
import type { Subject } from './subject.ts'
import { values } from './values.ts'

export function suite(subject: Subject): void {
  // Processes start in seconds, but not on a machine that does ten other things.
  vi.setConfig({ testTimeout: 60_000 })
  calls(subject)
  values(subject)
  failures(subject)
  control(subject)
  actors(subject)
  ends(subject)
}

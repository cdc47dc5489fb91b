/** The common suite: what every back end does alike. */

import { calls } from './calls.ts'
import { control } from './control.ts'
import { ends } from './ends.ts'
import { failures } from './failures.ts'
import type { Subject } from './subject.ts'
import { values } from './values.ts'

export function suite(subject: Subject): void {
  calls(subject)
  values(subject)
  failures(subject)
  control(subject)
  ends(subject)
}

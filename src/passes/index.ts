/**
 * The passes in the order in which they run, each with its reason. A pass is one verb in one file: module in, module
 * out, the same object where it changed nothing.
 */

import type { Module } from '../ir/ir.ts'
import { annotate } from './annotate.ts'
import { bounds } from './bounds.ts'
import { carry } from './carry.ts'
import { chunk } from './chunk.ts'
import { contract } from './contract.ts'
import { expand } from './expand.ts'
import { fill } from './fill.ts'
import { forward } from './forward.ts'
import { hoist } from './hoist.ts'
import { inline } from './inline.ts'
import { jam } from './jam.ts'
import { legalise } from './legalise.ts'
import { lift } from './lift.ts'
import { narrow } from './narrow.ts'
import { parallelise } from './parallelise.ts'
import type { Pass, PassContext } from './pass.ts'
import { reassociate } from './reassociate.ts'
import { rejoin } from './rejoin.ts'
import { reread } from './reread.ts'
import { separate } from './separate.ts'
import { split } from './split.ts'
import { unroll } from './unroll.ts'
import { vectorise } from './vectorise.ts'
import { version } from './version.ts'

export const PASSES: readonly Pass[] = [
  {
    name: 'inline',
    run: inline,
    why: 'What is known of a loop ends at calls: helpers are written out first, so that every later pass sees through them.',
  },
  {
    name: 'annotate',
    run: annotate,
    why: 'Whether loops may run in parallel and sums be reordered is decided on the loops as the user wrote them, once for all targets.',
  },
  {
    name: 'bounds',
    run: bounds,
    why: 'Ranges show best while loops stand in one another as the user wrote them, before launches and chunks cut them up.',
  },
  {
    name: 'fill',
    run: fill,
    why: 'An array and the loop that writes all of it stand next to each other before anything is written twice.',
  },
  {
    name: 'unroll',
    run: unroll,
    why: 'What is proven of a loop holds in all its turns, so bounds come first; written out, they are one body to all who follow.',
  },
  {
    name: 'version',
    run: version,
    targets: ['wasm'],
    why: 'What is proven needs no checks before a loop, so bounds come first; V8 finds the checks of JavaScript free.',
  },
  {
    name: 'separate',
    run: separate,
    why: 'What moves past an access to another array needs to know that the two are apart: asked once, before all that moves.',
  },
  {
    name: 'split',
    run: split,
    why: 'What no turn writes is hoisted, so the one turn that writes it stands apart first.',
  },
  {
    name: 'hoist',
    run: hoist,
    why: 'An element that a loop keeps in a local is a sum like any other, so this comes before rows run side by side.',
  },
  {
    name: 'jam',
    run: jam,
    why: 'Side by side nothing may fail, so what can be proven comes first; launches then take groups of rows as they are.',
  },
  {
    name: 'forward',
    run: forward,
    why: 'Rows side by side read the same elements, and change one after the other what they share.',
  },
  {
    name: 'rejoin',
    run: rejoin,
    why: 'Questions about arrays that nobody has relied on are taken back.',
  },
  {
    name: 'narrow',
    run: narrow,
    targets: ['wasm'],
    why: 'More lanes fit a register where numbers need 32 bits only, which vectorise counts.',
  },
  {
    name: 'vectorise',
    run: vectorise,
    targets: ['wasm'],
    why: 'Rows that run side by side share what they load, so jam chooses first; launches then take vectors as they are.',
  },
  {
    name: 'carry',
    run: carry,
    why: 'Turns that wait for each other run in no lanes, and of those that do the vectoriser has made other loops.',
  },
  {
    name: 'parallelise',
    run: parallelise,
    why: 'A launch needs its range as a function; what it captures is known once all helpers are written out.',
  },
  {
    name: 'reassociate',
    run: reassociate,
    why: 'The trees left are those of loops that run on one thread, in launched functions too, so launches come first.',
  },
  {
    name: 'legalise',
    run: legalise,
    why: 'Targets know launches, not parallel loops, and no reduction trees: what is left of them becomes plain loops.',
  },
  {
    name: 'contract',
    run: contract,
    targets: ['wasm'],
    why: 'What the user wrote may be rounded less often, Math functions never: they are written out after it.',
  },
  {
    name: 'chunk',
    run: chunk,
    targets: ['wasm'],
    why: 'V8 optimises WebAssembly only where a function is entered; late, when every loop has its final form.',
  },
  {
    name: 'expand',
    run: expand,
    why: 'Late: Math functions are one operation each to all who look at loops, and are written in vectors where there are any.',
  },
  {
    name: 'lift',
    run: lift,
    targets: ['wasm'],
    why: 'What all turns compute alike shows when loops have their final form; newer V8s move nothing out of WebAssembly loops.',
  },
  {
    name: 'reread',
    run: reread,
    targets: ['js'],
    why: 'Last, for it undoes what makes elements easy to follow; engines of WebAssembly do not care.',
  },
]

/** Runs the list; `after` sees each module (dumps, verification under test). */
export function runPasses(
  module: Module,
  context: PassContext,
  after?: (module: Module, pass: Pass, before: Module) => void,
): Module {
  let now = module
  for (const pass of PASSES) {
    if (pass.targets && !pass.targets.includes(context.target)) continue
    const next = pass.run(now, context)
    after?.(next, pass, now)
    now = next
  }
  return now
}

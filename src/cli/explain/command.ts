/** `explain FILE#fn`: what becomes of each loop of an exported function, and why. */

import type { Explanation } from '../../driver/explain.ts'
import { PACKAGE } from '../../types.ts'
import { refuseUnwritable, writeJson } from '../files.ts'
import { copyOf } from '../function/arguments.ts'
import {
  COMMON_HELP,
  COMPILE_HELP,
  compiledVariants,
  isOurs,
  loadCall,
  parseFunctionOptions,
} from '../function/options.ts'

/** Of arrays whose type gives no length: compiled code does not depend on it, the choice of target may. */
const LENGTH = 1e6

const help = (): string => `Usage: ${PACKAGE} explain FILE#fn --types LIST [options]

Compiles a function that a module exports and says what became of each of its loops. Nothing is run but the module.

${COMMON_HELP}                   Here an array needs no length: 'float64[]'
  --parallel       compile with parallel: true
${COMPILE_HELP}  --json FILE      write the explanation to FILE too
  --help           show this text

What is exported compiled is explained with its own options, unless --parallel or --fastmath is given.
Exit status: 0, 1 when it cannot be compiled, 2 for a wrong option.
`

/** @returns the exit status. */
export async function explain(argv: readonly string[]): Promise<number> {
  const options = parseFunctionOptions('explain', argv)
  if (options === undefined) {
    process.stdout.write(help())
    return 0
  }
  if (options.json !== undefined) refuseUnwritable('json', options.json)
  const call = await loadCall(options, LENGTH)
  // The last is the one that the flags ask for.
  const { fn } = compiledVariants(call, options).at(-1)!
  try {
    const explanation = fn.explain(...copyOf(call.args, options.ordinary ? undefined : call.library)) as Explanation
    process.stdout.write(`${explanation}\n`)
    if (options.json !== undefined) writeJson(options.json, explanation)
    return 0
  } catch (error) {
    if (!isOurs(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

/** The programs as plain functions and as `jit` compiles them, on one thread. */

import { allocate, jit } from '../../../src/index.ts'
import type { NumberArray, NumberArrayConstructor } from '../../../src/types.ts'
import type { Argument, Program, Size } from '../polybench.ts'
import type { Entrant } from './entrant.ts'

type Kernel = (...args: Argument[]) => void

export interface Ours extends Entrant {
  /** After a run: the arrays that hold the result. */
  readonly outputs: () => NumberArray[]
}

/** Calls in their own turn of the event loop: finalizers run there, which give memory back. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

function entrant(program: Program, kernel: Kernel, initial: readonly Argument[], args: Argument[]): Ours {
  const reset = () => {
    args.forEach((arg, at) => {
      if (typeof arg !== 'number') (arg as NumberArray).set(initial[at] as NumberArray)
    })
  }
  return {
    run: async (calls) => {
      await turn()
      let spent = 0
      for (let k = 0; k < calls; k++) {
        reset()
        const start = performance.now()
        kernel(...args)
        spent += performance.now() - start
      }
      return spent / calls
    },
    outputs: () => program.outputs.map((at) => args[at] as NumberArray),
    close: () => {},
  }
}

export const initialValues = (program: Program, size: Size): Argument[] => program.make(size as Required<Size>)

/** The plain function on ordinary typed arrays. */
export function plain(program: Program, initial: readonly Argument[]): Ours {
  const args = initial.map((arg) => (typeof arg === 'number' ? arg : arg.slice()))
  return entrant(program, program.kernel as Kernel, initial, args)
}

/** The compiled function on arrays from `allocate`; `target` says what it runs as. */
export function jitted(program: Program, initial: readonly Argument[]): Ours & { readonly target: string } {
  const args = initial.map((arg) =>
    typeof arg === 'number' ? arg : allocate(arg.constructor as NumberArrayConstructor<NumberArray>, arg.length),
  )
  const kernel = jit(program.kernel as Kernel)
  return { ...entrant(program, kernel, initial, args), target: kernel.explain(...args).target }
}

import type { Case, Kernel } from './programs/program.ts'

/** What the comparison needs of the library. */
export interface Library {
  jit(fn: Kernel, options?: { parallel?: boolean; fastmath?: boolean }): Kernel
  allocate(type: Float64ArrayConstructor, length: number): Float64Array
  setNumThreads(threads: number): void
  getNumThreads(): number
}

export const VARIANT_NAMES = ['plain', 'plain-prange', 'jit', 'jit-fastmath', 'parallel', 'parallel-fastmath'] as const
export type VariantName = (typeof VARIANT_NAMES)[number]

export interface Variant {
  readonly name: VariantName
  readonly kernel: Kernel
  readonly compiled: boolean
  readonly parallel: boolean
  /** Sums may be reordered, so the answer may differ from plain's by rounding. */
  readonly relaxed: boolean
}

/**
 * The ways to run a program. `jit` compiles the plain index loop and `parallel` the version with prange, as a user
 * would write each; compiling happens at the first call.
 */
export function variantsOf(program: Pick<Case, 'plain' | 'withPrange'>, library: Pick<Library, 'jit'>): Variant[] {
  const { plain, withPrange } = program
  return VARIANT_NAMES.map((name) => {
    const compiled = !name.startsWith('plain')
    const parallel = name.startsWith('parallel')
    const relaxed = name.endsWith('fastmath')
    const source = parallel || name === 'plain-prange' ? withPrange : plain
    const kernel = compiled ? library.jit(source, { parallel, fastmath: relaxed }) : source
    return { name, kernel, compiled, parallel, relaxed }
  })
}

import type { Case, Kernel } from './programs/program.ts'

/** What the comparison needs of the library. */
export interface Library {
  jit(fn: Kernel, options?: { parallel?: boolean; fastmath?: boolean }): Kernel
  allocate(type: Float64ArrayConstructor, length: number): Float64Array
  setNumThreads(threads: number): void
  getNumThreads(): number
}

/** What every program runs as. */
export const OWN_VARIANTS = ['plain', 'plain-prange', 'jit', 'jit-fastmath', 'parallel', 'parallel-fastmath'] as const
/** What Numba runs, with --numba. */
export const NUMBA_VARIANTS = ['numba', 'numba-fastmath', 'numba-parallel'] as const
/** What runs on clusters, with --cluster; the last with --scheduler. */
export const CLUSTER_VARIANTS = ['cluster-threads', 'cluster-processes', 'cluster'] as const
/** A hand-made jit variant that does less work than the others, where a program has one. */
export const HOISTED = 'jit-hoisted'
export type VariantName =
  | (typeof OWN_VARIANTS)[number]
  | typeof HOISTED
  | (typeof NUMBA_VARIANTS)[number]
  | (typeof CLUSTER_VARIANTS)[number]

export const isNumba = (name: VariantName): boolean => (NUMBA_VARIANTS as readonly string[]).includes(name)

/** What the figures of a variant are about. */
export interface Label {
  readonly name: VariantName
  readonly parallel: boolean
  /** Sums may be reordered, so the answer may differ from plain's by rounding. */
  readonly relaxed: boolean
  /** Why its time is not to be held against the others'. */
  readonly note?: string
}

export interface Variant extends Label {
  readonly kernel: Kernel
  readonly compiled: boolean
}

/**
 * The ways to run a program. `jit` compiles the plain index loop and `parallel` the version with prange, as a user
 * would write each; compiling happens at the first call.
 */
export function variantsOf(
  program: Pick<Case, 'plain' | 'withPrange' | 'hoisted'>,
  library: Pick<Library, 'jit'>,
): Variant[] {
  const { plain, withPrange, hoisted } = program
  const variants = OWN_VARIANTS.map((name): Variant => {
    const compiled = !name.startsWith('plain')
    const parallel = name.startsWith('parallel')
    const relaxed = name.endsWith('fastmath')
    const source = parallel || name === 'plain-prange' ? withPrange : plain
    const kernel = compiled ? library.jit(source, { parallel, fastmath: relaxed }) : source
    return { name, kernel, compiled, parallel, relaxed }
  })
  if (hoisted !== undefined) {
    const kernel = library.jit(hoisted.kernel)
    const variant: Variant = {
      name: HOISTED,
      kernel,
      compiled: true,
      parallel: false,
      relaxed: false,
      note: hoisted.note,
    }
    variants.splice(
      variants.findIndex(({ parallel }) => parallel),
      0,
      variant,
    )
  }
  return variants
}

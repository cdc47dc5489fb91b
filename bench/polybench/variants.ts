/** The ways to run a program. */

import { Compiled } from '../../src/driver/compile.ts'
import { type JitOptions, settingsOf } from '../../src/driver/options.ts'
import { ARG_TYPES, codeOf } from '../../src/driver/signature.ts'
import { jit } from '../../src/index.ts'
import { wasm } from '../../src/targets/wasm/index.ts'
import type { Placement } from './arguments.ts'
import type { Argument, Program } from './polybench.ts'

export const VARIANT_NAMES = ['plain', 'jit', 'jit-ordinary', 'jit-unchecked', 'parallel'] as const
export type VariantName = (typeof VARIANT_NAMES)[number]
export type Kernel = (...args: Argument[]) => void

export interface Variant {
  readonly name: VariantName
  readonly kernel: Kernel
  readonly placement: Placement
  /** Absent for plain. */
  readonly compiled?: Compilation
}

export interface Compilation {
  readonly source: Kernel
  readonly options: JitOptions
}

/** `parallel` only where the program has it. Nothing is compiled before the first call. */
export function variantsOf(program: Program, names: readonly VariantName[]): Variant[] {
  const plain = program.kernel as Kernel
  const compiled = (name: VariantName, source: Kernel, options: JitOptions, placement: Placement): Variant => ({
    name,
    kernel: jit(source, options),
    placement,
    compiled: { source, options },
  })
  return names.flatMap((name) => {
    switch (name) {
      case 'plain':
        return [{ name, kernel: plain, placement: 'ordinary' }]
      case 'jit':
        return [compiled(name, plain, {}, 'allocated')]
      case 'jit-ordinary':
        return [compiled(name, plain, {}, 'ordinary')]
      case 'jit-unchecked':
        return [compiled(name, plain, { boundscheck: false }, 'allocated')]
      case 'parallel': {
        if (!program.parallel) return []
        const options = { parallel: true }
        return [compiled(name, program.parallel as Kernel, options, 'allocated')]
      }
      default:
        return name satisfies never
    }
  })
}

/**
 * Milliseconds from source to WebAssembly module, for such arguments: compiling alone, without the rest of a first call
 * (loading, starting the memory and threads, running).
 * @throws CompileError where the compiler refuses the variant.
 */
export function compileMs({ source, options }: Compilation, args: readonly Argument[]): number {
  const types = args.map((arg) => ARG_TYPES[codeOf(arg)]!)
  const settings = settingsOf(options)
  const start = performance.now()
  const { module } = new Compiled(source, types, settings, false).lowerFor('wasm')
  new WebAssembly.Module(wasm.emit(module).bytes as Uint8Array<ArrayBuffer>)
  return performance.now() - start
}

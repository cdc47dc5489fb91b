/**
 * The pipeline on one screen: a function and the types of its arguments go in, a program for a target comes out.
 *
 *   fn ─ lowerProgram ─▶ Module@portable ─ passes ─▶ Module@target ─ emit ─▶ artifact ─ load ─▶ callable
 */

import type { ArgType, Program } from '../frontend/program.ts'
import { lowerProgram } from '../frontend/program.ts'
import type { Module } from '../ir/ir.ts'
import { printFn } from '../ir/print.ts'
import { runPasses } from '../passes/index.ts'
import type { Note } from '../passes/pass.ts'
import { hasRelaxedSimd } from '../runtime/features.ts'
import { loadJs } from '../runtime/js.ts'
import type { Loaded, LoadOptions } from '../runtime/loaded.ts'
import { loadWasm } from '../runtime/wasm.ts'
import { js } from '../targets/js/index.ts'
import { Unsupported } from '../targets/target.ts'
import { wasm } from '../targets/wasm/index.ts'
import { dumpWanted, grain } from './environment.ts'
import type { Settings } from './options.ts'
import { failsAfterWriting, paramUses } from './uses.ts'

export type TargetName = 'wasm' | 'js'

/** One function for one combination of argument types: its portable program, and loaded programs by target. */
export class Compiled {
  readonly program: Program
  private readonly settings: Settings
  private readonly loaded = new Map<TargetName, Loaded>()
  private readonly notes = new Map<TargetName, readonly Note[]>()
  private vectors = false
  private readonly refusals = new Map<TargetName, string | undefined>()

  constructor(fn: (...args: never[]) => unknown, args: readonly ArgType[], settings: Settings, huge: boolean) {
    this.settings = settings
    this.program = lowerProgram(fn, args, { captures: settings.captures, parallel: settings.parallel, huge })
    dump('lower', this.program.module)
  }

  /** The module as the target's emitter takes it. */
  lowerFor(target: TargetName): { module: Module; notes: readonly Note[] } {
    const notes: Note[] = []
    const context = {
      target,
      parallel: this.settings.parallel,
      reassociate: this.settings.reassociate,
      contract: this.settings.contract && hasRelaxedSimd(),
      independent: this.settings.independent,
      boundscheck: this.settings.boundscheck,
      grain: grain(),
      note: (span: Note['span'], text: string) => notes.push({ span, text }),
    }
    const module = runPasses(this.program.module, context, (after, pass, before) => dump(pass.name, after, before))
    return { module, notes }
  }

  load(target: TargetName): Loaded {
    const known = this.loaded.get(target)
    if (known) return known
    const { module, notes } = this.lowerFor(target)
    const options: LoadOptions = {
      name: this.program.kernel.source.name,
      use: paramUses(module, this.program.module),
      canFail: failsAfterWriting(module),
      sites: module.sites,
      sources: module.sources,
    }
    const loaded = target === 'wasm' ? loadWasm(wasm.emit(module), options) : loadJs(js.emit(module), options)
    if (target === 'wasm') this.vectors = module.functions.some((fn) => fn.locals.some((l) => l.type.kind === 'vec'))
    this.loaded.set(target, loaded)
    this.notes.set(target, notes)
    return loaded
  }

  /** Whether the WebAssembly program has loops in vectors. */
  runsInVectors(): boolean {
    if (this.unsupported('wasm') !== undefined) return false
    return this.vectors
  }

  /** Why the target cannot have this program, in words for `explain()`; undefined where it can. */
  unsupported(target: TargetName): string | undefined {
    if (!this.refusals.has(target)) {
      try {
        this.load(target)
        this.refusals.set(target, undefined)
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error
        this.refusals.set(target, error.message)
      }
    }
    return this.refusals.get(target)
  }

  notesFor(target: TargetName): readonly Note[] {
    if (!this.notes.has(target)) this.notes.set(target, this.lowerFor(target).notes)
    return this.notes.get(target)!
  }
}

/** Prints functions as they are after a pass; one line where the pass changed nothing. */
function dump(pass: string, module: Module, before?: Module): void {
  for (const fn of module.functions) {
    if (!dumpWanted(pass, fn.name)) continue
    const same = before?.functions.includes(fn) ?? false
    console.error(same ? `── ${pass}: ${fn.name} unchanged` : `── ${pass}: ${fn.name}\n${printFn(fn)}`)
  }
}

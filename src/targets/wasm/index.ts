/**
 * WebAssembly: a module of the IR at stage `target` to bytes. One wasm function a function of the IR, locals to locals,
 * statements to statements; what the host must give and finds is in ../target.ts.
 *
 * bool, i32 and index are i32; an array is three i32 (handle, base, length). A function that can fail returns an i32
 * status first (0: no failure). Failures leave one block around the whole body, where all references are given back.
 */

import type { Fn, Module } from '../../ir/ir.ts'
import { TLS } from '../../runtime/layout.ts'
import { type Target, Unsupported, type WasmArtifact } from '../target.ts'
import { launchWrapper } from './calls.ts'
import { type DefinedFunction, encode } from './encode.ts'
import { emitFunction, entryWrapper, isEntryShaped } from './function.ts'
import { ModuleScope } from './scope.ts'

export const wasm: Target<WasmArtifact> = { name: 'wasm', emit }

/** Code of functions that are the same object in many modules: those of Math. */
const emitted = new WeakMap<Fn, DefinedFunction>()

function emitShared(scope: ModuleScope, fn: Fn): DefinedFunction {
  const known = emitted.get(fn)
  if (!known) {
    const made = emitFunction(scope, fn)
    // What is called by name is found in any module; imports, helpers and the stack belong to this one.
    if (!scope.usesStack && made.calls.every(({ callee }) => scope.defines(callee))) emitted.set(fn, made)
    return made
  }
  const calls = known.calls.map(({ at, callee }) => ({ at, callee: scope.function(callee.name).callee }))
  return { ...known, callee: scope.function(fn.name).callee, calls }
}

function emit(module: Module): WasmArtifact {
  if (module.stage !== 'target') throw new Error(`${module.name} is not lowered to the target stage`)
  const scope = new ModuleScope(module.functions)
  const { fn: entry } = scope.function(module.entry)
  if (entry.results.length > 1) throw new Unsupported(`${entry.name} returns ${entry.results.length} values`)
  // The entry function comes last: by then it is known whether any function uses the stack.
  const others = module.functions.filter((fn) => fn !== entry).map((fn) => emitShared(scope, fn))
  const body = emitFunction(scope, entry)
  const functions = isEntryShaped(scope, entry)
    ? [...others, { ...body, exported: 'entry' }]
    : [...others, body, entryWrapper(scope, entry)]
  const launches = scope.launches.map((_, ordinal) => launchWrapper(scope, ordinal))
  const bytes = encode({
    name: module.name,
    imports: [...scope.imports.values()],
    functions: [...functions, ...scope.helpers.values(), ...launches],
    globals: scope.usesStack ? [TLS.stack] : [],
  })
  return {
    kind: 'wasm',
    bytes,
    entry: { params: entry.params.map((p) => p.type), results: entry.results },
    launches: scope.launches,
    host: scope.hosts,
  }
}

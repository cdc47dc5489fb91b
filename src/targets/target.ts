/**
 * What every target is: a pure function from a module to an artifact. Targets touch no device and import no runtime;
 * devices (../runtime) load artifacts and own every effect.
 */

import type { Module, Type } from '../ir/ir.ts'

export interface Target<A extends Artifact = Artifact> {
  readonly name: A['kind']
  /** Types, operations or statements this target has no code for make it throw `Unsupported`. */
  emit(module: Module): A
}

/** Says why a module cannot be had on a target, in words for `explain()`. */
export class Unsupported extends Error {
  override name = 'Unsupported'
}

export type Artifact = WasmArtifact | JsArtifact

/** What a caller must know of the entry function. */
export interface EntryShape {
  readonly params: readonly Type[]
  /** At most one; an array result is the handle. */
  readonly results: readonly Type[]
}

/**
 * A WebAssembly module.
 * Imports, module `env`: `memory` (shared), global `tls` (i32: this thread's area, see runtime/layout.ts),
 * `alloc(dtype: i32, length: f64) → i32` (a handle with one reference, elements zero; 0 when the length is not a whole
 * number ≥ 0 or there is no room), `allocRaw` (the same, elements undefined), `free(handle: i32)` (called when the last
 * reference goes), `launch(ordinal: i32, lo: i32, hi: i32, args: i32, serial: i32) → i32` (status; ordinal counts the
 * `launches`; args: the address of the slots).
 * Module `math`: one function a name in `host` (`rem`, `toInt32`; f64s in, f64 or i32 out).
 * Exports: `entry(...) → status i32, then results`: a number is its wasm type, bool i32, an array (handle, base,
 * length) as three i32; an array result is its handle i32, whose reference passes to the caller.
 * `launch0`, `launch1`, …: `(lo: i32, hi: i32, args: i32) → i32` status, which read their arguments from the slots.
 */
export interface WasmArtifact {
  readonly kind: 'wasm'
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly entry: EntryShape
  /** Names of the launched functions, by ordinal. */
  readonly launches: readonly string[]
  /** Engine functions that the module imports. */
  readonly host: readonly string[]
}

/**
 * JavaScript text: the body of `new Function('rt', text)`, which returns `{ entry, launches }`.
 * `entry(...args)` takes JS numbers, booleans and typed arrays and returns the result; `launches[k](lo, hi, ...args)`.
 * A failure is thrown as `rt.fail(site, value0, value1)` makes it. `rt.alloc(dtype, length, site, raw?)` gives a typed
 * array, zeroed unless `raw`, and where `rt.ordinary` holds
 * the text may make it itself; `rt.launch(ordinal, lo, hi, args, serial)` runs a launched function over the range; `rt.overlap(a, b)`.
 */
export interface JsArtifact {
  readonly kind: 'js'
  readonly text: string
  readonly entry: EntryShape
  readonly launches: readonly string[]
  /** The types of each launched function's arguments after lo and hi, by ordinal. */
  readonly launchParams: readonly (readonly Type[])[]
}

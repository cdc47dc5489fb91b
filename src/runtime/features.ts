/** What the engine's WebAssembly can do beyond what every supported version can. */

let relaxed: boolean | undefined

/** Relaxed SIMD: `f64x2.relaxed_madd` and its like, in V8 from version 11.4 on. */
export function hasRelaxedSimd(): boolean {
  relaxed ??= WebAssembly.validate(RELAXED)
  return relaxed
}

/** (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f64x2.relaxed_madd) */
const RELAXED = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b, 3, 2, 1, 0, 10, 13, 1, 11, 0, 0x20, 0, 0x20, 0,
  0x20, 0, 0xfd, 0x87, 2, 0x0b,
])

/**
 * Every WebAssembly instruction that the emitter or an operation's record may name: mnemonic → opcode and the kind of
 * its immediate. The one table; numbers are those of the core specification 2.0, its threads and relaxed SIMD.
 */

/**
 * What follows the opcode. `memory`: alignment and offset; `laneMemory`: these and a lane; `lanes`: sixteen lanes;
 * `zero`, `zeros`: one or two memory indices, 0 for the only memory there is.
 */
export type Immediate =
  | 'none'
  | 'memory'
  | 'laneMemory'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'lane'
  | 'lanes'
  | 'u32'
  | 'block'
  | 'zero'
  | 'zeros'

export interface Opcode {
  /** 0xfc, 0xfd, 0xfe, or 0 for none. */
  readonly prefix: number
  readonly code: number
  readonly immediate: Immediate
  /** Log₂ of the bytes accessed: the natural alignment, which atomics require. */
  readonly align: number
}

const table = new Map<string, Opcode>()

/** Instructions of consecutive opcodes; `-` leaves one out; `load:3` gives the natural alignment. */
function run(prefix: number, first: number, type: string, names: string, immediate: Immediate = 'none'): void {
  let code = first
  for (const word of names.trim().split(/\s+/)) {
    const [name, align] = word.split(':')
    if (name !== '-') {
      table.set(type ? `${type}.${name}` : name!, { prefix, code, immediate, align: align ? Number(align) : 0 })
    }
    code++
  }
}

const MVP = 0
run(MVP, 0x00, '', 'unreachable nop')
run(MVP, 0x02, '', 'block loop if', 'block')
run(MVP, 0x05, '', 'else')
run(MVP, 0x0b, '', 'end')
run(MVP, 0x0c, '', 'br br_if', 'u32')
run(MVP, 0x0f, '', 'return')
run(MVP, 0x10, '', 'call', 'u32')
run(MVP, 0x1a, '', 'drop select')
run(MVP, 0x20, '', 'local.get local.set local.tee global.get global.set', 'u32')
run(MVP, 0x28, '', 'i32.load:2 i64.load:3 f32.load:2 f64.load:3', 'memory')
run(MVP, 0x2c, 'i32', 'load8_s:0 load8_u:0 load16_s:1 load16_u:1', 'memory')
run(MVP, 0x30, 'i64', 'load8_s:0 load8_u:0 load16_s:1 load16_u:1 load32_s:2 load32_u:2', 'memory')
run(MVP, 0x36, '', 'i32.store:2 i64.store:3 f32.store:2 f64.store:3 i32.store8:0 i32.store16:1', 'memory')
run(MVP, 0x3c, 'i64', 'store8:0 store16:1 store32:2', 'memory')
run(MVP, 0x41, '', 'i32.const', 'i32')
run(MVP, 0x42, '', 'i64.const', 'i64')
run(MVP, 0x43, '', 'f32.const', 'f32')
run(MVP, 0x44, '', 'f64.const', 'f64')
const INTEGER_COMPARE = 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
run(MVP, 0x45, 'i32', INTEGER_COMPARE)
run(MVP, 0x50, 'i64', INTEGER_COMPARE)
const FLOAT_COMPARE = 'eq ne lt gt le ge'
run(MVP, 0x5b, 'f32', FLOAT_COMPARE)
run(MVP, 0x61, 'f64', FLOAT_COMPARE)
const INTEGER = 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'
run(MVP, 0x67, 'i32', INTEGER)
run(MVP, 0x79, 'i64', INTEGER)
const FLOAT = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'
run(MVP, 0x8b, 'f32', FLOAT)
run(MVP, 0x99, 'f64', FLOAT)
run(MVP, 0xa7, 'i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u')
run(MVP, 0xac, 'i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u')
run(MVP, 0xb2, 'f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64')
run(MVP, 0xb7, 'f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32')
run(MVP, 0xbc, '', 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64')
run(MVP, 0xc0, '', 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s')

const MORE = 0xfc
run(MORE, 0x00, 'i32', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u')
run(MORE, 0x04, 'i64', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u')
run(MORE, 0x0a, 'memory', 'copy', 'zeros')
run(MORE, 0x0b, 'memory', 'fill', 'zero')

const SIMD = 0xfd
run(SIMD, 0x00, 'v128', 'load:4 load8x8_s:3 load8x8_u:3 load16x4_s:3 load16x4_u:3', 'memory')
run(SIMD, 0x05, 'v128', 'load32x2_s:3 load32x2_u:3 load8_splat:0 load16_splat:1 load32_splat:2', 'memory')
run(SIMD, 0x0a, 'v128', 'load64_splat:3 store:4', 'memory')
run(SIMD, 0x0c, 'v128', 'const', 'v128')
run(SIMD, 0x0d, 'i8x16', 'shuffle', 'lanes')
run(SIMD, 0x0e, 'i8x16', 'swizzle')
run(SIMD, 0x0f, '', 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat')
run(SIMD, 0x15, 'i8x16', 'extract_lane_s extract_lane_u replace_lane', 'lane')
run(SIMD, 0x18, 'i16x8', 'extract_lane_s extract_lane_u replace_lane', 'lane')
for (const [k, type] of ['i32x4', 'i64x2', 'f32x4', 'f64x2'].entries()) {
  run(SIMD, 0x1b + 2 * k, type, 'extract_lane replace_lane', 'lane')
}
const LANE_COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
run(SIMD, 0x23, 'i8x16', LANE_COMPARE)
run(SIMD, 0x2d, 'i16x8', LANE_COMPARE)
run(SIMD, 0x37, 'i32x4', LANE_COMPARE)
run(SIMD, 0x41, 'f32x4', FLOAT_COMPARE)
run(SIMD, 0x47, 'f64x2', FLOAT_COMPARE)
run(SIMD, 0x4d, 'v128', 'not and andnot or xor bitselect any_true')
run(SIMD, 0x54, 'v128', 'load8_lane:0 load16_lane:1 load32_lane:2 load64_lane:3', 'laneMemory')
run(SIMD, 0x58, 'v128', 'store8_lane:0 store16_lane:1 store32_lane:2 store64_lane:3', 'laneMemory')
run(SIMD, 0x5c, 'v128', 'load32_zero:2 load64_zero:3', 'memory')
run(SIMD, 0x5e, '', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4')
run(SIMD, 0x60, 'i8x16', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u')
run(SIMD, 0x67, 'f32x4', 'ceil floor trunc nearest')
run(SIMD, 0x6b, 'i8x16', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u')
run(SIMD, 0x74, 'f64x2', 'ceil floor')
run(SIMD, 0x76, 'i8x16', 'min_s min_u max_s max_u')
run(SIMD, 0x7a, '', 'f64x2.trunc i8x16.avgr_u')
run(SIMD, 0x7c, 'i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u')
run(SIMD, 0x7e, 'i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u')
run(SIMD, 0x80, 'i16x8', 'abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u')
run(SIMD, 0x87, 'i16x8', 'extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u')
run(SIMD, 0x8b, 'i16x8', 'shl shr_s shr_u add add_sat_s add_sat_u sub sub_sat_s sub_sat_u')
run(SIMD, 0x94, 'f64x2', 'nearest')
run(SIMD, 0x95, 'i16x8', 'mul min_s min_u max_s max_u - avgr_u')
run(SIMD, 0x9c, 'i16x8', 'extmul_low_i8x16_s extmul_high_i8x16_s extmul_low_i8x16_u extmul_high_i8x16_u')
run(SIMD, 0xa0, 'i32x4', 'abs neg - all_true bitmask')
run(SIMD, 0xa7, 'i32x4', 'extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u')
run(SIMD, 0xab, 'i32x4', 'shl shr_s shr_u add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s')
run(SIMD, 0xbc, 'i32x4', 'extmul_low_i16x8_s extmul_high_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_u')
run(SIMD, 0xc0, 'i64x2', 'abs neg - all_true bitmask')
run(SIMD, 0xc7, 'i64x2', 'extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u')
run(SIMD, 0xcb, 'i64x2', 'shl shr_s shr_u add - - sub - - - mul eq ne lt_s gt_s le_s ge_s')
run(SIMD, 0xdc, 'i64x2', 'extmul_low_i32x4_s extmul_high_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_u')
const LANE_FLOAT = 'abs neg - sqrt add sub mul div min max pmin pmax'
run(SIMD, 0xe0, 'f32x4', LANE_FLOAT)
run(SIMD, 0xec, 'f64x2', LANE_FLOAT)
run(SIMD, 0xf8, 'i32x4', 'trunc_sat_f32x4_s trunc_sat_f32x4_u')
run(SIMD, 0xfa, 'f32x4', 'convert_i32x4_s convert_i32x4_u')
run(SIMD, 0xfc, 'i32x4', 'trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero')
run(SIMD, 0xfe, 'f64x2', 'convert_low_i32x4_s convert_low_i32x4_u')
run(SIMD, 0x105, '', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd')

const THREADS = 0xfe
run(THREADS, 0x00, 'memory', 'atomic.notify:2 atomic.wait32:2 atomic.wait64:3', 'memory')
run(THREADS, 0x03, 'atomic', 'fence', 'zero')
run(THREADS, 0x10, '', 'i32.atomic.load:2 i64.atomic.load:3 i32.atomic.load8_u:0 i32.atomic.load16_u:1', 'memory')
run(THREADS, 0x14, 'i64.atomic', 'load8_u:0 load16_u:1 load32_u:2', 'memory')
run(THREADS, 0x17, '', 'i32.atomic.store:2 i64.atomic.store:3 i32.atomic.store8:0 i32.atomic.store16:1', 'memory')
run(THREADS, 0x1b, 'i64.atomic', 'store8:0 store16:1 store32:2', 'memory')
for (const [k, name] of ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'].entries()) {
  const first = 0x1e + 7 * k
  run(THREADS, first, '', `i32.atomic.rmw.${name}:2 i64.atomic.rmw.${name}:3`, 'memory')
  run(THREADS, first + 2, 'i32.atomic', `rmw8.${name}_u:0 rmw16.${name}_u:1`, 'memory')
  run(THREADS, first + 4, 'i64.atomic', `rmw8.${name}_u:0 rmw16.${name}_u:1 rmw32.${name}_u:2`, 'memory')
}

/** Throws for a mnemonic that the table lacks: a mistake in the compiler, never in a kernel. */
export function opcode(mnemonic: string): Opcode {
  const found = table.get(mnemonic)
  if (!found) throw new Error(`no WebAssembly instruction is named ${mnemonic}`)
  return found
}
export const MNEMONICS: ReadonlyMap<string, Opcode> = table

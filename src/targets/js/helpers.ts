/**
 * Functions that the printed text brings along, for operations that JavaScript has no expression for. They share one
 * number whose bits can be reached; words are the low one and the high one, since engines run on little-endian
 * machines alone. Bits are written all at once: a number whose halves were stored one by one is read after a stall of
 * some 15 cycles, and BigInts that are cut to 64 bits right away are plain integers in optimised code.
 */

const BITS = `const float = new Float64Array(1)
const words = new Int32Array(float.buffer)
const bits = new BigInt64Array(float.buffer)
`
const BYTES = `const clamped = new Uint8ClampedArray(1)
`

/** By the name that operations print, and what else they need. */
const HELPERS: Readonly<Record<string, { readonly text: string; readonly needs?: string }>> = {
  // Stores clamp by themselves.
  clamp8: {
    needs: BYTES,
    text: `function clamp8(x) {
  clamped[0] = x
  return clamped[0]
}
`,
  },
  exponent: {
    needs: BITS,
    text: `function exponent(x) {
  float[0] = x
  return (words[1] >>> 20) - 1023
}
`,
  },
  significand: {
    needs: BITS,
    text: `function significand(x) {
  float[0] = x
  bits[0] = BigInt.asIntN(64, bits[0] & 0xfffffffffffffn | 0x3ff0000000000000n)
  return float[0]
}
`,
  },
  nearExponent: {
    needs: BITS,
    text: `function nearExponent(x) {
  float[0] = x
  return (words[1] + 0x95f62 >>> 20) - 1023
}
`,
  },
  nearSignificand: {
    needs: BITS,
    text: `function nearSignificand(x) {
  float[0] = x
  bits[0] = BigInt.asIntN(64, (BigInt.asIntN(64, bits[0] + 0x95f6200000000n) & 0xfffffffffffffn) + 0x3fe6a09e00000000n)
  return float[0]
}
`,
  },
  pow2: {
    needs: BITS,
    text: `function pow2(x) {
  float[0] = x + 6755399441056767
  bits[0] = BigInt.asIntN(64, bits[0] << 52n)
  return float[0]
}
`,
  },
  head: {
    needs: BITS,
    text: `function head(x) {
  float[0] = x
  bits[0] = BigInt.asIntN(64, bits[0] & -0x8000000n)
  return float[0]
}
`,
  },
  odd: {
    needs: BITS,
    text: `function odd(x) {
  float[0] = x + 6755399441055744
  return (words[0] & 1) === 1
}
`,
  },
  copysign: {
    text: `function copysign(x, y) {
  return y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)
}
`,
  },
}

/** Names that the helpers take. */
export const HELPER_NAMES: readonly string[] = [
  ...Object.keys(HELPERS),
  'clamped',
  'float',
  'words',
  'bits',
  'BigInt',
  'BigInt64Array',
  'Object',
]

/** The helpers that printed functions call, and what those need, as text. */
export function helpersFor(functions: readonly string[]): string {
  const called = Object.keys(HELPERS).filter((name) => functions.some((code) => code.includes(`${name}(`)))
  const needs = new Set(called.flatMap((name) => HELPERS[name]!.needs ?? []))
  return [...needs, ...called.map((name) => HELPERS[name]!.text)].join('')
}

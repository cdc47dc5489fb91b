/**
 * deriche of PolyBench/C 4.2.1: Deriche's recursive filter for edges, along the rows of an image, then along its columns.
 * Pixels and arithmetic are C's float: `fround` rounds after each operation.
 */

import { prange } from '../../../src/index.ts'
import type { Program } from '../polybench.ts'

const { exp, fround, pow } = Math

function kernelDeriche(
  w: number,
  h: number,
  alpha: number,
  imgIn: Float32Array,
  imgOut: Float32Array,
  y1: Float32Array,
  y2: Float32Array,
): void {
  const e1 = fround(exp(-alpha))
  const e2 = fround(exp(fround(-2 * alpha)))
  const k = fround(
    fround(fround(1 - e1) * fround(1 - e1)) /
      fround(fround(1 + fround(fround(2 * alpha) * e1)) - fround(exp(fround(2 * alpha)))),
  )
  const a1 = k
  const a5 = k
  const a2 = fround(fround(k * e1) * fround(alpha - 1))
  const a6 = a2
  const a3 = fround(fround(k * e1) * fround(alpha + 1))
  const a7 = a3
  const a4 = fround(-k * e2)
  const a8 = a4
  const b1 = fround(pow(2, -alpha))
  const b2 = -e2
  const c1 = 1
  const c2 = 1

  for (let i = 0; i < w; i++) {
    let ym1 = 0
    let ym2 = 0
    let xm1 = 0
    for (let j = 0; j < h; j++) {
      y1[i * h + j] = fround(
        fround(fround(fround(a1 * imgIn[i * h + j]!) + fround(a2 * xm1)) + fround(b1 * ym1)) + fround(b2 * ym2),
      )
      xm1 = imgIn[i * h + j]!
      ym2 = ym1
      ym1 = y1[i * h + j]!
    }
  }
  for (let i = 0; i < w; i++) {
    let yp1 = 0
    let yp2 = 0
    let xp1 = 0
    let xp2 = 0
    for (let j = h - 1; j >= 0; j--) {
      y2[i * h + j] = fround(fround(fround(fround(a3 * xp1) + fround(a4 * xp2)) + fround(b1 * yp1)) + fround(b2 * yp2))
      xp2 = xp1
      xp1 = imgIn[i * h + j]!
      yp2 = yp1
      yp1 = y2[i * h + j]!
    }
  }
  for (let i = 0; i < w; i++) {
    for (let j = 0; j < h; j++) imgOut[i * h + j] = fround(c1 * fround(y1[i * h + j]! + y2[i * h + j]!))
  }

  for (let j = 0; j < h; j++) {
    let tm1 = 0
    let ym1 = 0
    let ym2 = 0
    for (let i = 0; i < w; i++) {
      y1[i * h + j] = fround(
        fround(fround(fround(a5 * imgOut[i * h + j]!) + fround(a6 * tm1)) + fround(b1 * ym1)) + fround(b2 * ym2),
      )
      tm1 = imgOut[i * h + j]!
      ym2 = ym1
      ym1 = y1[i * h + j]!
    }
  }
  for (let j = 0; j < h; j++) {
    let tp1 = 0
    let tp2 = 0
    let yp1 = 0
    let yp2 = 0
    for (let i = w - 1; i >= 0; i--) {
      y2[i * h + j] = fround(fround(fround(fround(a7 * tp1) + fround(a8 * tp2)) + fround(b1 * yp1)) + fround(b2 * yp2))
      tp2 = tp1
      tp1 = imgOut[i * h + j]!
      yp2 = yp1
      yp1 = y2[i * h + j]!
    }
  }
  for (let i = 0; i < w; i++) {
    for (let j = 0; j < h; j++) imgOut[i * h + j] = fround(c2 * fround(y1[i * h + j]! + y2[i * h + j]!))
  }
}

function parallelDeriche(
  w: number,
  h: number,
  alpha: number,
  imgIn: Float32Array,
  imgOut: Float32Array,
  y1: Float32Array,
  y2: Float32Array,
): void {
  const e1 = fround(exp(-alpha))
  const e2 = fround(exp(fround(-2 * alpha)))
  const k = fround(
    fround(fround(1 - e1) * fround(1 - e1)) /
      fround(fround(1 + fround(fround(2 * alpha) * e1)) - fround(exp(fround(2 * alpha)))),
  )
  const a1 = k
  const a5 = k
  const a2 = fround(fround(k * e1) * fround(alpha - 1))
  const a6 = a2
  const a3 = fround(fround(k * e1) * fround(alpha + 1))
  const a7 = a3
  const a4 = fround(-k * e2)
  const a8 = a4
  const b1 = fround(pow(2, -alpha))
  const b2 = -e2
  const c1 = 1
  const c2 = 1

  for (const i of prange(w)) {
    let ym1 = 0
    let ym2 = 0
    let xm1 = 0
    for (let j = 0; j < h; j++) {
      y1[i * h + j] = fround(
        fround(fround(fround(a1 * imgIn[i * h + j]!) + fround(a2 * xm1)) + fround(b1 * ym1)) + fround(b2 * ym2),
      )
      xm1 = imgIn[i * h + j]!
      ym2 = ym1
      ym1 = y1[i * h + j]!
    }
  }
  for (const i of prange(w)) {
    let yp1 = 0
    let yp2 = 0
    let xp1 = 0
    let xp2 = 0
    for (let j = h - 1; j >= 0; j--) {
      y2[i * h + j] = fround(fround(fround(fround(a3 * xp1) + fround(a4 * xp2)) + fround(b1 * yp1)) + fround(b2 * yp2))
      xp2 = xp1
      xp1 = imgIn[i * h + j]!
      yp2 = yp1
      yp1 = y2[i * h + j]!
    }
  }
  for (const i of prange(w)) {
    for (let j = 0; j < h; j++) imgOut[i * h + j] = fround(c1 * fround(y1[i * h + j]! + y2[i * h + j]!))
  }

  for (const j of prange(h)) {
    let tm1 = 0
    let ym1 = 0
    let ym2 = 0
    for (let i = 0; i < w; i++) {
      y1[i * h + j] = fround(
        fround(fround(fround(a5 * imgOut[i * h + j]!) + fround(a6 * tm1)) + fround(b1 * ym1)) + fround(b2 * ym2),
      )
      tm1 = imgOut[i * h + j]!
      ym2 = ym1
      ym1 = y1[i * h + j]!
    }
  }
  for (const j of prange(h)) {
    let tp1 = 0
    let tp2 = 0
    let yp1 = 0
    let yp2 = 0
    for (let i = w - 1; i >= 0; i--) {
      y2[i * h + j] = fround(fround(fround(fround(a7 * tp1) + fround(a8 * tp2)) + fround(b1 * yp1)) + fround(b2 * yp2))
      tp2 = tp1
      tp1 = imgOut[i * h + j]!
      yp2 = yp1
      yp1 = y2[i * h + j]!
    }
  }
  for (const i of prange(w)) {
    for (let j = 0; j < h; j++) imgOut[i * h + j] = fround(c2 * fround(y1[i * h + j]! + y2[i * h + j]!))
  }
}

export const program: Program = {
  name: 'deriche',
  category: 'medley',
  sizes: {
    MINI: { w: 64, h: 64 },
    SMALL: { w: 192, h: 128 },
    MEDIUM: { w: 720, h: 480 },
    LARGE: { w: 4096, h: 2160 },
    EXTRALARGE: { w: 7680, h: 4320 },
  },
  make: ({ w, h }) => {
    const imgIn = new Float32Array(w * h)
    for (let i = 0; i < w; i++) {
      for (let j = 0; j < h; j++) imgIn[i * h + j] = ((313 * i + 991 * j) % 65536) / 65535
    }
    return [w, h, 0.25, imgIn, new Float32Array(w * h), new Float32Array(w * h), new Float32Array(w * h)]
  },
  kernel: kernelDeriche,
  parallel: parallelDeriche,
  outputs: [4],
  transcendental: true,
}

/** Pictures: points, neighbourhoods, orbits. */

import { bytes, type Entries, N, random } from './entries.ts'

const PERMUTATION = Uint8Array.from({ length: 512 }, (_, i) => (i * 7919 + 31) & 255)

function gameOfLife(a: Uint8Array, b: Uint8Array, h: number, w: number): void {
  for (let y = 1; y < h - 1; y++)
    for (let x = 1; x < w - 1; x++) {
      let n = 0
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) if (dx !== 0 || dy !== 0) n += a[(y + dy) * w + x + dx]!
      b[y * w + x] = n === 3 || (n === 2 && a[y * w + x]! === 1) ? 1 : 0
    }
}

function grayscale(px: Uint8ClampedArray, out: Uint8ClampedArray): void {
  for (let i = 0; i < out.length; i++) out[i] = 0.299 * px[4 * i]! + 0.587 * px[4 * i + 1]! + 0.114 * px[4 * i + 2]!
}

function sobel(src: Uint8Array, dst: Uint8Array, w: number, h: number): void {
  for (let y = 1; y < h - 1; y++)
    for (let x = 1; x < w - 1; x++) {
      const i = y * w + x
      const gx =
        src[i - w + 1]! + 2 * src[i + 1]! + src[i + w + 1]! - src[i - w - 1]! - 2 * src[i - 1]! - src[i + w - 1]!
      const gy =
        src[i + w - 1]! + 2 * src[i + w]! + src[i + w + 1]! - src[i - w - 1]! - 2 * src[i - w]! - src[i - w + 1]!
      dst[i] = Math.sqrt(gx * gx + gy * gy)
    }
}

function convolve(src: Float32Array, ker: Float32Array, dst: Float32Array, w: number, h: number, kw: number): void {
  const r = (kw - 1) / 2
  for (let y = r; y < h - r; y++)
    for (let x = r; x < w - r; x++) {
      let s = 0
      for (let j = 0; j < kw; j++)
        for (let i = 0; i < kw; i++) s += src[(y + j - r) * w + x + i - r]! * ker[j * kw + i]!
      dst[y * w + x] = s
    }
}

function resizeBilinear(src: Uint8Array, sw: number, sh: number, dst: Uint8Array, dw: number, dh: number): void {
  const xr = (sw - 1) / dw,
    yr = (sh - 1) / dh
  for (let y = 0; y < dh; y++)
    for (let x = 0; x < dw; x++) {
      const fx = x * xr,
        fy = y * yr
      const ix = Math.floor(fx),
        iy = Math.floor(fy)
      const dx = fx - ix,
        dy = fy - iy
      const i = iy * sw + ix
      dst[y * dw + x] =
        src[i]! * (1 - dx) * (1 - dy) +
        src[i + 1]! * dx * (1 - dy) +
        src[i + sw]! * (1 - dx) * dy +
        src[i + sw + 1]! * dx * dy
    }
}

function toHsv(px: Uint8Array, out: Float32Array): void {
  const n = px.length / 4
  for (let i = 0; i < n; i++) {
    const r = px[4 * i]! / 255,
      g = px[4 * i + 1]! / 255,
      b = px[4 * i + 2]! / 255
    const mx = Math.max(r, g, b),
      mn = Math.min(r, g, b),
      d = mx - mn
    let h = 0
    if (d > 0) {
      if (mx === r) h = ((g - b) / d) % 6
      else if (mx === g) h = (b - r) / d + 2
      else h = (r - g) / d + 4
    }
    out[3 * i] = h * 60
    out[3 * i + 1] = mx === 0 ? 0 : d / mx
    out[3 * i + 2] = mx
  }
}

function floydSteinberg(img: Float64Array, w: number, h: number): void {
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const i = y * w + x
      const o = img[i]!
      const q = o < 128 ? 0 : 255
      img[i] = q
      const e = o - q
      if (x + 1 < w) img[i + 1]! += (e * 7) / 16
      if (y + 1 < h) {
        if (x > 0) img[i + w - 1]! += (e * 3) / 16
        img[i + w]! += (e * 5) / 16
        if (x + 1 < w) img[i + w + 1]! += e / 16
      }
    }
}

function rotateImage(src: Uint8Array, dst: Uint8Array, w: number, h: number, a: number): void {
  const c = Math.cos(a),
    s = Math.sin(a),
    cx = w / 2,
    cy = h / 2
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const sx = Math.round(c * (x - cx) - s * (y - cy) + cx),
        sy = Math.round(s * (x - cx) + c * (y - cy) + cy)
      dst[y * w + x] = sx >= 0 && sx < w && sy >= 0 && sy < h ? src[sy * w + sx]! : 0
    }
}

function integralImage(src: Uint8Array, out: Float64Array, w: number, h: number): void {
  for (let y = 0; y < h; y++) {
    let s = 0
    for (let x = 0; x < w; x++) {
      s += src[y * w + x]!
      out[y * w + x] = s + (y > 0 ? out[(y - 1) * w + x]! : 0)
    }
  }
}

function boxBlur(src: Float64Array, dst: Float64Array, w: number, h: number, r: number): void {
  const inv = 1 / (2 * r + 1)
  for (let y = 0; y < h; y++) {
    let s = 0
    for (let x = -r; x <= r; x++) s += src[y * w + Math.min(Math.max(x, 0), w - 1)]!
    for (let x = 0; x < w; x++) {
      dst[y * w + x] = s * inv
      s += src[y * w + Math.min(x + r + 1, w - 1)]! - src[y * w + Math.max(x - r, 0)]!
    }
  }
}

const smooth = (t: number): number => t * t * (3 - 2 * t)

function valueNoise(out: Float64Array, w: number, h: number, sc: number, perm: Uint8Array): void {
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const fx = x * sc,
        fy = y * sc
      const X = Math.floor(fx) & 255,
        Y = Math.floor(fy) & 255
      const u = fx - Math.floor(fx),
        v = fy - Math.floor(fy)
      const a = perm[X]! + Y,
        b = perm[X + 1]! + Y
      const s = smooth(u),
        t = smooth(v)
      const p = perm[a & 255]! / 255,
        q = perm[b & 255]! / 255,
        r = perm[(a + 1) & 255]! / 255,
        k = perm[(b + 1) & 255]! / 255
      out[y * w + x] = (p * (1 - s) + q * s) * (1 - t) + (r * (1 - s) + k * s) * t
    }
}

function juliaSet(out: Uint8Array, w: number, h: number, cr: number, ci: number): void {
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      let zr = (3 * x) / w - 1.5,
        zi = (2 * y) / h - 1,
        n = 0
      while (zr * zr + zi * zi < 4 && n < 200) {
        const t = zr * zr - zi * zi + cr
        zi = 2 * zr * zi + ci
        zr = t
        n++
      }
      out[y * w + x] = n
    }
}

function newtonFractal(out: Uint8Array, w: number, h: number): void {
  for (let py = 0; py < h; py++)
    for (let px = 0; px < w; px++) {
      let x = (4 * px) / w - 2,
        y = (4 * py) / h - 2,
        k = 0
      for (; k < 30; k++) {
        const x2 = x * x,
          y2 = y * y
        const r = x * (x2 - 3 * y2) - 1,
          i = y * (3 * x2 - y2)
        if (r * r + i * i < 1e-9) break
        const dr = 3 * (x2 - y2),
          di = 6 * x * y,
          d = dr * dr + di * di
        x -= (r * dr + i * di) / d
        y -= (i * dr - r * di) / d
      }
      out[py * w + px] = k
    }
}

function floodFill(img: Uint8Array, w: number, h: number, sx: number, sy: number, c: number): number {
  const st = new Int32Array(w * h)
  const o = img[sy * w + sx]!
  if (o === c) return 0
  let top = 0,
    n = 0
  st[top++] = sy * w + sx
  img[sy * w + sx] = c
  while (top > 0) {
    const p = st[--top]!
    n++
    const x = p % w,
      y = (p - x) / w
    if (x > 0 && img[p - 1]! === o) {
      img[p - 1] = c
      st[top++] = p - 1
    }
    if (x < w - 1 && img[p + 1]! === o) {
      img[p + 1] = c
      st[top++] = p + 1
    }
    if (y > 0 && img[p - w]! === o) {
      img[p - w] = c
      st[top++] = p - w
    }
    if (y < h - 1 && img[p + w]! === o) {
      img[p + w] = c
      st[top++] = p + w
    }
  }
  return n
}

export const IMAGES: Entries = {
  gameOfLife: {
    kernel: gameOfLife,
    make: () => [
      Uint8Array.from({ length: 512 * 512 }, () => (Math.random() < 0.3 ? 1 : 0)),
      new Uint8Array(512 * 512),
      512,
      512,
    ],
  },
  grayscale: {
    kernel: grayscale,
    make: () => [Uint8ClampedArray.from({ length: 4 * N }, (_, i) => i * 37), new Uint8ClampedArray(N)],
  },
  sobel: {
    kernel: sobel,
    make: () => [Uint8Array.from({ length: N }, (_, i) => (i * 7919) >> 3), new Uint8Array(N), 1024, 1024],
  },
  convolve: {
    kernel: convolve,
    make: () => [
      new Float32Array(random(512 * 512)),
      new Float32Array(random(25)),
      new Float32Array(512 * 512),
      512,
      512,
      5,
    ],
  },
  resizeBilinear: {
    kernel: resizeBilinear,
    make: () => [bytes(512 * 512), 512, 512, new Uint8Array(800 * 600), 800, 600],
  },
  toHsv: { kernel: toHsv, make: () => [bytes(4 * 250000), new Float32Array(750000)] },
  floydSteinberg: { kernel: floydSteinberg, make: () => [random(512 * 512, 255), 512, 512] },
  rotateImage: { kernel: rotateImage, make: () => [bytes(512 * 512), new Uint8Array(512 * 512), 512, 512, 0.5] },
  integralImage: { kernel: integralImage, make: () => [bytes(N), new Float64Array(N), 1024, 1024] },
  boxBlur: { kernel: boxBlur, make: () => [random(N), new Float64Array(N), 1024, 1024, 4] },
  valueNoise: { kernel: valueNoise, make: () => [new Float64Array(512 * 512), 512, 512, 0.03, PERMUTATION] },
  juliaSet: { kernel: juliaSet, make: () => [new Uint8Array(400 * 300), 400, 300, -0.8, 0.156] },
  newtonFractal: { kernel: newtonFractal, make: () => [new Uint8Array(200 * 200), 200, 200] },
  floodFill: { kernel: floodFill, make: () => [new Uint8Array(512 * 512), 512, 512, 100, 100, 7] },
}

/** Matrices, tables and the steps of simulations. */

import { bytes, type Entries, random } from './entries.ts'

function transpose(a: Float64Array, b: Float64Array, m: number, n: number): void {
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) b[j * m + i] = a[i * n + j]!
}

function columnSums(x: Float64Array, out: Float64Array, m: number, n: number): void {
  for (let j = 0; j < n; j++) {
    let s = 0
    for (let i = 0; i < m; i++) s += x[i * n + j]!
    out[j] = s
  }
}

function matrixTimesVector(a: Float64Array, x: Float64Array, y: Float64Array): void {
  const n = x.length,
    m = y.length
  for (let i = 0; i < m; i++) {
    let s = 0
    for (let j = 0; j < n; j++) s += a[i * n + j]! * x[j]!
    y[i] = s
  }
}

function normaliseRows(x: Float64Array, rows: number, cols: number): void {
  for (let i = 0; i < rows; i++) {
    let s = 0
    for (let j = 0; j < cols; j++) s += x[i * cols + j]!
    const m = s / cols
    let v = 0
    for (let j = 0; j < cols; j++) {
      const d = x[i * cols + j]! - m
      v += d * d
    }
    const inv = 1 / Math.sqrt(v / cols + 1e-5)
    for (let j = 0; j < cols; j++) x[i * cols + j] = (x[i * cols + j]! - m) * inv
  }
}

function pairwiseDistances(x: Float64Array, out: Float64Array, n: number, d: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let s = 0
      for (let k = 0; k < d; k++) {
        const t = x[i * d + k]! - x[j * d + k]!
        s += t * t
      }
      out[i * n + j] = Math.sqrt(s)
    }
}

function nearestCentres(x: Float64Array, c: Float64Array, lab: Int32Array, d: number): void {
  const n = lab.length,
    k = c.length / d
  for (let i = 0; i < n; i++) {
    let best = 0,
      bd = Infinity
    for (let q = 0; q < k; q++) {
      let s = 0
      for (let j = 0; j < d; j++) {
        const t = x[i * d + j]! - c[q * d + j]!
        s += t * t
      }
      if (s < bd) {
        bd = s
        best = q
      }
    }
    lab[i] = best
  }
}

function sparseTimesVector(
  ptr: Int32Array,
  col: Int32Array,
  val: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  for (let i = 0; i < y.length; i++) {
    let s = 0
    for (let k = ptr[i]!; k < ptr[i + 1]!; k++) s += val[k]! * x[col[k]!]!
    y[i] = s
  }
}

function luWithPivots(a: Float64Array, piv: Int32Array, n: number): void {
  for (let i = 0; i < n; i++) piv[i] = i
  for (let k = 0; k < n; k++) {
    let p = k,
      m = Math.abs(a[k * n + k]!)
    for (let i = k + 1; i < n; i++) {
      const v = Math.abs(a[i * n + k]!)
      if (v > m) {
        m = v
        p = i
      }
    }
    if (p !== k) {
      for (let j = 0; j < n; j++) {
        const t = a[k * n + j]!
        a[k * n + j] = a[p * n + j]!
        a[p * n + j] = t
      }
      const t = piv[k]!
      piv[k] = piv[p]!
      piv[p] = t
    }
    const d = a[k * n + k]!
    for (let i = k + 1; i < n; i++) {
      const f = a[i * n + k]! / d
      a[i * n + k] = f
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= f * a[k * n + j]!
    }
  }
}

function heatSteps(u: Float64Array, v: Float64Array, n: number, steps: number): Float64Array {
  for (let s = 0; s < steps; s++) {
    for (let i = 1; i < n - 1; i++)
      for (let j = 1; j < n - 1; j++)
        v[i * n + j] =
          u[i * n + j]! +
          0.1 * (u[(i - 1) * n + j]! + u[(i + 1) * n + j]! + u[i * n + j - 1]! + u[i * n + j + 1]! - 4 * u[i * n + j]!)
    const t = u
    u = v
    v = t
  }
  return u
}

function gaussSeidel(u: Float64Array, f: Float64Array, n: number, it: number): void {
  for (let k = 0; k < it; k++)
    for (let i = 1; i < n - 1; i++)
      for (let j = 1; j < n - 1; j++)
        u[i * n + j] =
          0.25 * (u[(i - 1) * n + j]! + u[(i + 1) * n + j]! + u[i * n + j - 1]! + u[i * n + j + 1]! - f[i * n + j]!)
}

function nbody(p: Float64Array, v: Float64Array, m: Float64Array, dt: number): void {
  const n = m.length
  for (let i = 0; i < n; i++) {
    let ax = 0,
      ay = 0,
      az = 0
    for (let j = 0; j < n; j++) {
      if (i === j) continue
      const dx = p[3 * j]! - p[3 * i]!,
        dy = p[3 * j + 1]! - p[3 * i + 1]!,
        dz = p[3 * j + 2]! - p[3 * i + 2]!
      const d2 = dx * dx + dy * dy + dz * dz + 1e-9
      const inv = m[j]! / (d2 * Math.sqrt(d2))
      ax += dx * inv
      ay += dy * inv
      az += dz * inv
    }
    v[3 * i]! += ax * dt
    v[3 * i + 1]! += ay * dt
    v[3 * i + 2]! += az * dt
  }
  for (let k = 0; k < p.length; k++) p[k]! += v[k]! * dt
}

function naiveDft(x: Float64Array, re: Float64Array, im: Float64Array): void {
  const n = x.length
  for (let k = 0; k < n; k++) {
    let a = 0,
      b = 0
    for (let t = 0; t < n; t++) {
      const p = (2 * Math.PI * k * t) / n
      a += x[t]! * Math.cos(p)
      b -= x[t]! * Math.sin(p)
    }
    re[k] = a
    im[k] = b
  }
}

function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      let t = re[i]!
      re[i] = re[j]!
      re[j] = t
      t = im[i]!
      im[i] = im[j]!
      im[j] = t
    }
  }
  for (let len = 2; len <= n; len <<= 1) {
    const ang = (-2 * Math.PI) / len
    const wr = Math.cos(ang),
      wi = Math.sin(ang)
    for (let i = 0; i < n; i += len) {
      let cr = 1,
        ci = 0
      for (let k = 0; k < len / 2; k++) {
        const ur = re[i + k]!,
          ui = im[i + k]!
        const vr = re[i + k + len / 2]! * cr - im[i + k + len / 2]! * ci
        const vi = re[i + k + len / 2]! * ci + im[i + k + len / 2]! * cr
        re[i + k] = ur + vr
        im[i + k] = ui + vi
        re[i + k + len / 2] = ur - vr
        im[i + k + len / 2] = ui - vi
        const nr = cr * wr - ci * wi
        ci = cr * wi + ci * wr
        cr = nr
      }
    }
  }
}

function bitReversal(x: Float64Array, out: Float64Array, bits: number): void {
  const n = x.length
  for (let i = 0; i < n; i++) {
    let r = 0
    for (let b = 0; b < bits; b++) r |= ((i >> b) & 1) << (bits - 1 - b)
    out[r] = x[i]!
  }
}

function lorenz(out: Float64Array, n: number, dt: number): void {
  let x = 1,
    y = 1,
    z = 1
  for (let i = 0; i < n; i++) {
    const dx = 10 * (y - x),
      dy = x * (28 - z) - y,
      dz = x * y - (8 / 3) * z
    x += dx * dt
    y += dy * dt
    z += dz * dt
    out[3 * i] = x
    out[3 * i + 1] = y
    out[3 * i + 2] = z
  }
}

function knapsack(w: Int32Array, v: Float64Array, cap: number, dp: Float64Array): number {
  for (let i = 0; i < w.length; i++)
    for (let c = cap; c >= w[i]!; c--) {
      const t = dp[c - w[i]!]! + v[i]!
      if (t > dp[c]!) dp[c] = t
    }
  return dp[cap]!
}

function longestCommonSubsequence(a: Uint8Array, b: Uint8Array, dp: Int32Array): number {
  const m = a.length,
    n = b.length
  for (let i = 1; i <= m; i++)
    for (let j = 1; j <= n; j++)
      dp[i * (n + 1) + j] =
        a[i - 1]! === b[j - 1]!
          ? dp[(i - 1) * (n + 1) + j - 1]! + 1
          : Math.max(dp[(i - 1) * (n + 1) + j]!, dp[i * (n + 1) + j - 1]!)
  return dp[m * (n + 1) + n]!
}

function editDistance(a: Uint8Array, b: Uint8Array): number {
  const n = b.length
  let p: Int32Array = new Int32Array(n + 1),
    q: Int32Array = new Int32Array(n + 1)
  for (let j = 0; j <= n; j++) p[j] = j
  for (let i = 0; i < a.length; i++) {
    q[0] = i + 1
    for (let j = 0; j < n; j++) {
      const c = a[i]! === b[j]! ? 0 : 1
      q[j + 1] = Math.min(p[j]! + c, p[j + 1]! + 1, q[j]! + 1)
    }
    const t = p
    p = q
    q = t
  }
  return p[n]!
}

function dijkstra(g: Float64Array, dist: Float64Array, n: number): void {
  const done = new Uint8Array(n)
  for (let i = 0; i < n; i++) dist[i] = Infinity
  dist[0] = 0
  for (let k = 0; k < n; k++) {
    let u = -1,
      best = Infinity
    for (let i = 0; i < n; i++)
      if (done[i]! === 0 && dist[i]! < best) {
        best = dist[i]!
        u = i
      }
    if (u < 0) break
    done[u] = 1
    for (let v = 0; v < n; v++) {
      const d = best + g[u * n + v]!
      if (d < dist[v]!) dist[v] = d
    }
  }
}

export const MATRICES: Entries = {
  transpose: { kernel: transpose, make: () => [random(1e6), new Float64Array(1e6), 1000, 1000] },
  columnSums: { kernel: columnSums, make: () => [random(1e6), new Float64Array(1000), 1000, 1000] },
  matrixTimesVector: { kernel: matrixTimesVector, make: () => [random(1e6), random(1000), new Float64Array(1000)] },
  normaliseRows: { kernel: normaliseRows, make: () => [random(1e6), 1000, 1000] },
  pairwiseDistances: { kernel: pairwiseDistances, make: () => [random(1500), new Float64Array(250000), 500, 3] },
  nearestCentres: { kernel: nearestCentres, make: () => [random(8e5), random(64), new Int32Array(1e5), 8] },
  sparseTimesVector: {
    kernel: sparseTimesVector,
    make: () => {
      const n = 1e5,
        d = 8
      return [
        Int32Array.from({ length: n + 1 }, (_, i) => i * d),
        Int32Array.from({ length: n * d }, () => (Math.random() * n) | 0),
        random(n * d),
        random(n),
        new Float64Array(n),
      ]
    },
  },
  luWithPivots: { kernel: luWithPivots, make: () => [random(40000), new Int32Array(200), 200] },
  heatSteps: { kernel: heatSteps, make: () => [random(250000), random(250000), 500, 10] },
  gaussSeidel: { kernel: gaussSeidel, make: () => [random(40000), random(40000), 200, 10] },
  nbody: { kernel: nbody, make: () => [random(3000), random(3000), random(1000), 0.01] },
  naiveDft: { kernel: naiveDft, make: () => [random(512), new Float64Array(512), new Float64Array(512)] },
  fft: { kernel: fft, make: () => [random(1 << 16), random(1 << 16)] },
  bitReversal: { kernel: bitReversal, make: () => [random(1 << 16), new Float64Array(1 << 16), 16] },
  lorenz: { kernel: lorenz, make: () => [new Float64Array(900000), 300000, 0.001] },
  knapsack: {
    kernel: knapsack,
    make: () => [Int32Array.from({ length: 200 }, (_, i) => 1 + (i % 50)), random(200), 10000, new Float64Array(10001)],
  },
  longestCommonSubsequence: {
    kernel: longestCommonSubsequence,
    make: () => [bytes(1000), bytes(1000), new Int32Array(1001 * 1001)],
  },
  editDistance: {
    kernel: editDistance,
    make: () => [
      Uint8Array.from({ length: 2000 }, (_, i) => (i * 7919) % 26),
      Uint8Array.from({ length: 2000 }, (_, i) => (i * 104729) % 26),
    ],
  },
  dijkstra: { kernel: dijkstra, make: () => [random(1e6), new Float64Array(1000), 1000] },
}

/** Sorting, searching, counting: integers and branches. */

import { type Entries, N, random } from './entries.ts'

function quickSort(a: Float64Array): void {
  const st = new Int32Array(128)
  let top = 0
  st[top++] = 0
  st[top++] = a.length - 1
  while (top > 0) {
    const hi = st[--top]!,
      lo = st[--top]!
    if (lo >= hi) continue
    const p = a[(lo + hi) >> 1]!
    let i = lo,
      j = hi
    while (i <= j) {
      while (a[i]! < p) i++
      while (a[j]! > p) j--
      if (i <= j) {
        const t = a[i]!
        a[i] = a[j]!
        a[j] = t
        i++
        j--
      }
    }
    if (j - lo > hi - i) {
      st[top++] = lo
      st[top++] = j
      st[top++] = i
      st[top++] = hi
    } else {
      st[top++] = i
      st[top++] = hi
      st[top++] = lo
      st[top++] = j
    }
  }
}

function heapSort(a: Float64Array): void {
  const n = a.length
  for (let s = (n >> 1) - 1; s >= 0; s--) {
    let r = s
    while (true) {
      let c = 2 * r + 1
      if (c >= n) break
      if (c + 1 < n && a[c]! < a[c + 1]!) c++
      if (a[r]! >= a[c]!) break
      const t = a[r]!
      a[r] = a[c]!
      a[c] = t
      r = c
    }
  }
  for (let e = n - 1; e > 0; e--) {
    const t0 = a[0]!
    a[0] = a[e]!
    a[e] = t0
    let r = 0
    while (true) {
      let c = 2 * r + 1
      if (c >= e) break
      if (c + 1 < e && a[c]! < a[c + 1]!) c++
      if (a[r]! >= a[c]!) break
      const t = a[r]!
      a[r] = a[c]!
      a[c] = t
      r = c
    }
  }
}

function radixSort(a: Uint32Array, tmp: Uint32Array): void {
  const n = a.length
  const cnt = new Int32Array(256)
  let src = a,
    dst = tmp
  for (let sh = 0; sh < 32; sh += 8) {
    for (let i = 0; i < 256; i++) cnt[i] = 0
    for (let i = 0; i < n; i++) cnt[(src[i]! >>> sh) & 255]!++
    let s = 0
    for (let i = 0; i < 256; i++) {
      const c = cnt[i]!
      cnt[i] = s
      s += c
    }
    for (let i = 0; i < n; i++) {
      const v = src[i]!
      dst[cnt[(v >>> sh) & 255]!++] = v
    }
    const t = src
    src = dst
    dst = t
  }
}

function sieve(n: number): number {
  const c = new Uint8Array(n + 1)
  let k = 0
  for (let i = 2; i <= n; i++) {
    if (c[i]! === 0) {
      k++
      for (let j = i * i; j <= n; j += i) c[j] = 1
    }
  }
  return k
}

function binarySearch(a: Float64Array, q: Float64Array, out: Int32Array): void {
  for (let k = 0; k < q.length; k++) {
    let lo = 0,
      hi = a.length
    while (lo < hi) {
      const m = (lo + hi) >>> 1
      if (a[m]! < q[k]!) lo = m + 1
      else hi = m
    }
    out[k] = lo
  }
}

function crc32(d: Uint8Array, table: Int32Array): number {
  let c = -1
  for (let i = 0; i < d.length; i++) c = table[(c ^ d[i]!) & 255]! ^ (c >>> 8)
  return (c ^ -1) >>> 0
}

function runLengths(src: Uint8Array, out: Uint8Array): number {
  let o = 0
  for (let i = 0; i < src.length; ) {
    let j = i + 1
    while (j < src.length && src[j]! === src[i]! && j - i < 255) j++
    out[o++] = j - i
    out[o++] = src[i]!
    i = j
  }
  return o
}

function countPrimes(n: number): number {
  let c = 0
  for (let i = 2; i < n; i++) {
    let p = true
    for (let j = 2; j * j <= i; j++)
      if (i % j === 0) {
        p = false
        break
      }
    if (p) c++
  }
  return c
}

function longestCollatz(n: number): number {
  let best = 0,
    at = 0
  for (let i = 1; i < n; i++) {
    let k = i,
      s = 0
    while (k !== 1) {
      k = k % 2 === 0 ? k / 2 : 3 * k + 1
      s++
    }
    if (s > best) {
      best = s
      at = i
    }
  }
  return at
}

function greatestCommonDivisors(a: Int32Array, b: Int32Array, out: Int32Array): void {
  for (let i = 0; i < a.length; i++) {
    let x = a[i]!,
      y = b[i]!
    while (y !== 0) {
      const t = x % y
      x = y
      y = t
    }
    out[i] = x
  }
}

function nQueens(n: number): number {
  const all = (1 << n) - 1
  const cs = new Int32Array(n + 1),
    ls = new Int32Array(n + 1),
    rs = new Int32Array(n + 1),
    ps = new Int32Array(n + 1)
  let d = 0,
    c = 0
  ps[0] = all
  while (d >= 0) {
    if (ps[d]! === 0) {
      d--
      continue
    }
    const b = ps[d]! & -ps[d]!
    ps[d]! ^= b
    const nc = cs[d]! | b
    if (nc === all) {
      c++
      continue
    }
    const nl = (ls[d]! | b) << 1,
      nr = (rs[d]! | b) >> 1
    d++
    cs[d] = nc
    ls[d] = nl
    rs[d] = nr
    ps[d] = all & ~(nc | nl | nr)
  }
  return c
}

function monteCarloPi(n: number, seed: number): number {
  let s = seed | 0,
    c = 0
  for (let i = 0; i < n; i++) {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    const x = (s >>> 0) / 4294967296
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    const y = (s >>> 0) / 4294967296
    if (x * x + y * y < 1) c++
  }
  return (4 * c) / n
}

export const INTEGERS: Entries = {
  quickSort: { kernel: quickSort, make: () => [random(1 << 18)] },
  heapSort: { kernel: heapSort, make: () => [random(1 << 16)] },
  radixSort: { kernel: radixSort, make: () => [Uint32Array.from(random(1 << 18, 2 ** 32)), new Uint32Array(1 << 18)] },
  sieve: { kernel: sieve, make: () => [2e6] },
  binarySearch: { kernel: binarySearch, make: () => [random(1e5).sort(), random(1e5), new Int32Array(1e5)] },
  crc32: {
    kernel: crc32,
    make: () => [
      Uint8Array.from({ length: N }, (_, i) => i * 31),
      Int32Array.from({ length: 256 }, (_, n) => {
        for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
        return n
      }),
    ],
  },
  runLengths: {
    kernel: runLengths,
    make: () => [Uint8Array.from({ length: N }, (_, i) => (i >> 3) & 255), new Uint8Array(2 * N)],
  },
  countPrimes: { kernel: countPrimes, make: () => [50000] },
  longestCollatz: { kernel: longestCollatz, make: () => [50000] },
  greatestCommonDivisors: {
    kernel: greatestCommonDivisors,
    make: () => [Int32Array.from(random(1e5, 1e6)), Int32Array.from(random(1e5, 1e6)), new Int32Array(1e5)],
  },
  nQueens: { kernel: nQueens, make: () => [9] },
  monteCarloPi: { kernel: monteCarloPi, make: () => [1e6, 12345] },
}

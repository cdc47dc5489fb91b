'use strict'

function mean(x) {
  let s = 0
  let n = 0
  const stop = x.length
  const trips = Math.max(stop, 0)
  let block = 1024
  while (block * 4096 < trips) {
    block = block + block
  }
  const blocks = Math.ceil(trips / block) + 0
  const s_partials = rt.alloc(0, blocks, 2, true)
  const n_partials = rt.alloc(0, blocks, 2, true)
  rt.launch(0, 0, blocks, [n_partials, s_partials, x, block, trips], false)
  if (blocks > 0) {
    let width = blocks | 0
    while (width > 1) {
      const half = width >> 1
      for (let j = 0; j < half; j++) {
        s_partials[j] = s_partials[j + j] + s_partials[j + j + 1]
      }
      if ((width & 1) !== 0) {
        s_partials[half] = s_partials[width - 1 | 0]
        width = (half | 0) + 1 | 0
      } else {
        width = half | 0
      }
    }
    s = s + s_partials[0]
    let width_1 = blocks | 0
    while (width_1 > 1) {
      const half_1 = width_1 >> 1
      for (let j_1 = 0; j_1 < half_1; j_1++) {
        n_partials[j_1] = n_partials[j_1 + j_1] + 0 + (n_partials[j_1 + j_1 + 1] + 0)
      }
      if ((width_1 & 1) !== 0) {
        n_partials[half_1] = n_partials[width_1 - 1 | 0] + 0
        width_1 = (half_1 | 0) + 1 | 0
      } else {
        width_1 = half_1 | 0
      }
    }
    n = n + (n_partials[0] + 0)
  }
  return s / n
}

function mean$prange(from, to, n_partials, s_partials, x, block, trips) {
  let s_lanes = new Float64Array(16), i = 0, e = 0, e_1 = 0, s = 0
  for (let b = from; b < to; b++) {
    const first = b * block + 0
    const turns = Math.min(block, trips - first)
    const base = first
    s_lanes[0] = -0
    s_lanes[1] = -0
    s_lanes[2] = -0
    s_lanes[3] = -0
    s_lanes[4] = -0
    s_lanes[5] = -0
    s_lanes[6] = -0
    s_lanes[7] = -0
    s_lanes[8] = -0
    s_lanes[9] = -0
    s_lanes[10] = -0
    s_lanes[11] = -0
    s_lanes[12] = -0
    s_lanes[13] = -0
    s_lanes[14] = -0
    s_lanes[15] = -0
    let n = 0
    const rows = (turns | 0) >> 4
    let s_0 = s_lanes[0]
    let s_1 = s_lanes[1]
    let s_2 = s_lanes[2]
    let s_3 = s_lanes[3]
    let s_4 = s_lanes[4]
    let s_5 = s_lanes[5]
    let s_6 = s_lanes[6]
    let s_7 = s_lanes[7]
    let s_8 = s_lanes[8]
    let s_9 = s_lanes[9]
    let s_10 = s_lanes[10]
    let s_11 = s_lanes[11]
    let s_12 = s_lanes[12]
    let s_13 = s_lanes[13]
    let s_14 = s_lanes[14]
    let s_15 = s_lanes[15]
    for (let row = 0; row < rows; row++) {
      const at = base + (row * 16 + 0)
      i = at
      loop_end_1: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_1
        }
        e_1 = x[i]
        s_0 = s_0 + e_1
        n = n + 1
      }
      i = at + 1
      loop_end_2: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_2
        }
        e_1 = x[i]
        s_1 = s_1 + e_1
        n = n + 1
      }
      i = at + 2
      loop_end_3: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_3
        }
        e_1 = x[i]
        s_2 = s_2 + e_1
        n = n + 1
      }
      i = at + 3
      loop_end_4: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_4
        }
        e_1 = x[i]
        s_3 = s_3 + e_1
        n = n + 1
      }
      i = at + 4
      loop_end_5: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_5
        }
        e_1 = x[i]
        s_4 = s_4 + e_1
        n = n + 1
      }
      i = at + 5
      loop_end_6: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_6
        }
        e_1 = x[i]
        s_5 = s_5 + e_1
        n = n + 1
      }
      i = at + 6
      loop_end_7: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_7
        }
        e_1 = x[i]
        s_6 = s_6 + e_1
        n = n + 1
      }
      i = at + 7
      loop_end_8: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_8
        }
        e_1 = x[i]
        s_7 = s_7 + e_1
        n = n + 1
      }
      i = at + 8
      loop_end_9: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_9
        }
        e_1 = x[i]
        s_8 = s_8 + e_1
        n = n + 1
      }
      i = at + 9
      loop_end_10: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_10
        }
        e_1 = x[i]
        s_9 = s_9 + e_1
        n = n + 1
      }
      i = at + 10
      loop_end_11: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_11
        }
        e_1 = x[i]
        s_10 = s_10 + e_1
        n = n + 1
      }
      i = at + 11
      loop_end_12: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_12
        }
        e_1 = x[i]
        s_11 = s_11 + e_1
        n = n + 1
      }
      i = at + 12
      loop_end_13: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_13
        }
        e_1 = x[i]
        s_12 = s_12 + e_1
        n = n + 1
      }
      i = at + 13
      loop_end_14: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_14
        }
        e_1 = x[i]
        s_13 = s_13 + e_1
        n = n + 1
      }
      i = at + 14
      loop_end_15: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_15
        }
        e_1 = x[i]
        s_14 = s_14 + e_1
        n = n + 1
      }
      i = at + 15
      loop_end_16: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end_16
        }
        e_1 = x[i]
        s_15 = s_15 + e_1
        n = n + 1
      }
    }
    s_lanes[0] = s_0
    s_lanes[1] = s_1
    s_lanes[2] = s_2
    s_lanes[3] = s_3
    s_lanes[4] = s_4
    s_lanes[5] = s_5
    s_lanes[6] = s_6
    s_lanes[7] = s_7
    s_lanes[8] = s_8
    s_lanes[9] = s_9
    s_lanes[10] = s_10
    s_lanes[11] = s_11
    s_lanes[12] = s_12
    s_lanes[13] = s_13
    s_lanes[14] = s_14
    s_lanes[15] = s_15
    for (let k = rows * 16 + 0; k < turns; k++) {
      i = base + k
      s = s_lanes[(k | 0) & 15]
      loop_end: {
        e = x[i]
        if (!(e >= 0)) {
          break loop_end
        }
        e_1 = x[i]
        s = s + e_1
        n = n + 1
      }
      s_lanes[(k | 0) & 15] = s
    }
    s = s_lanes[0] + s_lanes[1] + (s_lanes[2] + s_lanes[3]) + (s_lanes[4] + s_lanes[5] + (s_lanes[6] + s_lanes[7])) + (s_lanes[8] + s_lanes[9] + (s_lanes[10] + s_lanes[11]) + (s_lanes[12] + s_lanes[13] + (s_lanes[14] + s_lanes[15])))
    s_partials[b] = s
    n_partials[b] = n
  }
  return
}

return { entry: mean, launches: [mean$prange] }

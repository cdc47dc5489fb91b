import { describe, expect, it } from 'vitest'
import type { Row } from './rows.ts'
import { showHeader, showRows, showVerdict } from './show.ts'
import { PLAIN_STYLE, styleFor } from './style.ts'

const base = { program: 'roots', threads: 1, n: 1e6, meanMs: 4, stdMs: 0.1 }
const rows: Row[] = [
  {
    ...base,
    variant: 'plain',
    medianMs: 4,
    firstCallMs: 9,
    speedupOverPlain: 1,
    bytesPerSecond: 3e9,
    shareOfCopyBandwidth: 0.25,
    ulps: 0,
    ok: true,
  },
  {
    ...base,
    variant: 'jit',
    medianMs: 1,
    firstCallMs: 30,
    speedupOverPlain: 4,
    bytesPerSecond: 12e9,
    shareOfCopyBandwidth: 0.00005,
    ulps: 3,
    ok: true,
  },
  {
    ...base,
    variant: 'parallel',
    medianMs: null,
    firstCallMs: null,
    speedupOverPlain: null,
    bytesPerSecond: null,
    shareOfCopyBandwidth: null,
    ulps: null,
    ok: false,
    problem: 'no such luck',
  },
]

describe('showRows', () => {
  it('draws a table with bars, in plain text where there are no colours', () => {
    expect(showRows('square roots', rows, PLAIN_STYLE)).toEqual([
      '',
      'roots: square roots; n = 1,000,000',
      'variant   median  first call  × plain  GB/s  of copy  ulps  ok  time, shorter is better',
      'plain       4 ms        9 ms     1.00     3     25 %     0  ✓   ████████████████████',
      'jit         1 ms       30 ms     4.00    12  <0.01 %     3  ✓   █████',
      'parallel       -           -        -     -        -     -  ✗',
      'parallel: no such luck',
    ])
  })

  it('adds the column of whole scripts where they were timed', () => {
    const [, , title, plain, jit] = showRows('', [{ ...rows[0]!, scriptMs: 50 }, rows[1]!], PLAIN_STYLE)
    expect(title).toContain('of copy  script  ulps')
    expect(plain).toContain('   50 ms     0  ✓')
    expect(jit).toContain('       -     3  ✓')
  })

  it('says below the table what is not to be compared, and what is missing', () => {
    const hoisted: Row = { ...rows[1]!, variant: 'jit-hoisted', note: 'does less' }
    const missing = { measured: false, reason: 'no Python', remedy: 'get one' } as const
    const lines = showRows('', [rows[0]!, hoisted], PLAIN_STYLE, missing)
    expect(lines[4]).toMatch(/^jit-hoisted\* {2,}1 ms/)
    expect(lines.slice(5)).toEqual([
      '* jit-hoisted does less.',
      "Numba's rows are left out: no Python with Numba was found, see above.",
    ])
  })

  it('has the same text with colours', () => {
    const coloured = showRows('square roots', rows, styleFor({ isTTY: true }, {})).join('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
    expect(coloured.replace(/\x1b\[\d+m/g, '').replace(/ +$/gm, '')).toBe(
      showRows('square roots', rows, PLAIN_STYLE).join('\n'),
    )
  })
})

describe('showHeader', () => {
  const head = {
    machine: { cpu: 'CPU', cores: 2, memoryBytes: 2 ** 33, os: 'linux', arch: 'x64' },
    versions: { node: '20.0.0', v8: '11' },
    date: '',
    quick: false,
    threads: 2,
    arrays: 'allocated',
    copyBandwidth: { oneThread: 10e9, allThreads: 16e9 },
  } as const

  it('says which Numba it is, or how to get one', () => {
    expect(showHeader(head, PLAIN_STYLE)).toHaveLength(4)
    const versions = { numba: '0.1', numpy: '2.0', python: '3.11' }
    const found = { measured: true, python: 'env/bin/python', versions } as const
    expect(showHeader({ ...head, numba: found }, PLAIN_STYLE)[4]).toBe(
      'Numba 0.1 (NumPy 2.0, Python 3.11: env/bin/python), ordinary arrays',
    )
    const missing = { measured: false, reason: 'there is none', remedy: 'pip install it' } as const
    expect(showHeader({ ...head, numba: missing }, PLAIN_STYLE).slice(4)).toEqual([
      "Numba's times are left out: there is none.",
      'To have them: pip install it',
    ])
  })
})

describe('showVerdict', () => {
  it('counts what equals plain, what rounds differently and what is wrong', () => {
    expect(showVerdict(rows, PLAIN_STYLE)).toBe('1 of 3 variants failed or differ from plain.')
    expect(showVerdict([rows[0]!, { ...rows[1]!, variant: 'jit-fastmath' }], PLAIN_STYLE)).toBe(
      "1 variants give plain's answers, every bit; 1 (fastmath) within n·ε·Σ|x| of them.",
    )
    expect(showVerdict([rows[0]!, { ...rows[1]!, variant: 'numba' }], PLAIN_STYLE)).toBe(
      "1 variants give plain's answers, every bit; 1 (fastmath, Math functions that are not the engine's) within the error of rounding.",
    )
    expect(showVerdict(rows.slice(0, 1), PLAIN_STYLE)).toBe("1 variants give plain's answers, every bit.")
  })
})

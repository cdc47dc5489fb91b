import { describe, expect, it } from 'vitest'
import type { Row } from './rows.ts'
import { showRows, showVerdict } from './show.ts'
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
      'variant   median  first call  × plain  GB/s  ulps  ok  time, shorter is better',
      'plain       4 ms        9 ms     1.00     3     0  ✓   ████████████████████████',
      'jit         1 ms       30 ms     4.00    12     3  ✓   ██████',
      'parallel       -           -        -     -     -  ✗',
      'parallel: no such luck',
    ])
  })

  it('adds the column of whole scripts where they were timed', () => {
    const [, , title, plain, jit] = showRows('', [{ ...rows[0]!, scriptMs: 50 }, rows[1]!], PLAIN_STYLE)
    expect(title).toContain('GB/s  script  ulps')
    expect(plain).toContain('   50 ms     0  ✓')
    expect(jit).toContain('       -     3  ✓')
  })

  it('has the same text with colours', () => {
    const coloured = showRows('square roots', rows, styleFor({ isTTY: true }, {})).join('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
    expect(coloured.replace(/\x1b\[\d+m/g, '').replace(/ +$/gm, '')).toBe(
      showRows('square roots', rows, PLAIN_STYLE).join('\n'),
    )
  })
})

describe('showVerdict', () => {
  it('counts what equals plain, what rounds differently and what is wrong', () => {
    expect(showVerdict(rows, PLAIN_STYLE)).toBe('1 of 3 variants failed or differ from plain.')
    expect(showVerdict(rows.slice(0, 2), PLAIN_STYLE)).toBe(
      "1 variants give plain's answers, every bit; 1 (fastmath) within n·ε·Σ|x| of them.",
    )
    expect(showVerdict(rows.slice(0, 1), PLAIN_STYLE)).toBe("1 variants give plain's answers, every bit.")
  })
})

import { describe, expect, it } from 'vitest'
import { PLAIN_STYLE, styleFor } from './style.ts'
import { bar, table } from './table.ts'

describe('table', () => {
  it('aligns columns under their titles', () => {
    const columns = [
      { title: 'variant', align: 'left' },
      { title: 'ms', align: 'right' },
      { title: '', align: 'left' },
    ] as const
    const rows = [
      ['plain', '1234', '██'],
      ['jit', '5', ''],
    ]
    expect(table(columns, rows)).toEqual([
      'variant    ms', //
      'plain    1234  ██',
      'jit         5',
    ])
  })
})

describe('bar', () => {
  it.each([
    [1, '████'],
    [0.5, '██'],
    [0.53125, '██▏'],
    [0.001, '▏'],
    [0, '▏'],
    [2, '████'],
  ])('%d of 4 is %s', (share, text) => {
    expect(bar(share, 4)).toBe(text)
  })
})

describe('styleFor', () => {
  it('colours only terminals, and not where NO_COLOR is set', () => {
    expect(styleFor({ isTTY: true }, {}).bold('x')).toBe('\x1b[1mx\x1b[22m')
    expect(styleFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(PLAIN_STYLE)
    expect(styleFor({ isTTY: true }, { TERM: 'dumb' })).toBe(PLAIN_STYLE)
    expect(styleFor({}, {})).toBe(PLAIN_STYLE)
  })
})

import { describe, expect, it } from 'vitest'
import { elements, parseXml, type XmlElement } from '../../../test/support/xml.ts'
import { locate } from '../optional.ts'
import { UsageError } from '../usage.ts'
import type { Report, Row } from './rows.ts'
import { chartSvg, requireChartPackages } from './svg.ts'
import type { VariantName } from './variants.ts'

const row = (program: string, variant: VariantName, speedup: number, over: Partial<Row> = {}): Row => ({
  program,
  variant,
  threads: 1,
  n: 1e6,
  medianMs: 10 / speedup,
  meanMs: 10 / speedup,
  stdMs: 0,
  firstCallMs: 20,
  speedupOverPlain: speedup,
  bytesPerSecond: 1e9,
  shareOfCopyBandwidth: 0.1,
  ulps: 0,
  ok: true,
  ...over,
})

const report: Report = {
  machine: { cpu: 'A <fast> & small CPU', cores: 2, memoryBytes: 2 ** 33, os: 'linux', arch: 'x64' },
  versions: { node: '20.0.0', v8: '11' },
  date: '',
  quick: false,
  threads: 2,
  arrays: 'allocated',
  copyBandwidth: { oneThread: 10e9, allThreads: 16e9 },
  numba: { measured: true, python: 'python3', versions: { numba: '0.1', numpy: '2', python: '3' } },
  results: [
    row('roots', 'plain', 1),
    row('roots', 'jit', 2),
    row('roots', 'parallel', 4),
    row('roots', 'numba-parallel', 5),
    row('rootsSum', 'plain', 1),
    row('rootsSum', 'jit', 8),
    row('rootsSum', 'jit-hoisted', 700, { note: 'does less' }),
    row('rootsSum', 'parallel', 3, { ok: false, problem: 'wrong' }),
    row('calculateScores', 'plain', 1, { n: 200, percent: 5 }),
    row('calculateScores', 'jit', 0.5, { n: 200, percent: 5 }),
  ],
}

const isBar = ({ attributes }: XmlElement) => attributes['aria-roledescription'] === 'bar'
/** The length of a bar, whose outline begins `M x,y h length`. */
const lengthOf = ({ attributes }: XmlElement) => Number(/^M0,[\d.]+h([\d.]+)v/.exec(attributes['d']!)![1])

describe('chartSvg', async () => {
  const svg = parseXml(await chartSvg(report))
  // A text of several lines has an element a line in it.
  const lines = elements(svg, ({ name, children }) => /^(text|tspan)$/.test(name) && children.length === 0)
  const texts = lines.map(({ text }) => text)

  it('has a bar for each variant that is to be compared, as long as it is fast', () => {
    const bars = elements(svg, isBar)
    const speeds = bars.map((bar) => lengthOf(bar) / lengthOf(bars[0]!))
    expect(speeds.map((speed) => Number(speed.toFixed(6)))).toEqual([1, 2, 4, 5, 1, 8, 1, 0.5])
    const variants = bars.map(({ attributes }) => /variant: ([\w-]+)/.exec(attributes['aria-label']!)![1])
    expect(variants).toEqual(['plain', 'jit', 'parallel', 'numba-parallel', 'plain', 'jit', 'plain', 'jit'])
  })

  it('gives a variant the same colour everywhere, and no two the same', () => {
    const colours = new Map<string, Set<string>>()
    for (const { attributes } of elements(svg, isBar)) {
      const name = /variant: ([\w-]+)/.exec(attributes['aria-label']!)![1]!
      colours.set(name, (colours.get(name) ?? new Set()).add(attributes['fill']!))
    }
    expect([...colours.values()].map((each) => each.size)).toEqual([1, 1, 1, 1])
    expect(new Set([...colours.values()].flatMap((each) => [...each])).size).toBe(4)
  })

  it('labels inputs, bars and axis', () => {
    for (const title of [
      'roots, n = 1,000,000',
      'rootsSum, n = 1,000,000',
      'calculateScores, n = 200, 5 % of the file',
    ])
      expect(texts.filter((text) => text === title)).toHaveLength(1)
    for (const figures of ['2.00× · 5 ms', '4.00× · 2.5 ms', '8.00× · 1.25 ms', '0.50× · 20 ms'])
      expect(texts.filter((text) => text === figures)).toHaveLength(1)
    expect(texts.filter((text) => text === '1.00× · 10 ms')).toHaveLength(3)
    expect(texts).toContain('times as fast as plain')
    expect(texts).toContain('Speed over the plain loop: longer is faster')
  })

  it('has a legend of the variants that it shows', () => {
    const [legend] = elements(svg, ({ attributes }) => attributes['class']?.includes('role-legend-entry') === true)
    const labels = elements(legend!, ({ name }) => name === 'text').map(({ text }) => text)
    expect(labels).toEqual(['plain', 'jit', 'parallel', 'numba-parallel'])
  })

  it('says what it was measured on, and what it leaves out', () => {
    expect(texts).toContain(
      'A <fast> & small CPU, 2 threads for parallel variants, allocated arrays; Node 20.0.0, Numba 0.1',
    )
    expect(texts).toContain("Left out, since it does less work: rootsSum's jit-hoisted")
    expect(texts.join()).not.toContain('700')
  })

  it('lies on any page: no background of its own, text that follows the theme', () => {
    expect(elements(svg, ({ name }) => name === 'rect')).toEqual([])
    const grounds = elements(svg, ({ attributes }) => attributes['class'] === 'background')
    expect(grounds.filter(({ attributes }) => 'fill' in attributes && attributes['fill'] !== 'none')).toEqual([])
    const [style] = elements(svg, ({ name }) => name === 'style')
    for (const theme of ['light', 'dark']) {
      expect(style!.text).toContain(`@media(prefers-color-scheme:${theme}){.${svg.attributes['class']} text{fill:`)
    }
    // Viewers that do not know the theme show grey, which both bear.
    const fills = new Set(elements(svg, ({ name }) => name === 'text').map(({ attributes }) => attributes['fill']))
    expect(fills).toEqual(new Set(['#768390']))
  })
})

describe('the packages that draw', () => {
  it('are asked for by name, with the command that brings them', () => {
    const find = (name: string) => (name === 'vega' ? new URL('file:///vega') : undefined)
    expect(() => requireChartPackages(find)).toThrow(UsageError)
    expect(() => requireChartPackages(find)).toThrow(/vega-lite is not installed\. Remedy: npm i vega-lite$/)
    expect(() => requireChartPackages(() => undefined)).toThrow(/vega and vega-lite are not .* npm i vega vega-lite$/)
    expect(() => requireChartPackages()).not.toThrow()
  })

  it('are looked for from several places', () => {
    expect(locate('vega')?.protocol).toBe('file:')
    expect(locate('there-is-no-such-package')).toBeUndefined()
    expect(locate('vega', ['/nowhere/at/all.js'])).toBeUndefined()
    expect(locate('vega', ['/nowhere/at/all.js', import.meta.url])).toEqual(locate('vega'))
  })
})

/**
 * The results as one bar chart: a group an input, a bar a variant, as long as the variant is faster than plain. The
 * chart is a Vega-Lite specification, plain data; svg.ts draws it.
 */

import type { TopLevelSpec } from 'vega-lite'
import { formatDuration } from '../../timeit.ts'
import type { Report, Row } from './rows.ts'
import { CLUSTER_VARIANTS, type HOISTED, NUMBA_VARIANTS, OWN_VARIANTS, type VariantName } from './variants.ts'

export const chartTitle = 'Speed over the plain loop: longer is faster'

/** In the order in which they are drawn. They tell apart on light and dark pages; fastmath is its variant's, lighter. */
const COLOURS: Readonly<Record<Exclude<VariantName, typeof HOISTED>, string>> = {
  plain: '#8b949e',
  'plain-prange': '#b1bac4',
  jit: '#4493f8',
  'jit-fastmath': '#79b8ff',
  parallel: '#2da44e',
  'parallel-fastmath': '#6fdd8b',
  numba: '#d4772c',
  'numba-fastmath': '#e8a972',
  'numba-parallel': '#a3541b',
  'cluster-threads': '#a371f7',
  'cluster-processes': '#c69bff',
  cluster: '#8250df',
}
/** For viewers that do not know svg.ts's style: readable on white and on black. */
const TEXT = '#768390'
const LINES = '#8b949e'
const WIDTH = 460
const BAR_STEP = 17
/** So many of our own names fit into a line. */
const LEGEND_COLUMNS = 6

/** What a bar shows. */
interface Bar {
  readonly input: string
  readonly variant: VariantName
  readonly speedup: number
  readonly figures: string
}

const inputOf = ({ program, n, percent }: Row): string =>
  `${program}, n = ${n.toLocaleString('en-US')}${percent === undefined ? '' : `, ${percent} % of the file`}`

/** What failed has no speed, and what does less work has none to compare. */
function barsOf(results: readonly Row[]): Bar[] {
  return results.flatMap((row) => {
    if (!row.ok || row.note !== undefined || row.speedupOverPlain === null || row.medianMs === null) return []
    const figures = `${row.speedupOverPlain.toFixed(2)}× · ${formatDuration(row.medianMs)}`
    return [{ input: inputOf(row), variant: row.variant, speedup: row.speedupOverPlain, figures }]
  })
}

function subtitles({ machine, versions, threads, numba, arrays, results }: Report): string[] {
  const many = `${threads} ${threads === 1 ? 'thread' : 'threads'}`
  const with_ = numba?.measured ? `, Numba ${numba.versions.numba}` : ''
  const apart = [
    ...new Set(results.filter((row) => row.note !== undefined).map((row) => `${row.program}'s ${row.variant}`)),
  ]
  return [
    `${machine.cpu}, ${many} for parallel variants, ${arrays} arrays; Node ${versions.node}${with_}`,
    ...(apart.length === 0 ? [] : [`Left out, since it does less work: ${apart.join(', ')}`]),
  ]
}

export function chartSpec(report: Report): TopLevelSpec {
  const bars = barsOf(report.results)
  const order = [...OWN_VARIANTS, ...NUMBA_VARIANTS, ...CLUSTER_VARIANTS]
  const variants = order.filter((name) => bars.some(({ variant }) => variant === name))
  const inputs = [...new Set(bars.map(({ input }) => input))]
  const y = { field: 'variant', type: 'nominal', sort: variants, title: null } as const
  const x = {
    field: 'speedup',
    type: 'quantitative',
    title: 'times as fast as plain',
    axis: { tickMinStep: 1, format: '~g' },
  } as const
  return {
    background: 'transparent',
    padding: 10,
    title: { text: chartTitle, subtitle: subtitles(report), anchor: 'start', frame: 'bounds', offset: 14 },
    data: { values: bars },
    facet: { row: { field: 'input', type: 'nominal', sort: inputs, title: null } },
    spec: {
      width: WIDTH,
      height: { step: BAR_STEP },
      layer: [
        {
          mark: { type: 'bar' },
          encoding: {
            y,
            x,
            color: {
              field: 'variant',
              type: 'nominal',
              scale: { domain: variants, range: variants.map((name) => COLOURS[name as keyof typeof COLOURS]) },
              legend: {
                title: null,
                orient: 'bottom',
                columns: variants.length <= LEGEND_COLUMNS ? LEGEND_COLUMNS : 5,
              },
            },
          },
        },
        { mark: { type: 'text', align: 'left', dx: 5, aria: false }, encoding: { y, x, text: { field: 'figures' } } },
        { mark: { type: 'rule', strokeDash: [3, 3], color: LINES, aria: false }, encoding: { x: { datum: 1 } } },
      ],
    },
    spacing: 12,
    config: {
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      title: { fontSize: 15, subtitlePadding: 5, color: TEXT, subtitleColor: TEXT },
      header: { labelOrient: 'top', labelAnchor: 'start', labelFontWeight: 'bold', labelPadding: 3, labelColor: TEXT },
      axis: { labelColor: TEXT, titleColor: TEXT, titleFontWeight: 'normal', gridColor: LINES, gridOpacity: 0.3 },
      axisY: { ticks: false, domain: false, labelPadding: 6, labelLimit: 200 },
      axisX: { domain: false, ticks: false },
      legend: { labelColor: TEXT, labelLimit: 200 },
      text: { color: TEXT },
    },
  }
}

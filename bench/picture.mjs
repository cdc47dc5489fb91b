/**
 * Draws the results of `compare --json` as bars: `node bench/picture.mjs results.json > docs/compare.svg`.
 * One group an input, one bar a variant; its length is the speed over plain. Readable on light and dark pages.
 */

import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const WIDTH = 760
const LABELS = 150
const FIGURES = 60
const BAR = 14
const GAP = 4
const COLOURS = {
  plain: '#8b949e',
  'plain-prange': '#b1bac4',
  jit: '#4493f8',
  'jit-fastmath': '#79b8ff',
  parallel: '#2da44e',
  'parallel-fastmath': '#6fdd8b',
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x, y, content, attributes = '') => `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`

const groups = new Map()
for (const row of report.results.filter((r) => r.ok && r.speedupOverPlain !== null)) {
  const share = row.percent === undefined ? '' : `, ${row.percent} % of the file`
  const title = `${row.program}, n = ${row.n.toLocaleString('en-US')}${share}`
  groups.set(title, [...(groups.get(title) ?? []), row])
}
const most = Math.max(1, ...report.results.map((row) => row.speedupOverPlain ?? 0))
const scale = (WIDTH - LABELS - FIGURES) / most

const parts = []
let y = 24
const { machine, versions, threads } = report
parts.push(text(0, y, 'Speed over the plain loop (longer is faster)', 'font-size="15" font-weight="600"'))
parts.push(
  text(0, (y += 18), `Node ${versions.node}, ${machine.cpu}, ${threads} threads for parallel`, 'opacity="0.7"'),
)
for (const [title, rows] of groups) {
  parts.push(text(0, (y += 30), title, 'font-weight="600"'))
  y += 8
  for (const row of rows) {
    const length = Math.max(1, row.speedupOverPlain * scale)
    parts.push(text(LABELS - 8, y + 11, row.variant, 'text-anchor="end"'))
    parts.push(
      `<rect x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" fill="${COLOURS[row.variant]}"/>`,
    )
    parts.push(text((LABELS + length + 6).toFixed(1), y + 11, `${row.speedupOverPlain.toFixed(2)}×`))
    y += BAR + GAP
  }
}
const style = 'svg{font:12px system-ui,sans-serif;fill:#1f2328}@media(prefers-color-scheme:dark){svg{fill:#e6edf3}}'
const size = `width="${WIDTH}" height="${y + 12}" viewBox="0 0 ${WIDTH} ${y + 12}"`
console.log(`<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>Speed of every variant over the plain loop</title>
<style>${style}</style>
${parts.join('\n')}
</svg>`)

/** Draws the chart with Vega, which the user installs if they want pictures: nothing else here needs it. */

import { PACKAGE } from '../../types.ts'
import { locate } from '../optional.ts'
import { UsageError } from '../usage.ts'
import { chartSpec, chartTitle } from './chart.ts'
import type { Report } from './rows.ts'

export const CHART_PACKAGES = ['vega', 'vega-lite'] as const

/** @throws UsageError with the command to run, where a package is missing. Before minutes of measuring, not after. */
export function requireChartPackages(find: typeof locate = locate): void {
  const missing = CHART_PACKAGES.filter((name) => find(name) === undefined)
  if (missing.length === 0) return
  const are = missing.length === 1 ? 'is' : 'are'
  throw new UsageError(
    `--svg draws with ${CHART_PACKAGES.join(' and ')}; ${missing.join(' and ')} ${are} not installed. ` +
      `Remedy: npm i ${missing.join(' ')}`,
  )
}

/** The results as the text of an SVG file. */
export async function chartSvg(report: Report): Promise<string> {
  requireChartPackages()
  const [vega, vegaLite] = (await Promise.all(CHART_PACKAGES.map((name) => import(locate(name)!.href)))) as [
    typeof import('vega'),
    typeof import('vega-lite'),
  ]
  const view = new vega.View(vega.parse(vegaLite.compile(chartSpec(report)).spec), { renderer: 'none' })
  try {
    return forBothThemes(await view.toSVG())
  } finally {
    view.finalize()
  }
}

/** Text takes the page's brightness where the viewer knows it; bars and lines have colours that suit both. */
function forBothThemes(svg: string): string {
  const name = `${PACKAGE}-compare`
  // Only where the theme is known: the colours in the drawing itself can be read on both.
  const style = Object.entries({ light: '#1f2328', dark: '#e6edf3' })
    .map(([theme, colour]) => `@media(prefers-color-scheme:${theme}){.${name} text{fill:${colour}}}`)
    .join('')
  return svg.replace(
    /^<svg ([^>]*)class="marks"([^>]*)>/,
    (_, before: string, after: string) =>
      `<svg ${before}class="${name}"${after} role="img"><title>${chartTitle}</title><style>${style}</style>`,
  )
}

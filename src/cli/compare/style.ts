/** Colours, where the reader's terminal has them and NO_COLOR (no-color.org) does not forbid them. */

export interface Style {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  bar(text: string): string
}

const sgr = (open: number, close: number) => (text: string) => `\x1b[${open}m${text}\x1b[${close}m`
const same = (text: string): string => text

export const PLAIN_STYLE: Style = { bold: same, dim: same, good: same, bad: same, bar: same }
const COLOURS: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), bad: sgr(31, 39), bar: sgr(36, 39) }

export function styleFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const wanted = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return wanted ? COLOURS : PLAIN_STYLE
}

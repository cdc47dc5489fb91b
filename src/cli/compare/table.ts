/** Text in columns, and bars. */

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

/** One line for the titles and one a row; `rows` hold text without escape codes. Columns stand two spaces apart. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, c) => Math.max(column.title.length, ...rows.map((row) => row[c]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (columns[c]!.align === 'left' ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  ')
      .trimEnd()
  return [line(columns.map((column) => column.title)), ...rows.map(line)]
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar `share` (0 to 1) of `width` characters long, to an eighth of a character, and never nothing. */
export function bar(share: number, width: number): string {
  const eighths = Math.max(1, Math.round(Math.min(1, Math.max(0, share)) * width * 8))
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]!
}

import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Rows of numbers, row-major. */
export interface Table {
  readonly data: Float64Array
  readonly rows: number
  readonly columns: number
}

/**
 * Reads the first `percent` of a CSV file's rows: one header line, then numbers separated by commas.
 * @throws Error naming the line when a field is not a number or a row has too few or too many.
 */
export function readCsv(path: string, percent = 100): Table {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const columns = lines[0]!.split(',').length
  const rows = Math.round(((lines.length - 1) * percent) / 100)
  const data = new Float64Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    const fields = lines[row + 1]!.split(',')
    if (fields.length !== columns) {
      throw new Error(`${path}:${row + 2} has ${fields.length} fields; the header has ${columns}`)
    }
    for (let column = 0; column < columns; column++) {
      const field = fields[column]!.trim()
      const value = Number(field)
      if (field === '' || Number.isNaN(value))
        throw new Error(`${path}:${row + 2} has '${field}', which is not a number`)
      data[row * columns + column] = value
    }
  }
  return { data, rows, columns }
}

/** Writes a table with the given header; the file appears only once it is whole. */
export function writeCsv(path: string, header: readonly string[], table: Table): void {
  mkdirSync(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}`
  const file = openSync(partial, 'w')
  writeSync(file, `${header.join(',')}\n`)
  for (let row = 0; row < table.rows; row += 1000) {
    let text = ''
    for (let r = row; r < Math.min(row + 1000, table.rows); r++) {
      text += `${table.data.subarray(r * table.columns, (r + 1) * table.columns).join(',')}\n`
    }
    writeSync(file, text)
  }
  closeSync(file)
  renameSync(partial, path)
}

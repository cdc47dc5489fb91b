import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readCsv, writeCsv } from './csv.ts'
import { seeded } from './random.ts'

const folder = mkdtempSync(join(tmpdir(), 'csv-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (text: string) => {
  const path = join(folder, 'file.csv')
  writeFileSync(path, text)
  return path
}

describe('CSV', () => {
  it('reads back every bit it wrote', () => {
    const data = Float64Array.from({ length: 2500 * 3 }, seeded(1))
    data[0] = 1e-300
    data[1] = -123456.789e50
    const path = join(folder, 'new/table.csv')
    writeCsv(path, ['a', 'b', 'c'], { data, rows: 2500, columns: 3 })
    expect(readCsv(path)).toEqual({ data, rows: 2500, columns: 3 })
    expect(readdirSync(join(folder, 'new'))).toEqual(['table.csv'])
  })

  it('reads a percentage of the rows, from the top', () => {
    const path = file(`a,b\n${Array.from({ length: 40 }, (_, i) => `${i},${-1 - i}`).join('\n')}\n`)
    expect(readCsv(path, 5)).toEqual({ data: Float64Array.of(0, -1, 1, -2), rows: 2, columns: 2 })
    expect(readCsv(path, 100).rows).toBe(40)
  })

  it('reads Windows line ends', () => {
    expect(readCsv(file('a,b\r\n1,2\r\n')).data).toEqual(Float64Array.of(1, 2))
  })

  it('names the line of what is not a number or not there', () => {
    expect(() => readCsv(file('a,b\n1,2\n3,x\n'))).toThrow(/file\.csv:3 has 'x', which is not a number/)
    expect(() => readCsv(file('a,b\n1,\n'))).toThrow(/file\.csv:2 has '', which is not a number/)
    expect(() => readCsv(file('a,b\n1,2,3\n'))).toThrow(/file\.csv:2 has 3 fields; the header has 2/)
  })
})

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { type NumbaFound, numbaScript } from '../../src/cli/compare/numba/find.ts'
import { NumbaProcess } from '../../src/cli/compare/numba/process.ts'
import { PROGRAMS } from '../../src/cli/compare/programs/index.ts'
import type { Case } from '../../src/cli/compare/programs/program.ts'
import type { Report } from '../../src/cli/compare/rows.ts'
import { NUMBA_VARIANTS } from '../../src/cli/compare/variants.ts'
import { root } from '../house/sources.ts'
import { numbaForTests } from '../support/numba.ts'
import { cli, resultsIn } from './cli.ts'

let numba: NumbaFound
beforeAll(async () => {
  numba = await numbaForTests()
}, 90_000)

function pythonOr(test: TestContext): string {
  if (!numba.measured) test.skip(numba.reason)
  return (numba as Extract<NumbaFound, { measured: true }>).python
}

describe('Numba', () => {
  it('is asked by a script that is part of the package', () => {
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        shell: process.platform === 'win32',
      }),
    ) as { files: { path: string }[] }[]
    const files = packed[0]!.files.map(({ path }) => join(root, path))
    expect(files).toContain(numbaScript())
  })

  it('gives the answers of every program, compiled apart from the samples', { timeout: 120_000 }, async (test) => {
    const python = new NumbaProcess(pythonOr(test), 2)
    try {
      for (const input of PROGRAMS.flatMap((program) => program.cases('quick'))) {
        const args = input.inputs((length) => new Float64Array(length))
        const plain = (input.plain as (...args: unknown[]) => ReturnType<Case['plain']>)(...args)
        const rows = await python.measure(input, args, plain, { seconds: 0, minRounds: 3 }, () => {})
        expect(rows.map(({ variant }) => variant.name)).toEqual(NUMBA_VARIANTS)
        for (const row of rows) {
          expect(row, `${input.program} ${row.variant.name}: ${row.problem}`).toMatchObject({ ok: true, rounds: 3 })
          expect(row.medianMs).toBeGreaterThan(0)
          if (!row.variant.relaxed && input.mathError === undefined) expect(row.ulps).toBe(0)
        }
        expect(rows[0]!.firstCallMs).toBeGreaterThan(rows[0]!.medianMs)
      }
    } finally {
      python.close()
    }
  })

  it('stands in the table and in the results', { timeout: 60_000 }, (test) => {
    const python = pythonOr(test)
    const file = resultsIn('numba.json')
    const args = ['--quick', '--programs', 'rootsSum', '--threads', '2', '--numba', '--python', python]
    const { status, out } = cli('compare', ...args, '--json', file.path)
    expect(out).toMatch(/Numba \d+\.\d+\.\d+ \(NumPy .*, Python .*\), ordinary arrays/)
    for (const name of NUMBA_VARIANTS) expect(out).toMatch(new RegExp(`\n${name} .*✓`))
    expect(status).toBe(0)
    const report = file.read() as Report
    expect(report.numba).toMatchObject({ measured: true, python })
    const rows = report.results.filter((row) => row.variant.startsWith('numba'))
    expect(rows.map(({ variant, threads }) => [variant, threads])).toEqual([
      ['numba', 1],
      ['numba-fastmath', 1],
      ['numba-parallel', 2],
    ])
    for (const row of rows) expect(row.firstCallMs).toBeGreaterThan(row.medianMs!)
  })

  it('is done without where there is none, which is said with the way to get one', { timeout: 60_000 }, () => {
    const file = resultsIn('without.json')
    // Node is no Python: it cannot even read the script.
    const args = ['--quick', '--programs', 'rootsSum', '--numba', '--python', process.execPath]
    const { status, out } = cli('compare', ...args, '--json', file.path)
    expect(out).toContain("Numba's times are left out: no Python with Numba was found: ")
    expect(out).toMatch(/To have them: .* -m venv numba-env, then .*pip install numba, and run again with --numba/)
    expect(out).toContain("Numba's rows are left out: no Python with Numba was found, see above.")
    expect(status).toBe(0)
    const report = file.read() as Report
    expect(report.numba).toMatchObject({ measured: false, remedy: expect.stringContaining('pip install numba') })
    expect(report.results.map((row) => row.variant).filter((name) => name.startsWith('numba'))).toEqual([])
  })
})

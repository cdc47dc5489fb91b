import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/cli/compare/rows.ts'
import { HOISTED, OWN_VARIANTS } from '../../src/cli/compare/variants.ts'
import { PACKAGE } from '../../src/types.ts'
import { root } from '../house/sources.ts'
import { elements, parseXml } from '../support/xml.ts'
import { cli, folder } from './cli.ts'

describe('compare', () => {
  it('runs every program in every variant, finds all answers right, and writes them down', { timeout: 120_000 }, () => {
    const file = join(folder, 'results.json')
    const picture = join(folder, 'results.svg')
    const { status, out, err } = cli('compare', '--quick', '--threads', '2', '--json', file, '--svg', picture)
    expect(err).toMatch(/measuring roots, n = 1,000,000/)
    // Plain text where there is no terminal.
    expect(out + err).not.toContain('\x1b')
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report
    expect(report.results.filter((row) => !row.ok)).toEqual([])
    expect(status).toBe(0)

    const inputs = ['roots', 'rootsSum', 'logProduct', 'calculateScores 5', 'calculateScores 100']
    const variants = (input: string) =>
      OWN_VARIANTS.flatMap((name) => (input === 'rootsSum' && name === 'parallel' ? [HOISTED, name] : [name]))
    const rows = inputs.flatMap((input) => variants(input).map((variant) => `${input} ${variant}`))
    expect(report.results.map((r) => `${r.program}${r.percent ? ` ${r.percent}` : ''} ${r.variant}`)).toEqual(rows)
    for (const row of report.results) {
      expect(row.medianMs).toBeGreaterThan(0)
      expect(row.firstCallMs).toBeGreaterThan(0)
      expect(row.bytesPerSecond).toBeGreaterThan(0)
      const { oneThread, allThreads } = report.copyBandwidth
      const copy = row.threads === 2 ? allThreads : oneThread
      expect(row.shareOfCopyBandwidth).toBeCloseTo(row.bytesPerSecond! / copy, 12)
      expect(row.note === undefined).toBe(row.variant !== HOISTED)
      expect(row.threads).toBe(row.variant.startsWith('parallel') ? 2 : 1)
      // The bounds for logarithms are the comparison's own; what is computed without them equals plain's.
      if (!row.variant.endsWith('fastmath') && row.program !== 'logProduct') expect(row.ulps).toBe(0)
      const scripted = row.program === 'calculateScores' && ['plain', 'jit', 'parallel'].includes(row.variant)
      if (scripted) expect(row.scriptMs).toBeGreaterThan(row.scriptKernelMs!)
      else expect(row.scriptMs).toBeUndefined()
    }
    expect(report.versions).toMatchObject({ node: process.versions.node, v8: process.versions.v8 })
    expect(report.machine.cores).toBeGreaterThanOrEqual(1)
    expect(report.copyBandwidth.oneThread).toBeGreaterThan(1e8)

    for (const { program, variant } of report.results)
      expect(out).toMatch(new RegExp(`${program}:[^]*\n${variant}\\*? `))
    expect(out).toContain('Does 20.0× the data cost 20.0× the time?')
    expect(out).toContain('Would optimising the function further gain much')
    expect(out).toMatch(/31 variants|\d+ variants give plain's answers/)
    expect(out).toContain('* jit-hoisted computes the sum once')
    // What roots reaches of the machine's own bandwidth, in percent.
    expect(out).toMatch(/\nroots:.*\nvariant .* of copy .*\nplain .* \d+ % .*✓/)

    const svg = parseXml(readFileSync(picture, 'utf8'))
    const bars = elements(svg, ({ attributes }) => attributes['aria-roledescription'] === 'bar')
    expect(bars).toHaveLength(report.results.length - 1)
  })

  it('says before it measures what --svg needs', () => {
    // A package without the packages that draw, in a folder from which none are found.
    const bare = join(folder, 'bare')
    cpSync(join(root, 'dist'), join(bare, 'dist'), { recursive: true })
    cpSync(join(root, 'package.json'), join(bare, 'package.json'))
    const command = [join(bare, 'dist/cli/main.js'), 'compare', '--quick', '--svg', join(folder, 'x.svg')]
    const done = spawnSync(process.execPath, command, { cwd: bare, encoding: 'utf8', timeout: 10_000 })
    expect(done).toMatchObject({ status: 2, stdout: '' })
    expect(done.stderr).toMatch(/vega and vega-lite are not installed\. Remedy: npm i vega vega-lite\n$/)
  })

  it('runs only the programs asked for, on ordinary arrays too', { timeout: 60_000 }, () => {
    const file = join(folder, 'ordinary.json')
    const { status } = cli('compare', '--quick', '--ordinary', '--programs', 'rootsSum', '--json', file)
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report
    expect(report.arrays).toBe('ordinary')
    expect(new Set(report.results.map((row) => row.program))).toEqual(new Set(['rootsSum']))
    expect(status).toBe(0)
  })

  it('ends with status 2 and a remedy when an option is wrong', () => {
    const { status, out, err } = cli('compare', '--thread', '2')
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toMatch(new RegExp(`^${PACKAGE}: Unknown option '--thread'\\. Remedy: .*--threads.*\n$`))
    expect(cli('compare', '--json', join(folder, 'no/such/folder.json')).status).toBe(2)
  })

  it('explains itself', () => {
    expect(cli('compare', '--help')).toMatchObject({ status: 0, err: '' })
    expect(cli('--help').out).toContain('compare')
    expect(cli().status).toBe(2)
    expect(cli('nonsense')).toMatchObject({ status: 2, out: '', err: expect.stringContaining("no command 'nonsense'") })
    expect(cli('--version').out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

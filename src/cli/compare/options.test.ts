import { describe, expect, it } from 'vitest'
import { UsageError } from '../usage.ts'
import { compareHelp, parseCompareOptions } from './options.ts'

const known = ['roots', 'rootsSum', 'logProduct']
const parse = (...argv: string[]) => parseCompareOptions(argv, known)

describe('options of compare', () => {
  it('has defaults', () => {
    expect(parse()).toEqual({
      help: false,
      quick: false,
      programs: known,
      threads: undefined,
      json: undefined,
      ordinary: false,
      ceiling: false,
    })
  })

  it('reads every flag', () => {
    const argv = '--quick --programs logProduct,roots --threads=3 --json out.json --ordinary --ceiling -h'.split(' ')
    expect(parse(...argv)).toEqual({
      help: true,
      quick: true,
      programs: ['roots', 'logProduct'],
      threads: 3,
      json: 'out.json',
      ordinary: true,
      ceiling: true,
    })
  })

  it.each([
    [['--quik'], /Unknown option '--quik'\. Remedy: the options of compare are .*--quick/],
    [['--threads'], /--threads <value>' argument missing\. Remedy/],
    [['--quick=yes'], /'-?-?quick' does not take an argument\. Remedy/],
    [['--threads', '0'], /--threads is '0'\. Remedy: give a whole number/],
    [['--threads', '2.5'], /--threads is '2\.5'/],
    [['--threads', 'two'], /--threads is 'two'/],
    [['--programs', 'roots,nope'], /no program 'nope'\. Remedy: choose from roots, rootsSum, logProduct/],
    [['--programs', ''], /no program ''/],
    [['--json', ''], /--json has no file name/],
    [['roots'], /no argument 'roots'\. Remedy: name programs with --programs/],
  ])('refuses %j with a remedy', (argv, message) => {
    expect(() => parse(...argv)).toThrow(UsageError)
    expect(() => parse(...argv)).toThrow(message)
  })

  it('documents every flag that it reads', () => {
    const help = compareHelp(known)
    for (const flag of ['quick', 'programs', 'threads', 'json', 'ordinary', 'ceiling', 'help']) {
      expect(help).toContain(`--${flag}`)
    }
    expect(help).toContain('roots, rootsSum, logProduct')
  })
})

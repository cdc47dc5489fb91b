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
      svg: undefined,
      ordinary: false,
      ceiling: false,
      numba: false,
      python: undefined,
      cluster: false,
      scheduler: undefined,
    })
  })

  it('reads every flag', () => {
    const argv =
      '--quick --programs logProduct,roots --threads=3 --json out.json --svg out.svg --ordinary --ceiling -h'.split(' ')
    argv.push('--numba', '--python', 'env/bin/python', '--cluster', '--scheduler', 'tcp://127.0.0.1:8786')
    expect(parse(...argv)).toEqual({
      help: true,
      quick: true,
      programs: ['roots', 'logProduct'],
      threads: 3,
      json: 'out.json',
      svg: 'out.svg',
      ordinary: true,
      ceiling: true,
      numba: true,
      python: 'env/bin/python',
      cluster: true,
      scheduler: 'tcp://127.0.0.1:8786',
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
    [['--svg', ''], /--svg has no file name\. Remedy: --svg results\.svg/],
    [['--python', 'python3'], /--python is the Python for --numba\. Remedy/],
    [['--numba', '--python='], /--python has no path\. Remedy/],
    [['roots'], /no argument 'roots'\. Remedy: name programs with --programs/],
  ])('refuses %j with a remedy', (argv, message) => {
    expect(() => parse(...argv)).toThrow(UsageError)
    expect(() => parse(...argv)).toThrow(message)
  })

  it('documents every flag that it reads', () => {
    const help = compareHelp(known)
    for (const flag of [
      'quick',
      'programs',
      'threads',
      'json',
      'svg',
      'ordinary',
      'ceiling',
      'numba',
      'python',
      'help',
    ]) {
      expect(help).toContain(`--${flag}`)
    }
    expect(help).toContain('roots, rootsSum, logProduct')
  })
})

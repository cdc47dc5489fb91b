import { afterEach, describe, expect, it, vi } from 'vitest'
import { UsageError } from '../usage.ts'
import { compiledVariants, type FunctionOptions, isOurs, loadCall, parseFunctionOptions } from './options.ts'

const parse = (text: string) => parseFunctionOptions('time', text.split(' '))
const none = { types: undefined, args: undefined, threads: undefined, json: undefined, runs: undefined }
const off = { parallel: false, fastmath: false, ordinary: false }

describe('parseFunctionOptions', () => {
  it('has defaults', () => {
    expect(parse('k.ts#f')).toEqual({ target: 'k.ts#f', ...none, ...off })
    expect(parse('k.ts#f --help')).toBeUndefined()
  })

  it('reads every flag', () => {
    const flags = '--types=int32 --parallel --fastmath --ordinary --threads 3 --json o.json --runs 2'
    expect(parse(`k.ts#f ${flags}`)).toEqual({
      ...{ target: 'k.ts#f', types: 'int32', args: undefined },
      ...{ parallel: true, fastmath: true, ordinary: true, threads: 3, json: 'o.json', runs: 2 },
    })
  })

  it.each([
    ['--parallel', /time was given no function\. Remedy: .* time FILE#fn/],
    ['k.ts#f int32', /time was given 'int32' besides a function\. Remedy: .*go in quotes/],
    ['k.ts#f --types int32 --args 5', /--types and --args both .* Remedy: leave one of them out/],
    ['k.ts#f --runs 0', /--runs is '0'\. Remedy: give a whole number from 1 to 1000/],
    ['k.ts#f --threads many', /--threads is 'many'/],
    ['k.ts#f --quick', /Unknown option '--quick'\. Remedy: the options of time are .*--types.*--runs; see time --help/],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(UsageError)
    expect(() => parse(text)).toThrow(message)
  })

  it('has no runs for explain', () => {
    expect(() => parseFunctionOptions('explain', ['k.ts#f', '--runs', '3'])).toThrow(/Unknown option '--runs'/)
  })
})

describe('loadCall', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('refuses to compare where nothing is compiled', async () => {
    vi.stubEnv('TSUMBA_DISABLE_JIT', '1')
    await expect(loadCall(parse('k.ts#f')!)).rejects.toThrow(/TSUMBA_DISABLE_JIT is set.*Remedy: run without it/)
  })
})

describe('compiledVariants', () => {
  const plain = (x: number) => x
  const library = { jit: (fn: unknown, options: object) => ({ fn, options }) }
  const names = (options: Partial<FunctionOptions>, jitted?: unknown) => {
    const loaded = { name: 'f', plain, jitted, library } as unknown as Parameters<typeof compiledVariants>[0]
    return compiledVariants(loaded, { target: '', ...none, ...off, ...options })
  }

  it('are what the flags say', () => {
    expect(names({})).toEqual([{ name: 'jit', fn: { fn: plain, options: { fastmath: false } } }])
    expect(names({ parallel: true, fastmath: true })).toEqual([
      { name: 'jit-fastmath', fn: { fn: plain, options: { fastmath: true } } },
      { name: 'parallel-fastmath', fn: { fn: plain, options: { parallel: true, fastmath: true } } },
    ])
  })

  it('are what is exported compiled, alone unless a flag says otherwise', () => {
    const jitted = () => 1
    expect(names({}, jitted)).toEqual([{ name: 'exported', fn: jitted }])
    expect(names({ parallel: true }, jitted).map(({ name }) => name)).toEqual(['exported', 'jit', 'parallel'])
  })
})

it('errors on purpose are told by name, from whichever copy of the library', () => {
  expect(isOurs(Object.assign(new Error(), { name: 'CompileError' }))).toBe(true)
  expect([isOurs(new TypeError()), isOurs('text'), isOurs(undefined)]).toEqual([false, false, false])
})

import { availableParallelism, totalmem } from 'node:os'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../usage.ts'
import { memoryLimit, parseWorkerOptions, resources } from './options.ts'

const parse = (...argv: string[]) => parseWorkerOptions(argv)!
const refusal = (...argv: string[]): string => {
  try {
    parseWorkerOptions(argv)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message
  }
  throw new Error('it was accepted')
}

const LOCAL = 'tcp://127.0.0.1:8786'
const TLS = ['--tls-ca-file', 'ca.pem', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem']

describe('the command line of a worker', () => {
  it('needs only an address', () => {
    const { worker, nanny } = parse(LOCAL)
    expect(worker).toMatchObject({ scheduler: LOCAL, nthreads: availableParallelism(), name: undefined })
    expect(worker.memoryLimit).toBeGreaterThan(0)
    expect(nanny).toBe(true)
  })

  it('takes what Dask takes', () => {
    const argv = ['tls://scheduler', ...TLS, '--nthreads', '3', '--memory-limit', '4GiB', '--name', 'x']
    const { worker, nanny } = parse(
      ...argv,
      '--resources',
      'GPU=1 MEMORY=8e9',
      '--local-directory',
      '/data',
      '--no-nanny',
    )
    expect(worker).toMatchObject({
      scheduler: 'tls://scheduler:8786',
      security: { tls: { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } },
      nthreads: 3,
      memoryLimit: 4 * 2 ** 30,
      name: 'x',
      resources: { GPU: 1, MEMORY: 8e9 },
      localDirectory: '/data',
    })
    expect(nanny).toBe(false)
  })

  it('understands an address without scheme and port', () => {
    expect(parse('localhost').worker.scheduler).toBe('tcp://localhost:8786')
    expect(parse('scheduler:1', ...TLS).worker.scheduler).toBe('tls://scheduler:1')
    expect(parse('tcp://[::1]:5').worker.scheduler).toBe('tcp://[::1]:5')
  })

  it('is one process where a nanny starts it', () => {
    expect(parse(LOCAL, '--nanny-address', 'tcp://127.0.0.1:9')).toMatchObject({
      nanny: false,
      worker: { nanny: 'tcp://127.0.0.1:9' },
    })
  })

  it('asks for help', () => {
    expect(parseWorkerOptions(['--help'])).toBeUndefined()
  })
})

describe('what is refused, with the remedy', () => {
  it.each([
    [[], /one address.*Remedy: worker tls:\/\/HOST:8786/],
    [[LOCAL, 'another'], /not also 'another'/],
    [['http://x:1'], /'http:\/\/x:1' is not the address.*Remedy/],
    [['tcp://scheduler:8786'], /a graph is code.*Remedy: use tls:\/\/.*--insecure/],
    [['scheduler'], /a graph is code/],
    [['tls://scheduler:8786'], /needs certificates.*--tls-ca-file, --tls-cert and --tls-key/],
    [['tls://scheduler:8786', '--tls-cert', 'c'], /--tls-ca-file and --tls-key are missing/],
    [[LOCAL, '--nthreads', '0'], /--nthreads is '0'.*whole number from 1/],
    [[LOCAL, '--memory-limit', '4 apples'], /--memory-limit is '4 apples'.*4GiB/],
    [[LOCAL, '--resources', 'GPU'], /--resources has 'GPU'.*GPU=1/],
    [[LOCAL, '--nworkers', '3'], /'--nworkers'.*Remedy: the options of worker are --tls-ca-file/],
  ])('%j', (argv, text) => {
    expect(refusal(...argv)).toMatch(text)
  })

  it('but for what is said to be safe', () => {
    expect(parse('tcp://scheduler:8786', '--insecure').worker.security).toEqual({ insecure: true })
  })
})

describe('a memory limit', () => {
  it.each([
    ['4GiB', 4 * 2 ** 30],
    ['500MB', 5e8],
    ['1.5 GB', 1.5e9],
    ['2e9', 2e9],
    ['512m', 512 * 2 ** 20],
  ])('%s', (text, bytes) => {
    expect(memoryLimit(text, 1)).toBe(bytes)
  })

  it('may be a part of the machine, none, or the share of the threads', () => {
    const half = memoryLimit('0.5', 1)!
    expect(half).toBeLessThanOrEqual(totalmem() / 2)
    expect(memoryLimit('0', 1)).toBeUndefined()
    expect(memoryLimit(undefined, availableParallelism())).toBe(memoryLimit('1', 1))
    expect(memoryLimit('auto', 1)).toBe(Math.floor(memoryLimit('1', 1)! / availableParallelism()))
  })
})

describe('resources', () => {
  it('are amounts by name', () => {
    expect(resources('GPU=1,MEMORY=8e9')).toEqual({ GPU: 1, MEMORY: 8e9 })
    expect(resources(undefined)).toBeUndefined()
    expect(() => resources('GPU=-1')).toThrow(UsageError)
  })
})

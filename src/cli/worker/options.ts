/** The command line of `tsumba worker`, read and refused before anything is opened. */

import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { checkSecurity, parseAddress, type Security } from '../../cluster/dask/wire/address.ts'
import type { DaskWorkerOptions } from '../../cluster/dask/worker/options.ts'
import { TsumbaError } from '../../errors.ts'
import { parseFlags, wholeNumber } from '../flags.ts'
import { UsageError } from '../usage.ts'

export interface WorkerCommand {
  readonly worker: DaskWorkerOptions
  /** Start the worker in a process of its own, and again when it ends by accident. */
  readonly nanny: boolean
  /** Milliseconds for which a nanny tries to reach a scheduler that went away. */
  readonly deathTimeout: number
}

/** The port of Dask's schedulers. */
const SCHEDULER_PORT = 8786
/** Seconds. */
const DEATH_TIMEOUT = 600
/** Milliseconds to wait for a scheduler that is about to start. */
const START_TIMEOUT = 60_000

const FLAGS = {
  'tls-ca-file': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  insecure: { type: 'boolean' },
  nthreads: { type: 'string' },
  'memory-limit': { type: 'string' },
  name: { type: 'string' },
  resources: { type: 'string' },
  'local-directory': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'contact-address': { type: 'string' },
  'no-nanny': { type: 'boolean' },
  'nanny-address': { type: 'string' },
  'death-timeout': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @returns undefined where help is asked for. @throws UsageError */
export function parseWorkerOptions(argv: readonly string[]): WorkerCommand | undefined {
  const { values, positionals } = parseFlags('worker', argv, FLAGS)
  if (values.help) return undefined
  const [scheduler, ...rest] = positionals
  if (scheduler === undefined || rest.length > 0) {
    throw new UsageError(
      `worker takes one address, that of a Dask scheduler${rest.length > 0 ? `, not also '${rest[0]}'` : ''}. ` +
        `Remedy: worker tls://HOST:${SCHEDULER_PORT}, as the scheduler prints it at its start.`,
    )
  }
  const security = securityOf(values)
  const deathTimeout = (wholeNumber('death-timeout', values['death-timeout'], 1e6) ?? DEATH_TIMEOUT) * 1000
  const nthreads = wholeNumber('nthreads', values.nthreads, 1024) ?? availableParallelism()
  return {
    worker: {
      scheduler: addressOf(scheduler, security),
      security,
      nthreads,
      name: values.name,
      memoryLimit: memoryLimit(values['memory-limit'], nthreads),
      resources: resources(values.resources),
      localDirectory: values['local-directory'] ?? tmpdir(),
      host: values.host,
      port: wholeNumber('port', values.port, 65_535),
      contactAddress: values['contact-address'],
      nanny: values['nanny-address'],
      timeout: Math.min(START_TIMEOUT, deathTimeout),
    },
    nanny: !values['no-nanny'] && values['nanny-address'] === undefined,
    deathTimeout,
  }
}

interface SecurityFlags {
  readonly 'tls-ca-file'?: string | undefined
  readonly 'tls-cert'?: string | undefined
  readonly 'tls-key'?: string | undefined
  readonly insecure?: boolean | undefined
}

function securityOf(values: SecurityFlags): Security {
  const { 'tls-ca-file': ca, 'tls-cert': cert, 'tls-key': key, insecure } = values
  if (ca === undefined && cert === undefined && key === undefined) return { insecure }
  if (ca === undefined || cert === undefined || key === undefined) {
    const missing = [ca ?? '--tls-ca-file', cert ?? '--tls-cert', key ?? '--tls-key'].filter((part) =>
      part.startsWith('--tls-'),
    )
    throw new UsageError(
      `TLS needs three files, and ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing. ` +
        'Remedy: --tls-ca-file the authority of the cluster, --tls-cert and --tls-key your certificate of it.',
    )
  }
  return { tls: { ca, cert, key }, insecure }
}

function addressOf(text: string, security: Security): string {
  try {
    const address = parseAddress(
      text.includes('://') ? text : `${security.tls ? 'tls' : 'tcp'}://${text}`,
      SCHEDULER_PORT,
    )
    checkSecurity(address, security)
    const { scheme, host, port } = address
    return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
  } catch (error) {
    if (error instanceof TsumbaError) throw new UsageError(`${error.message}.`)
    throw error
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

/**
 * Bytes: `4GiB`, `500MB`, a number; a fraction up to 1 of this machine's memory; `auto`, the default: the share of the
 * memory that the threads have of the processors. 0 is none, and gives undefined.
 */
export function memoryLimit(text: string | undefined, nthreads: number): number | undefined {
  const memory = machineMemory()
  if (text === undefined || text === 'auto') {
    return Math.floor(memory * Math.min(1, nthreads / availableParallelism()))
  }
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  const unit = match ? UNITS[match[2]!.toLowerCase()] : undefined
  if (!match || unit === undefined) {
    throw new UsageError(
      `--memory-limit is '${text}'. Remedy: bytes such as 4GiB, a fraction of the machine's memory such as 0.5, auto, or 0 for none.`,
    )
  }
  const value = Number(match[1]) * unit
  if (value === 0) return undefined
  return Math.floor(match[2] === '' && value <= 1 ? value * memory : value)
}

/** Bytes that this process may have: the machine's, or less in a container. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0
  // Without a limit the system reports 0, or a number beyond any machine.
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** `GPU=1,MEM=2`, with commas or spaces between. */
export function resources(text: string | undefined): Record<string, number> | undefined {
  if (text === undefined) return undefined
  const amounts: Record<string, number> = {}
  for (const part of text.split(/[\s,]+/).filter((each) => each !== '')) {
    const [name, amount, ...rest] = part.split('=')
    const value = Number(amount)
    if (!name || !amount || rest.length > 0 || !Number.isFinite(value) || value < 0) {
      throw new UsageError(`--resources has '${part}'. Remedy: amounts by name, such as GPU=1,MEMORY=8e9.`)
    }
    amounts[name] = value
  }
  return amounts
}

/**
 * Real Dask for tests: virtual environments with fixed versions of distributed (made once, kept between runs), and
 * schedulers, workers and clients in them as processes of the test that started them.
 *
 * Where an environment cannot be made (no Python, no package index), tests are skipped and say why: `environment`
 * returns the reason. Everything listens on loopback and free ports.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The oldest version that tsumba supports, and the newest when this was written. */
export const VERSIONS = { oldest: '2025.4.0', newest: '2026.8.0' } as const
export type Version = keyof typeof VERSIONS

/** What is installed, each by exact version; what these need comes as the index has it. */
function packages(version: Version): string[] {
  return [`distributed==${VERSIONS[version]}`, `dask==${VERSIONS[version]}`, 'numpy==2.3.5']
}

/** Making an environment downloads some 20 MB; a machine without an index must not hold up the tests. */
const INSTALL_MS = 240_000
const START_MS = 30_000

export interface Environment {
  readonly version: Version
  /** The interpreter. */
  readonly python: string
}

export type Found = { readonly environment: Environment } | { readonly missing: string }

const found = new Map<Version, Promise<Found>>()

/** The environment of a version, made where it is not there yet; or why it is not to be had. */
export function environment(version: Version): Promise<Found> {
  let result = found.get(version)
  if (result === undefined) found.set(version, (result = prepare(version)))
  return result
}

function cacheFolder(): string {
  const modules = join(import.meta.dirname, '../../../node_modules')
  return existsSync(modules) ? join(modules, '.cache', 'tsumba-python') : join(tmpdir(), 'tsumba-python')
}

async function prepare(version: Version): Promise<Found> {
  const base = process.env['TSUMBA_TEST_PYTHON'] ?? 'python3'
  try {
    const { stdout } = await run(base, ['-c', 'import sys, venv; print(sys.version)'], { timeout: START_MS })
    const wanted = packages(version)
    const name = createHash('sha256')
      .update(JSON.stringify([stdout.trim(), wanted]))
      .digest('hex')
      .slice(0, 12)
    const folder = join(cacheFolder(), `distributed-${VERSIONS[version]}-${name}`)
    if (!existsSync(join(folder, 'ready'))) await alone(folder, () => install(base, folder, wanted))
    return { environment: { version, python: join(folder, 'bin', 'python') } }
  } catch (error) {
    const lines = `${(error as { stderr?: string }).stderr ?? ''}\n${(error as Error).message}`.trim().split('\n')
    const line = lines.find((each) => /error/i.test(each)) ?? lines[0]
    return { missing: `no Python environment with distributed ${VERSIONS[version]}: ${line}` }
  }
}

async function install(base: string, folder: string, wanted: readonly string[]): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  await run(base, ['-m', 'venv', folder], { timeout: INSTALL_MS })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...wanted]
  await run(join(folder, 'bin', 'python'), pip, { timeout: INSTALL_MS, maxBuffer: 2 ** 24 })
  writeFileSync(join(folder, 'ready'), '')
}

/** Test files run in several processes at once: one of them installs, the others wait. */
async function alone(folder: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true })
  const lock = `${folder}.lock`
  const deadline = Date.now() + 2 * INSTALL_MS
  for (;;) {
    try {
      // The process that holds it, so that a lock of a dead one does not last.
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch {
      if (existsSync(join(folder, 'ready'))) return
      breakStale(lock)
      if (Date.now() > deadline) throw new Error(`another process has been installing into ${folder} for too long`)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  try {
    if (!existsSync(join(folder, 'ready'))) await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function breakStale(lock: string): void {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return
    const stale = `${lock}.${process.pid}`
    renameSync(lock, stale)
    rmSync(stale, { force: true })
  }
}

export interface Started {
  readonly pid: number
  readonly process: ChildProcess
  /** Everything that it has printed. */
  output(): string
  /** Ends it, by force where it does not go; resolves when it is gone. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface Scheduler extends Started {
  readonly environment: Environment
  readonly address: string
  /** `http://127.0.0.1:…` where it was asked for. */
  readonly dashboard: string | undefined
}

export interface SchedulerOptions {
  /** Serve the dashboard's pages and /json, /health; it takes a second more to start. */
  readonly dashboard?: boolean
  readonly port?: number
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
  /** Dask's settings by their dotted names: `{ 'distributed.scheduler.allowed-failures': 1000 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
}

/** Settings as environment variables, in the form that Dask reads. */
function settings(config: SchedulerOptions['config']): Record<string, string> {
  const all: NonNullable<SchedulerOptions['config']> = {
    'distributed.admin.large-graph-warning-threshold': '1GB',
    ...config,
  }
  const entries = Object.entries(all)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      `DASK_${name.toUpperCase().replaceAll('-', '_').replaceAll('.', '__')}`,
      value === true ? 'True' : value === false ? 'False' : String(value),
    ]),
  )
}

function tlsArguments(tls: SchedulerOptions['tls']): string[] {
  return tls ? ['--tls-ca-file', tls.ca, '--tls-cert', tls.cert, '--tls-key', tls.key] : []
}

/** A stock scheduler on a free port of this machine. */
export async function startScheduler(environment: Environment, options: SchedulerOptions = {}): Promise<Scheduler> {
  const args = ['-m', 'distributed.cli.dask_scheduler', '--host', `${options.tls ? 'tls' : 'tcp'}://127.0.0.1`]
  args.push('--port', String(options.port ?? 0), ...tlsArguments(options.tls))
  args.push(...(options.dashboard ? ['--dashboard-address', '127.0.0.1:0'] : ['--no-dashboard']))
  const started = start(environment.python, args, settings(options.config))
  const [, address] = await started.until(/Scheduler at:\s+(t\w+:\/\/[\d.]+:\d+)/)
  const board = options.dashboard
    ? (await started.until(/dashboard at:\s+(http:\/\/\S+?)(?:\/status)?\s/))[1]
    : undefined
  return Object.assign(started, { environment, address: address!, dashboard: board })
}

export interface WorkerOptions {
  readonly name?: string
  readonly nthreads?: number
  readonly resources?: string
  readonly nanny?: boolean
  readonly tls?: SchedulerOptions['tls']
  readonly config?: SchedulerOptions['config']
}

export interface PythonWorker extends Started {
  readonly address: string
}

/** A stock Python worker that has joined the scheduler. */
export async function startPythonWorker(scheduler: Scheduler, options: WorkerOptions = {}): Promise<PythonWorker> {
  const args = ['-m', 'distributed.cli.dask_worker', scheduler.address, '--no-dashboard', '--nworkers', '1']
  args.push('--nthreads', String(options.nthreads ?? 1), options.nanny ? '--nanny' : '--no-nanny')
  if (options.name) args.push('--name', options.name)
  if (options.resources) args.push('--resources', options.resources)
  args.push(...tlsArguments(options.tls))
  const folder = mkdtempSync(join(tmpdir(), 'tsumba-worker-'))
  args.push('--local-directory', folder)
  const started = start(scheduler.environment.python, args, settings(options.config))
  started.process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [, address] = await started.until(/Start worker at:\s+(t\w+:\/\/[\d.]+:\d+)/)
  await started.until(/Registered to:/)
  return Object.assign(started, { address: address! })
}

/**
 * Runs a program in the environment, with the scheduler's address as its first argument, and returns what it prints.
 * It has `client`, a stock client, and `future(key)`, for keys that somebody else has made.
 */
export async function python(
  scheduler: Scheduler,
  program: string,
  options: {
    readonly args?: readonly string[]
    readonly timeout?: number
    readonly tls?: SchedulerOptions['tls']
  } = {},
): Promise<string> {
  const { tls } = options
  const security = tls
    ? `Security(tls_ca_file=${JSON.stringify(tls.ca)}, tls_client_cert=${JSON.stringify(tls.cert)}, tls_client_key=${JSON.stringify(tls.key)}, require_encryption=True)`
    : 'None'
  const whole = `import sys, json
import numpy as np
from distributed import Client, Future, wait
from distributed.security import Security
client = Client(sys.argv[1], security=${security}, timeout=20, set_as_default=True)
def future(key):
    client._send_to_scheduler({'op': 'client-desires-keys', 'keys': [key], 'client': client.id})
    return Future(key, client)
try:
${program.replace(/^/gm, '    ')}
finally:
    client.close()
`
  const { stdout } = await run(
    scheduler.environment.python,
    ['-c', whole, scheduler.address, ...(options.args ?? [])],
    {
      timeout: options.timeout ?? START_MS,
      maxBuffer: 2 ** 26,
    },
  )
  return stdout.trim()
}

interface Starting extends Started {
  /** Resolves with the match once the output has it; fails when the process ends before or time is up. */
  until(pattern: RegExp): Promise<RegExpExecArray>
}

/** Starts a process that is ended with this one. */
function start(command: string, args: readonly string[], variables: Record<string, string>): Starting {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUNBUFFERED: '1', ...variables },
  })
  let text = ''
  const watchers = new Set<() => void>()
  const more = (chunk: unknown) => {
    text += String(chunk)
    for (const watch of watchers) watch()
  }
  child.stdout.on('data', more)
  child.stderr.on('data', more)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      text += String(error)
      resolve()
    })
    child.once('exit', () => resolve())
  }).then(() => {
    process.off('exit', kill)
    for (const watch of watchers) watch()
  })
  const running = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined
  const stop = async () => {
    if (running()) child.kill('SIGTERM')
    const timer = setTimeout(kill, 3000)
    await exited
    clearTimeout(timer)
  }
  return {
    pid: child.pid ?? -1,
    process: child,
    output: () => text,
    stop,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: stop,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer)
          watchers.delete(watch)
          settle()
        }
        const watch = () => {
          const match = pattern.exec(text)
          if (match) end(() => resolve(match))
          else if (!running()) end(() => reject(new Error(`${args.join(' ')} ended:\n${text.slice(-2000)}`)))
        }
        const late = () => reject(new Error(`${args.join(' ')} did not print ${pattern}:\n${text.slice(-2000)}`))
        const timer = setTimeout(() => end(late), START_MS)
        watchers.add(watch)
        watch()
      }),
  } as Starting
}

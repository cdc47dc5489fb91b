/** Workers of ours as users start them: the built command line, in a process of its own, gone with the test. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../house/sources.ts'

const JOINED = /Worker (t\w+:\/\/\S+) joined/g
const START_MS = 30_000

export interface NodeWorkerOptions {
  readonly name?: string
  readonly nthreads?: number
  /** Bytes, or as the command line takes it; none unless told. */
  readonly memoryLimit?: string
  readonly resources?: string
  readonly nanny?: boolean
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
  /** Further arguments. */
  readonly args?: readonly string[]
}

export interface NodeWorker extends AsyncDisposable {
  /** The process that was started: the nanny's, where there is one. */
  readonly process: ChildProcess
  /** The address of the worker that joined last. */
  readonly address: string
  /** Where it keeps values that do not fit into memory; removed with it. */
  readonly folder: string
  output(): string
  /** Resolves with the address once it has joined so many times. */
  joined(times?: number): Promise<string>
  /** Resolves with the exit status, or the name of the signal. */
  readonly exited: Promise<number | string>
  signal(signal: NodeJS.Signals): void
  /** Ends it, by force where it does not go; resolves when it and its children are gone. */
  stop(): Promise<void>
}

/** Starts a worker without waiting for it. */
export function launchWorker(scheduler: string, options: NodeWorkerOptions = {}): NodeWorker {
  const folder = mkdtempSync(join(tmpdir(), 'tsumba-test-worker-'))
  const args = ['worker', scheduler, '--nthreads', String(options.nthreads ?? 1), '--local-directory', folder]
  args.push('--memory-limit', options.memoryLimit ?? '0')
  if (options.name) args.push('--name', options.name)
  if (options.resources) args.push('--resources', options.resources)
  if (!options.nanny) args.push('--no-nanny')
  const { tls } = options
  if (tls) args.push('--tls-ca-file', tls.ca, '--tls-cert', tls.cert, '--tls-key', tls.key)
  args.push(...(options.args ?? []))
  const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const watchers = new Set<() => void>()
  const more = (chunk: Buffer) => {
    text += chunk
    for (const watch of watchers) watch()
  }
  child.stdout.on('data', more)
  child.stderr.on('data', more)
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('exit', kill)
      resolve(signal ?? code ?? -1)
      for (const watch of watchers) watch()
    })
  })
  const addresses = () => [...text.matchAll(JOINED)].map((match) => match[1]!)
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const stop = async () => {
    const children = isRunning() ? childrenOf(child.pid!) : []
    if (isRunning()) child.kill('SIGKILL')
    await exited
    for (const pid of children) killQuietly(pid)
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    process: child,
    folder,
    get address() {
      return addresses().at(-1) ?? ''
    },
    output: () => text,
    joined: (times = 1) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer)
          watchers.delete(watch)
          settle()
        }
        const watch = () => {
          if (addresses().length >= times) end(() => resolve(addresses()[times - 1]!))
          else if (!isRunning()) end(() => reject(new Error(`the worker ended:\n${text}`)))
        }
        const late = () => end(() => reject(new Error(`the worker did not join:\n${text}`)))
        const timer = setTimeout(late, START_MS)
        watchers.add(watch)
        watch()
      }),
    exited,
    signal: (signal) => void child.kill(signal),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A worker that has joined. */
export async function startWorker(scheduler: string, options: NodeWorkerOptions = {}): Promise<NodeWorker> {
  const worker = launchWorker(scheduler, options)
  try {
    await worker.joined()
    return worker
  } catch (error) {
    await worker.stop()
    throw error
  }
}

/** Why the processes of a process cannot be listed here; undefined: they can. */
export const noChildren = process.platform === 'linux' ? undefined : 'child processes are listed from /proc: Linux only'

/** Processes that a process has started; Linux only, elsewhere none. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

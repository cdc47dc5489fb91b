/** The processes of `tsumba worker`: signals, the channel between nanny and worker, exit statuses. */

import { type ChildProcess, spawn } from 'node:child_process'
import { type FromWorker, Nanny, type ToWorker } from '../../cluster/dask/worker/nanny.ts'
import { DaskWorker, type DaskWorkerOptions } from '../../cluster/dask/worker/worker.ts'
import { TsumbaError } from '../../errors.ts'

/** Milliseconds that the scheduler may take to move what only this worker holds. */
const RETIRE = 50_000

/** Status of a process that wants to be started again: EX_TEMPFAIL of sysexits. */
const AGAIN = 75

type Log = (line: string) => void

/** Runs a worker in this process. @returns the exit status */
export async function runWorker(options: DaskWorkerOptions & { readonly log: Log }): Promise<number> {
  const supervised = options.nanny !== undefined && process.connected === true
  const tell = (message: FromWorker) => {
    if (process.connected) process.send!(message)
  }
  let worker: DaskWorker
  // A terminal sends its signals to nanny and worker; then the nanny decides.
  const ignore = () => {}
  if (supervised) process.on('SIGINT', ignore)
  try {
    worker = await DaskWorker.start(options)
  } catch (error) {
    if (!supervised || !(error instanceof TsumbaError)) throw error
    tell({ type: 'failed', message: error.message, code: error.code })
    process.disconnect()
    return 1
  }
  let retiring = false
  const retire = () => {
    if (retiring) process.exit(1)
    retiring = true
    void worker.retire(RETIRE)
  }
  process.on('SIGTERM', retire)
  if (supervised) {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'retire') retire()
      else void worker.close({ reason: message.reason, restart: true })
    })
    // The nanny is gone without a word.
    process.on('disconnect', () => void worker.retire(RETIRE))
  } else process.on('SIGINT', retire)
  tell({ type: 'joined', address: worker.address })
  const ending = await worker.closed
  tell({ type: 'ended', ...ending })
  process.off('SIGTERM', retire)
  process.removeAllListeners('disconnect')
  if (process.connected) process.disconnect()
  return ending.restart ? AGAIN : 0
}

export interface NannyCommand {
  readonly worker: DaskWorkerOptions
  readonly deathTimeout: number
  /** The arguments of `worker`, for the process of the worker. */
  readonly argv: readonly string[]
  readonly log: Log
}

/** Runs a worker in a process of its own and looks after it. @returns the exit status */
export async function runNanny({ worker, deathTimeout, argv, log }: NannyCommand): Promise<number> {
  const nanny = await Nanny.start({ worker, deathTimeout, log, spawn: (address) => spawnWorker(argv, address) })
  let retiring = false
  const retire = () => {
    if (retiring) void nanny.close('two signals')
    else void nanny.retire()
    retiring = true
  }
  process.on('SIGTERM', retire)
  process.on('SIGINT', retire)
  const { reason, failed } = await nanny.closed
  log(`${failed ? 'The worker cannot go on' : 'The worker has ended'}: ${reason}`)
  process.off('SIGTERM', retire)
  process.off('SIGINT', retire)
  return failed ? 1 : 0
}

function spawnWorker(argv: readonly string[], nanny: string): ChildProcess {
  const script = process.argv[1]!
  return spawn(process.execPath, [...process.execArgv, script, 'worker', ...argv, '--nanny-address', nanny], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: { GLIBC_TUNABLES: HUGE_PAGES, ...process.env },
  })
}

/**
 * Large arrays in pages of 2 MiB instead of 4 KiB, as NumPy has its own: fresh memory is then four times as fast to fill,
 * and fetching an array from another worker takes half the time. glibc reads it when a process starts; others ignore it.
 */
const HUGE_PAGES = 'glibc.malloc.hugetlb=1'

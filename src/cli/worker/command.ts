/** `worker ADDRESS`: joins a Dask scheduler and runs tasks for it. */

import { TsumbaError } from '../../errors.ts'
import { PACKAGE } from '../../types.ts'
import { parseWorkerOptions, type WorkerCommand } from './options.ts'

const help = (): string => `Usage: ${PACKAGE} worker ADDRESS [options]

Joins a Dask scheduler (distributed 2025.4 or later) as a worker and runs tasks for it until it is told to end.
ADDRESS is what the scheduler prints at its start: tls://HOST:8786, or tcp://127.0.0.1:8786 on this machine.

  --tls-ca-file FILE   the certificate of the authority that signed everybody's certificate
  --tls-cert FILE      this worker's certificate
  --tls-key FILE       and its key
  --insecure           allow tcp:// to other machines: a graph is code, so that anybody on the network between
                       can run theirs here

  --nthreads N         tasks at a time (default: as many as processors)
  --memory-limit SIZE  such as 4GiB, or 0.5 of the machine; 0: none. Past 60 % values go to disk, past 80 % no task
                       starts, past 95 % the worker starts again (default: the machine's, by its share of processors)
  --name NAME          how the scheduler and the dashboard show it
  --resources LIST     what tasks may ask for, such as GPU=1,MEMORY=8e9
  --local-directory D  where values go that do not fit into memory (default: the system's folder for such)

  --host HOST          where to listen (default: the interface that leads to the scheduler)
  --port PORT          (default: a free one)
  --contact-address A  how others reach this worker, where that is another address
  --no-nanny           one process: it is not started again when it dies, and cannot be restarted by clients
  --death-timeout S    seconds for which a lost scheduler is looked for, and one that is not there yet, up to 60
                       (default: 600)
  --help               show this text

SIGTERM and SIGINT retire the worker: what only it holds moves to others first. A second one ends it at once.
Exit status: 0 when it was told to end, 1 when it could not go on, 2 for a wrong option, and with --no-nanny 75 when it
should be started again, such as after the scheduler was lost.
`

/** @returns the exit status. */
export async function worker(argv: readonly string[]): Promise<number> {
  const command = parseWorkerOptions(argv)
  if (command === undefined) {
    process.stdout.write(help())
    return 0
  }
  try {
    return command.nanny ? await underNanny(command, argv) : await alone(command)
  } catch (error) {
    if (!(error instanceof TsumbaError)) throw error
    process.stderr.write(`${PACKAGE}: ${error.message}\n`)
    return 1
  }
}

const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`)

// The cluster is loaded only here: other commands start without it.

async function alone({ worker }: WorkerCommand): Promise<number> {
  const { runWorker } = await import('./run.ts')
  return runWorker({ ...worker, log })
}

async function underNanny({ worker, deathTimeout }: WorkerCommand, argv: readonly string[]): Promise<number> {
  const { runNanny } = await import('./run.ts')
  return runNanny({ worker, deathTimeout, argv, log })
}

/** What a worker is told at its start. */

import type { Executor, ExecutorOptions } from '../../executor/executor.ts'
import type { Security } from '../wire/address.ts'

export interface DaskWorkerOptions {
  /** `tls://host:8786` */
  readonly scheduler: string
  readonly security: Security
  readonly nthreads: number
  /** The address, unless told. */
  readonly name?: string | undefined
  /** Bytes; undefined: none. */
  readonly memoryLimit?: number | undefined
  readonly resources?: Readonly<Record<string, number>> | undefined
  /** The folder in which the worker makes its own. */
  readonly localDirectory: string
  /** Where to listen; unless told, where the scheduler is reached from. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** How others reach this worker, where that is not where it listens. */
  readonly contactAddress?: string | undefined
  /** The address of the nanny that started it. */
  readonly nanny?: string | undefined
  /** Milliseconds to wait for the scheduler. */
  readonly timeout?: number | undefined
  readonly log?: ((line: string) => void) | undefined
  readonly startExecutor?: ((options: ExecutorOptions) => Promise<Executor>) | undefined
}

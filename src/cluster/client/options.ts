/** What `client.with` takes, checked where it is written. */

import { TsumbaError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import type { Key, TaskOptions } from '../task.ts'

export interface SubmitOptions extends TaskOptions {
  /** The name of the task; of `map`, the tasks are `key-0`, `key-1`, …. A key that is there already is not run again. */
  readonly key?: Key | undefined
  /** `map` hands its tasks over in groups of this many, so that the first start before the last are written. */
  readonly batchSize?: number | undefined
}

const CHECKS: Record<keyof SubmitOptions, { readonly is: (value: unknown) => boolean; readonly what: string }> = {
  retries: { is: (v) => Number.isInteger(v) && (v as number) >= 0, what: 'a whole number of times, 0 or more' },
  priority: { is: (v) => Number.isFinite(v), what: 'a number; larger runs earlier' },
  workers: {
    is: (v) => Array.isArray(v) && v.length > 0 && v.every((name) => typeof name === 'string' && name !== ''),
    what: 'a list of names or addresses of workers',
  },
  allowOtherWorkers: { is: (v) => typeof v === 'boolean', what: 'true or false' },
  resources: {
    is: (v) =>
      typeof v === 'object' &&
      v !== null &&
      Object.values(v).every((n) => typeof n === 'number' && n >= 0 && n < 1e300),
    what: 'amounts by name, as { GPU: 1 }',
  },
  pure: { is: (v) => typeof v === 'boolean', what: 'true or false' },
  key: { is: (v) => typeof v === 'string' && v !== '', what: 'a text that names the task' },
  batchSize: { is: (v) => Number.isInteger(v) && (v as number) > 0, what: 'a whole number of tasks, 1 or more' },
}

/** @throws TsumbaError where an option is unknown or cannot be what it is. */
export function checkOptions(options: SubmitOptions, backend: Backend): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TsumbaError(
        `client.with knows no option ${name}. It knows ${Object.keys(CHECKS).join(', ')}.`,
        'argument-type',
      )
    }
    if (value === undefined) continue
    const { is, what } = CHECKS[name as keyof SubmitOptions]
    if (!is(value)) throw new TsumbaError(`${name} is ${what}; it got ${show(value)}.`, 'argument-type')
  }
  if (options.resources !== undefined && !backend.capabilities.has('resources')) {
    throw unsupported(backend, 'resources', 'Remedy: start workers with --resources on a Dask scheduler.')
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What this back end does not have, and which one has it. */
export function unsupported(backend: Backend, what: string, remedy: string): TsumbaError {
  return new TsumbaError(`${what}: not to be had from ${backend.kind} at ${backend.address}. ${remedy}`, 'unsupported')
}

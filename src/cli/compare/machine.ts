import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { PACKAGE } from '../../types.ts'
import { packageVersion } from '../packageFiles.ts'

/** What the figures were measured on and with. */
export interface Header {
  readonly machine: {
    readonly cpu: string
    /** Cores that this process may use. */
    readonly cores: number
    readonly memoryBytes: number
    readonly os: string
    readonly arch: string
  }
  readonly versions: { readonly node: string; readonly v8: string; readonly [library: string]: string }
  readonly date: string
}

export function header(): Header {
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      os: `${platform()} ${release()}`,
      arch: process.arch,
    },
    versions: { node: process.versions.node, v8: process.versions.v8, [PACKAGE]: packageVersion() },
    date: new Date().toISOString(),
  }
}

/** What the common suite runs against: a back end, how to start it, and what it does not have, with reasons. */

import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, type TestContext } from 'vitest'
import type { Capability } from '../../../src/cluster/backend.ts'
import type { Client } from '../../../src/cluster/index.ts'

export interface Cluster {
  connect(): Promise<Client>
  close(): Promise<void>
}

export interface Subject {
  readonly name: string
  /** Why it does not have something. The clients must say the same of themselves. */
  readonly without: Partial<Record<Capability, string>>
  /** Why it cannot run on this machine. */
  missing(): Promise<string | undefined>
  start(options: { readonly workers: number; readonly threads: number }): Promise<Cluster>
}

/** One cluster for the tests of a `describe`, and a client for each test that asks. */
export class Bench {
  readonly subject: Subject
  private missing: string | undefined
  private cluster: Cluster | undefined
  private readonly clients: Client[] = []

  constructor(subject: Subject, options: { readonly workers: number; readonly threads: number }) {
    this.subject = subject
    beforeAll(async () => {
      this.missing = await subject.missing()
      if (this.missing === undefined) this.cluster = await subject.start(options)
    }, 600_000)
    afterAll(async () => {
      await Promise.all(this.clients.map((client) => client.close()))
      await this.cluster?.close()
    }, 60_000)
  }

  /** A client, or a skip with the reason. */
  async client(ctx: TestContext, ...needs: Capability[]): Promise<Client> {
    if (this.missing !== undefined) ctx.skip(this.missing)
    for (const need of needs) if (this.subject.without[need] !== undefined) ctx.skip(this.subject.without[need])
    const client = await this.cluster!.connect()
    this.clients.push(client)
    return client
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until something holds, at most ten seconds; false when it does not. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (await holds()) return true
    await sleep(50)
  }
  return holds()
}

/** Files and folders in memory and in the temporary folder whose names say that they belong to this process. */
export const leftovers = (): string[] =>
  ['/dev/shm', tmpdir()].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(`tsumba-${process.pid}-`)) : [],
  )

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

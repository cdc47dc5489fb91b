/**
 * Everything that can go wrong does, and every answer is right. One seed here; `TSUMBA_CHAOS_SEEDS=10` for more
 * (bench/cluster/README.md has what came of ten).
 */

import { describe, expect, it } from 'vitest'
import { environment, VERSIONS, type Version } from '../support/python.ts'
import { chaosOnDask } from './dask.ts'
import { chaosOnLocalCluster } from './local.ts'

const SEEDS = Number(process.env['TSUMBA_CHAOS_SEEDS'] ?? 1)
const KILLS = SEEDS > 1 ? 10 : 5
const LIMIT = 150_000

/** The oldest version too where there is time. */
const versions: Version[] = SEEDS > 1 ? ['oldest', 'newest'] : ['newest']

describe.each(versions)('chaos on Dask %s', (version) => {
  it.for(Array.from({ length: SEEDS }, (_, i) => i + 1))('seed %i', { timeout: LIMIT + 60_000 }, async (seed, ctx) => {
    const found = await environment(version)
    if ('missing' in found) return ctx.skip(found.missing)
    const result = await chaosOnDask(found.environment, { seed, tasks: 1500, pause: 3000, kills: KILLS, limit: LIMIT })
    console.log(JSON.stringify({ version: VERSIONS[version], ...result }))
    expect(result.wrong).toBe(0)
    expect(result.complaints).toEqual([])
    expect(result.kills).toBeGreaterThan(0)
  })
})

describe.each([
  ['threads', false],
  ['processes', true],
] as const)('chaos on LocalCluster with %s', (kind, processes) => {
  it.for(Array.from({ length: SEEDS }, (_, i) => i + 1))('seed %i', { timeout: LIMIT + 60_000 }, async (seed) => {
    // Nothing is lost with a worker but what it was running, so that it takes less time.
    const options = { seed, tasks: 1500, processes, pause: processes ? 3000 : 1000, faults: KILLS, limit: LIMIT }
    const result = await chaosOnLocalCluster(options)
    console.log(JSON.stringify({ kind, ...result }))
    expect(result.wrong).toBe(0)
    expect(result.faults).toBeGreaterThan(0)
  })
})

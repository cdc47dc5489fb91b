import { spawnSync } from 'node:child_process'
import { buildSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { CONTROL, HEADER, HEAP_START, TLS } from './layout.ts'
import { allocatePermanent, heap, heapReason } from './memory.ts'

const NODE_MAJOR = Number(process.versions.node.split('.')[0])

describe('heap', () => {
  it('is made once, small, with an area for this thread', () => {
    const made = heap()!
    expect(heap()).toBe(made)
    expect(heapReason()).toBe('')
    expect(made.memory.buffer.byteLength).toBeLessThan(4e6)
    expect(made.tls).toBeGreaterThanOrEqual(HEAP_START)
    expect(made.tls % 64).toBe(0)
    const handle = made.tls - HEADER.bytes
    expect(made.allocator.reach(made.tls)[(handle + HEADER.length) >>> 2]).toBe(TLS.bytes)
    expect(new Uint8Array(made.memory.buffer, 0, CONTROL).every((x) => x === 0)).toBe(true)
    expect(() => allocatePermanent(made.allocator, 2 ** 33)).toThrow('no room')
  })

  it.skipIf(process.platform !== 'linux')('says why there is none where address space is limited', () => {
    // Bundled, because tools that load TypeScript need WebAssembly themselves.
    const { outputFiles } = buildSync({
      stdin: {
        contents: `
          import { heap, heapReason } from './memory.ts'
          import { allocate } from './arrays.ts'
          const a = allocate(Float64Array, 3)
          console.log(JSON.stringify([heap() === undefined, heapReason(), a.length]))`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      platform: 'node',
      write: false,
    })
    const run = spawnSync(
      'bash',
      ['-c', 'ulimit -v 3000000 && exec "$0" -e "$1"', process.execPath, outputFiles[0]!.text],
      { encoding: 'utf8' },
    )
    expect(run.stderr).toBe('')
    const [none, reason, length] = JSON.parse(run.stdout)
    expect(length).toBe(3)
    // Newer engines reserve less and find room.
    if (none || NODE_MAJOR < 24) expect(reason).toMatch(/no shared memory .*ulimit -v/)
    else expect(reason).toBe('')
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Encoded } from '../../travel/encoded.ts'
import { Store } from './store.ts'

const value = (bytes: readonly number[]): Encoded => ({
  serializer: 'test',
  header: new Uint8Array([7, 7]),
  frames: [new Uint8Array(bytes), new Uint8Array(0)],
  nbytes: 2 + bytes.length,
  typename: 'Uint8Array',
})
const bytesOf = (encoded: Encoded | undefined) => encoded && [...encoded.frames[0]!]

let parent: string
let store: Store
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tsumba-store-test-'))
  store = new Store(parent)
})
afterEach(() => {
  store.close()
  rmSync(parent, { recursive: true })
})

const files = () => readdirSync(store.folder)

describe('a value', () => {
  it('goes to disk and comes back as it was', async () => {
    store.put('x', value([1, 2, 3]))
    expect(await store.spill('x')).toBe(true)
    expect(store.inMemory('x')).toBeUndefined()
    expect(files()).toHaveLength(1)
    expect(await store.read('x')).toEqual(value([1, 2, 3]))
    // To read is not to keep.
    expect(store.inMemory('x')).toBeUndefined()
    expect(await store.load('x')).toEqual(value([1, 2, 3]))
    expect(bytesOf(store.inMemory('x'))).toEqual([1, 2, 3])
    await expect.poll(files).toEqual([])
  })

  it('that is dropped on its way to disk leaves no file', async () => {
    store.put('x', value([1]))
    const spilled = store.spill('x')
    store.drop('x')
    expect(await spilled).toBeUndefined()
    expect(files()).toEqual([])
    expect(store.has('x')).toBe(false)
  })

  it('that is replaced on its way to disk stays the new one', async () => {
    store.put('x', value([1]))
    const spilled = store.spill('x')
    store.put('x', value([2]))
    expect(await spilled).toBeUndefined()
    expect(bytesOf(store.inMemory('x'))).toEqual([2])
    expect(files()).toEqual([])
  })

  it('that is dropped while it is read is read to the end', async () => {
    store.put('x', value([5]))
    await store.spill('x')
    const [first, second] = [store.read('x'), store.load('x')]
    store.drop('x')
    expect(bytesOf(await first)).toEqual([5])
    expect(bytesOf(await second)).toEqual([5])
    expect(store.has('x')).toBe(false)
    await expect.poll(files).toEqual([])
  })

  it('whose file is damaged is not there', async () => {
    store.put('x', value([1, 2, 3]))
    await store.spill('x')
    writeFileSync(join(store.folder, files()[0]!), 'x')
    expect(await store.load('x')).toBeUndefined()
  })

  it('that cannot be written stays in memory', async () => {
    store.put('x', value([1, 2, 3]))
    rmSync(store.folder, { recursive: true })
    expect(await store.spill('x')).toBe(false)
    expect(bytesOf(store.inMemory('x'))).toEqual([1, 2, 3])
  })
})

describe('the folder', () => {
  it('is gone after close', async () => {
    store.put('x', value([1]))
    await store.spill('x')
    store.close()
    expect(readdirSync(parent)).toEqual([])
  })

  it('of a worker that was killed is removed by the next', () => {
    const pid = Number(execFileSync(process.execPath, ['-p', 'process.pid']).toString())
    const orphan = join(parent, `tsumba-worker-${pid}-abc`)
    const alive = join(parent, `tsumba-worker-${process.pid}-abc`)
    const other = join(parent, 'somebody-elses')
    for (const folder of [orphan, alive, other]) mkdirSync(folder)
    new Store(parent).close()
    expect([orphan, alive, other].map((folder) => existsSync(folder))).toEqual([false, true, true])
  })
})

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { allocate } from '../../index.ts'
import { FrameFiles, isFile } from '../executor/files.ts'
import { encode } from '../travel/values.ts'
import { fetchValue } from './fetch.ts'
import { Pool } from './pool.ts'
import { FileStore, SharedStore, type Store } from './store.ts'

const stores: Store[] = []
const folders: string[] = []
afterEach(() => {
  for (const store of stores.splice(0)) store.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
const kept = <S extends Store>(store: S): S => {
  stores.push(store)
  return store
}
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'tsumba-store-'))
  folders.push(made)
  return made
}
let count = 0
const fileStore = () => kept(new FileStore(`tsumba-store-test-${process.pid}-${count++}`))

/** Bytes from which pieces are used again, and arrays come where compiled code reads them. */
const LARGE = 2 ** 18

describe.each([
  ['shared memory', () => kept(new SharedStore())],
  ['files', fileStore],
])('values in %s', (_, make) => {
  it('are what they were when they were kept', async () => {
    const store = make()
    const values = [new Float64Array(LARGE).fill(1), new Uint8Array(5).fill(2), new Int32Array(20_000).fill(3)]
    const held = store.keep(encode({ values, text: 'x' }))
    for (const value of values) value.fill(9)
    expect(await fetchValue(store, held)).toEqual({
      values: [new Float64Array(LARGE).fill(1), new Uint8Array(5).fill(2), new Int32Array(20_000).fill(3)],
      text: 'x',
    })
  })

  it('use the memory of others that are gone', async () => {
    const store = make()
    const first = store.keep(encode(new Float64Array(LARGE).fill(1)))
    const other = store.keep(encode(new Float64Array(LARGE).fill(2)))
    store.drop(first)
    store.drop(first)
    const next = store.keep(encode(new Float64Array(LARGE - 5).fill(3)))
    expect(await fetchValue(store, next)).toEqual(new Float64Array(LARGE - 5).fill(3))
    expect(await fetchValue(store, other)).toEqual(new Float64Array(LARGE).fill(2))
    const again = store.keep(encode(new Float64Array(LARGE).fill(4)))
    expect(await fetchValue(store, next)).toEqual(new Float64Array(LARGE - 5).fill(3))
    expect(await fetchValue(store, again)).toEqual(new Float64Array(LARGE).fill(4))
  })

  it('are not overwritten while they are read', async () => {
    const store = make()
    const held = store.keep(encode(new Float64Array(LARGE).fill(1)))
    const reading = fetchValue(store, held)
    store.drop(held)
    store.keep(encode(new Float64Array(LARGE).fill(2)))
    expect(await reading).toEqual(new Float64Array(LARGE).fill(1))
  })
})

describe('shared memory', () => {
  it('lends `allocate`d arrays, even beyond their scope', async () => {
    const store = kept(new SharedStore())
    const array = allocate(Float64Array, LARGE).fill(1)
    const held = store.keep(encode(array))
    array[0] = 2
    array[Symbol.dispose]()
    const others = Array.from({ length: 4 }, () => allocate(Float64Array, LARGE).fill(7))
    expect(((await fetchValue(store, held)) as Float64Array).subarray(0, 3)).toEqual(new Float64Array([2, 1, 1]))
    store.drop(held)
    expect(others[3]![0]).toBe(7)
  })
})

describe('files', () => {
  it('go to the next folder where there is no room, and within messages where there is none at all', () => {
    const there = folder()
    const bytes = new Uint8Array(1000).fill(5)
    const files = new FrameFiles([join(there, 'missing'), there], 'x')
    const frame = files.write(bytes)!
    expect(frame).toMatchObject({ folder: 1, byteLength: 1000 })
    expect(files.read(frame, new Uint8Array(1000))).toEqual(bytes)
    files.remove(frame)
    expect(readdirSync(there)).toEqual([])
    expect(new FrameFiles([join(there, 'missing')], 'x').write(bytes)).toBeUndefined()
  })

  it('of a worker that died are removed, but for those that are values', async () => {
    const store = fileStore()
    const worker = new FrameFiles(store.folders, 'worker0.0-0')
    const frame = worker.write(new Uint8Array(new Float64Array(LARGE).fill(6).buffer))!
    worker.write(new Uint8Array(10))
    const header = encode(new Float64Array(LARGE))
    const held = { ...header, frames: [frame] }
    store.adopt(held)
    store.clean('worker0.')
    expect(store.folders.flatMap((f) => readdirSync(f))).toEqual([frame.name])
    expect(await fetchValue(store, held)).toEqual(new Float64Array(LARGE).fill(6))
    store.close()
    expect(store.folders.filter(existsSync)).toEqual([])
  })

  it('hold large arrays only', () => {
    const store = fileStore()
    const held = store.keep(encode([new Float64Array(LARGE), new Float64Array(3)]))
    expect(held.frames.map(isFile)).toEqual([true, false])
  })
})

describe('the pool', () => {
  it('gives what fits best, and ends what is too much', () => {
    const ended: number[] = []
    const pool = new Pool<{ readonly byteLength: number }>(({ byteLength }) => ended.push(byteLength))
    const mb = 2 ** 20
    for (const byteLength of [10 * mb, 4 * mb, 5 * mb, 100]) pool.give({ byteLength })
    expect(ended).toEqual([100])
    expect(pool.take(4.5 * mb)).toEqual({ byteLength: 5 * mb })
    expect(pool.take(4.5 * mb)).toBeUndefined()
    expect(pool.take(6 * mb)).toEqual({ byteLength: 10 * mb })
    pool.clear()
    expect(ended).toEqual([100, 4 * mb])
  })
})

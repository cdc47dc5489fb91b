/**
 * The values that a worker holds: in memory, or as files in a folder of its own. What goes where the machine says
 * (residence.ts); here it only happens. A file is the value's header and frames, one after the other.
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE } from '../../../types.ts'
import type { Key } from '../../task.ts'
import type { Encoded } from '../../travel/encoded.ts'

/** Where frames that come from disk are put; a worker takes shared memory, so that threads see them without a copy. */
export type Allocate = (bytes: number) => ArrayBufferLike

/** What stays in memory of a value on disk. */
interface Filed {
  readonly file: string
  readonly serializer: string
  readonly typename: string
  readonly nbytes: number
  readonly header: number
  readonly frames: readonly number[]
}

interface Entry {
  value: Encoded | undefined
  filed: Filed | undefined
  reading: Promise<Encoded | undefined> | undefined
}

/** One call of `fs` moves less than 2 GiB. */
const CHUNK = 2 ** 30
const PREFIX = `${PACKAGE}-worker-`

export class Store {
  readonly folder: string
  private readonly entries = new Map<Key, Entry>()
  private readonly allocate: Allocate
  private serial = 0
  private closed = false

  /** @param parent the folder in which the store makes its own */
  constructor(parent: string, allocate: Allocate = (bytes) => new SharedArrayBuffer(bytes)) {
    removeOrphans(parent)
    this.folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`))
    this.allocate = allocate
  }

  get size(): number {
    return this.entries.size
  }

  keys(): Iterable<Key> {
    return this.entries.keys()
  }

  has(key: Key): boolean {
    return this.entries.has(key)
  }

  put(key: Key, value: Encoded): void {
    this.drop(key)
    this.entries.set(key, { value, filed: undefined, reading: undefined })
  }

  drop(key: Key): void {
    const entry = this.entries.get(key)
    if (!entry) return
    this.entries.delete(key)
    this.discard(entry)
  }

  /** The value, where it is in memory. */
  inMemory(key: Key): Encoded | undefined {
    return this.entries.get(key)?.value
  }

  /**
   * The value, from disk where it is there; it does not stay in memory. Undefined: there is none, or its file cannot be
   * read.
   */
  async read(key: Key): Promise<Encoded | undefined> {
    const entry = this.entries.get(key)
    if (!entry?.filed || entry.value) return entry?.value
    entry.reading ??= readFiled(entry.filed, this.allocate).catch(() => undefined)
    const value = await entry.reading
    entry.reading = undefined
    // Dropped while it was read: nobody else does it any more.
    if (this.entries.get(key) !== entry) this.discard(entry)
    return value
  }

  /** Brings a value back into memory. */
  async load(key: Key): Promise<Encoded | undefined> {
    const entry = this.entries.get(key)
    const value = await this.read(key)
    if (value && entry?.filed && this.entries.get(key) === entry) {
      entry.value = value
      this.discard(entry)
      entry.filed = undefined
    }
    return value
  }

  /**
   * Writes a value to disk and lets go of its memory.
   * @returns whether it is on disk now; undefined where the value was dropped or replaced meanwhile
   */
  async spill(key: Key): Promise<boolean | undefined> {
    const entry = this.entries.get(key)
    const value = entry?.value
    if (!value) return undefined
    const file = join(this.folder, String(this.serial++))
    const filed: Filed = {
      file,
      serializer: value.serializer,
      typename: value.typename,
      nbytes: value.nbytes,
      header: value.header.length,
      frames: value.frames.map(({ length }) => length),
    }
    const written = await writeFiled(file, value)
    if (this.entries.get(key) !== entry || this.closed || !written) {
      await unlink(file).catch(() => {})
      return this.entries.get(key) === entry ? false : undefined
    }
    entry.filed = filed
    entry.value = undefined
    return true
  }

  /** Removes all files. */
  close(): void {
    this.closed = true
    this.entries.clear()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  private discard(entry: Entry): void {
    // Whoever reads the file removes it afterwards.
    if (entry.filed && !entry.reading) void unlink(entry.filed.file).catch(() => {})
  }
}

async function writeFiled(file: string, value: Encoded): Promise<boolean> {
  let handle: FileHandle | undefined
  try {
    handle = await open(file, 'wx', 0o600)
    for (const part of [value.header, ...value.frames]) {
      for (let at = 0; at < part.length; ) {
        const { bytesWritten } = await handle.write(part, at, Math.min(CHUNK, part.length - at))
        at += bytesWritten
      }
    }
    return true
  } catch {
    return false
  } finally {
    await handle?.close().catch(() => {})
  }
}

async function readFiled(filed: Filed, allocate: Allocate): Promise<Encoded> {
  const handle = await open(filed.file, 'r')
  try {
    const header = await readPart(handle, new Uint8Array(filed.header))
    const frames: Uint8Array[] = []
    for (const length of filed.frames) frames.push(await readPart(handle, new Uint8Array(allocate(length), 0, length)))
    const { serializer, typename, nbytes } = filed
    return { serializer, typename, nbytes, header, frames }
  } finally {
    await handle.close()
  }
}

async function readPart(handle: FileHandle, target: Uint8Array): Promise<Uint8Array> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await handle.read(target, at, Math.min(CHUNK, target.length - at), null)
    if (bytesRead === 0) throw new Error('the file is too short')
    at += bytesRead
  }
  return target
}

/** Folders of workers that ended without removing theirs. */
export function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN
    if (!Number.isNaN(pid) && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is alive too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/**
 * Where the values of a cluster lie: in the parent, in the form in which its workers read them. Threads read shared
 * memory; processes read files in memory. Arrays are copied once on the way in, and once on the way out (fetch.ts).
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileFrame, type Frame, FrameFiles, isFile } from '../executor/files.ts'
import { OUTSIDE_BYTES } from '../executor/messages.ts'
import type { Encoded } from '../travel/encoded.ts'
import { lend } from '../travel/lend.ts'
import { Pool } from './pool.ts'

/** A value as the cluster keeps it. */
export interface Held extends Encoded<Frame> {
  /** Ends what is lent to the cluster: arrays that are used where the user made them. */
  readonly giveBack?: (() => void) | undefined
}

export interface Store {
  /** Takes the value as it is now: what the user does to its arrays later, the cluster does not see. */
  keep(encoded: Encoded): Held
  /** Takes over the files of a result. */
  adopt(held: Held): void
  /** Fills `into` with the bytes of a frame, which has as many. */
  read(frame: Frame, into: Uint8Array): Promise<void>
  drop(held: Held): void
  /** Folders in which workers may write files that the store then owns. */
  readonly folders: readonly string[]
  /** Removes what a worker that died was writing: files whose names begin so, and that nobody has taken over. */
  clean(prefix: string): void
  close(): void
}

/** For threads. An `allocate`d array is not copied: the user's array is what the tasks read. */
export class SharedStore implements Store {
  readonly folders: readonly string[] = []
  private readonly pool = new Pool<SharedArrayBuffer>(() => {})
  private readonly own = new WeakSet<Uint8Array>()
  private readonly dropped = new WeakSet<Held>()

  keep(encoded: Encoded): Held {
    if (encoded.frames.length === 0) return encoded
    const ends: (() => void)[] = []
    const frames = encoded.frames.map((frame) => {
      const end = lend(frame)
      if (end !== undefined) {
        ends.push(end)
        return frame
      }
      if (frame.byteLength < OUTSIDE_BYTES) return frame.slice()
      const memory = this.pool.take(frame.byteLength) ?? new SharedArrayBuffer(frame.byteLength)
      const shared = new Uint8Array(memory, 0, frame.byteLength)
      shared.set(frame)
      this.own.add(shared)
      return shared
    })
    return {
      ...encoded,
      frames,
      giveBack: ends.length === 0 ? undefined : () => ends.splice(0).forEach((end) => void end()),
    }
  }

  adopt(): void {}

  async read(frame: Frame, into: Uint8Array): Promise<void> {
    into.set(frame as Uint8Array)
  }

  drop(held: Held): void {
    if (this.dropped.has(held)) return
    this.dropped.add(held)
    held.giveBack?.()
    for (const frame of held.frames as readonly Uint8Array[]) {
      // Results of tasks may be parts of what others hold; only what was made here is nobody else's.
      if (this.own.delete(frame)) this.pool.give(frame.buffer as unknown as SharedArrayBuffer)
    }
  }

  clean(): void {}

  close(): void {
    this.pool.clear()
  }
}

/** For processes. */
export class FileStore implements Store {
  readonly folders: readonly string[]
  private readonly files: FrameFiles
  private readonly pool = new Pool<FileFrame>((file) => this.files.remove(file))
  /** Files that are being read for users, and by how many. */
  private readonly reading = new Map<string, number>()
  /** Files that are values' own. */
  private readonly live = new Set<string>()

  /** `name`: of the folders, which no other cluster has. */
  constructor(name: string) {
    const folders: string[] = []
    for (const place of process.platform === 'linux' ? ['/dev/shm', tmpdir()] : [tmpdir()]) {
      const folder = join(place, name)
      try {
        mkdirSync(folder, { mode: 0o700 })
        folders.push(folder)
      } catch {
        // Not every machine has one that may be written to; what cannot be written goes through the socket.
      }
    }
    this.folders = folders
    this.files = new FrameFiles(folders, 'parent')
    process.once('exit', this.remove)
  }

  keep(encoded: Encoded): Held {
    if (encoded.frames.length === 0) return encoded
    const frames = encoded.frames.map((frame) => (frame.byteLength < OUTSIDE_BYTES ? frame.slice() : this.write(frame)))
    return { ...encoded, frames }
  }

  private write(frame: Uint8Array): Frame {
    const written = this.files.write(frame, this.pool.take(frame.byteLength))
    if (written) this.live.add(written.name)
    return written ?? frame.slice()
  }

  adopt(held: Held): void {
    for (const frame of held.frames) if (isFile(frame)) this.live.add(frame.name)
  }

  async read(frame: Frame, into: Uint8Array): Promise<void> {
    if (!isFile(frame)) into.set(frame)
    else {
      this.reading.set(frame.name, (this.reading.get(frame.name) ?? 0) + 1)
      try {
        await this.files.readAside(frame, into)
      } finally {
        const others = this.reading.get(frame.name)! - 1
        if (others > 0) this.reading.set(frame.name, others)
        else this.reading.delete(frame.name)
      }
    }
  }

  drop(held: Held): void {
    for (const frame of held.frames) {
      if (!isFile(frame)) continue
      if (!this.live.delete(frame.name)) continue
      // Who reads it goes on reading it, but nothing else may be written there.
      if (this.reading.has(frame.name)) this.files.remove(frame)
      else this.pool.give(frame)
    }
  }

  clean(prefix: string): void {
    for (const folder of this.folders) {
      if (!existsSync(folder)) continue
      for (const name of readdirSync(folder)) {
        if (name.startsWith(prefix) && !this.live.has(name)) rmSync(join(folder, name), { force: true })
      }
    }
  }

  close(): void {
    this.pool.clear()
    this.remove()
    process.off('exit', this.remove)
  }

  /** Also where the program ends without closing its cluster. */
  private readonly remove = (): void => {
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Where the values of a cluster lie: in the parent, in the form in which its workers read them. Threads read shared
 * memory; processes read files in memory. Arrays are copied once on the way in, and once on the way out: what the user
 * gets is an ordinary array that nobody else has.
 */

import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Frame, FrameFiles, isFile } from '../executor/files.ts'
import { OUTSIDE_BYTES } from '../executor/messages.ts'
import type { Encoded } from '../travel/encoded.ts'
import { lend } from '../travel/lend.ts'

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
  /** The value in memory of its own. */
  open(held: Held): Promise<Encoded>
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
      const shared = new Uint8Array(new SharedArrayBuffer(frame.byteLength))
      shared.set(frame)
      return shared
    })
    return {
      ...encoded,
      frames,
      giveBack: ends.length === 0 ? undefined : () => ends.splice(0).forEach((end) => void end()),
    }
  }

  adopt(): void {}

  async open(held: Held): Promise<Encoded> {
    return { ...held, frames: (held.frames as readonly Uint8Array[]).map(ownCopy) }
  }

  drop(held: Held): void {
    held.giveBack?.()
  }

  clean(): void {}

  close(): void {}
}

function ownCopy(frame: Uint8Array): Uint8Array {
  const copy = new Uint8Array(frame.byteLength)
  copy.set(frame)
  return copy
}

/** For processes. */
export class FileStore implements Store {
  readonly folders: readonly string[]
  private readonly files: FrameFiles
  private readonly adopted = new Set<string>()

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
  }

  keep(encoded: Encoded): Held {
    if (encoded.frames.length === 0) return encoded
    const frames = encoded.frames.map((frame) =>
      frame.byteLength < OUTSIDE_BYTES ? frame.slice() : (this.files.write(frame) ?? frame.slice()),
    )
    return { ...encoded, frames }
  }

  adopt(held: Held): void {
    for (const frame of held.frames) if (isFile(frame)) this.adopted.add(frame.name)
  }

  async open(held: Held): Promise<Encoded> {
    const frames = held.frames.map((frame) =>
      isFile(frame) ? this.files.read(frame, new Uint8Array(frame.byteLength)) : ownCopy(frame),
    )
    return { ...held, frames }
  }

  drop(held: Held): void {
    for (const frame of held.frames) {
      if (!isFile(frame)) continue
      this.adopted.delete(frame.name)
      this.files.remove(frame)
    }
  }

  clean(prefix: string): void {
    for (const folder of this.folders) {
      for (const name of readdirSync(folder))
        if (name.startsWith(`${prefix}-`)) rmSync(join(folder, name), { force: true })
    }
  }

  close(): void {
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true })
  }
}

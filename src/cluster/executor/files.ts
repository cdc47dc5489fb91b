/**
 * Large frames between processes of one machine: files in memory (/dev/shm), or in the temporary folder where there is
 * no room (Docker gives 64 MB). Written and read by ordinary calls: a mapping would end the process where memory ends.
 */

import { closeSync, ftruncateSync, openSync, read, readSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

export interface FileFrame {
  /** Which of the folders. */
  readonly folder: number
  readonly name: string
  readonly byteLength: number
}

export type Frame = Uint8Array | FileFrame

export const isFile = (frame: Frame): frame is FileFrame => 'name' in frame

/** `fs` calls stop at 2 GiB. */
const PIECE = 2 ** 30

/** Bytes from which reading is shared out, and among how many threads of Node's. */
const ASIDE = 8 * 2 ** 20
const READERS = Math.min(4, availableParallelism())

export class FrameFiles {
  private readonly folders: readonly string[]
  private readonly prefix: string
  private made = 0

  /** `prefix` begins the names of files that are written here: no two writers have the same. */
  constructor(folders: readonly string[], prefix: string) {
    this.folders = folders
    this.prefix = prefix
  }

  private name(): string {
    return `${this.prefix}-${this.made++}`
  }

  path({ folder, name }: FileFrame): string {
    return join(this.folders[folder]!, name)
  }

  /** Undefined where no folder has room. `old`: a file that nobody needs, whose memory is used again. */
  write(bytes: Uint8Array, old?: FileFrame): FileFrame | undefined {
    if (old !== undefined) {
      const frame: FileFrame = { folder: old.folder, name: this.name(), byteLength: bytes.byteLength }
      // A name of its own: others may still know the old one.
      renameSync(this.path(old), this.path(frame))
      const file = openSync(this.path(frame), 'r+')
      try {
        if (old.byteLength !== frame.byteLength) ftruncateSync(file, frame.byteLength)
        writeAll(file, bytes)
        return frame
      } finally {
        closeSync(file)
      }
    }
    for (let folder = 0; folder < this.folders.length; folder++) {
      const frame: FileFrame = { folder, name: this.name(), byteLength: bytes.byteLength }
      let file: number | undefined
      try {
        file = openSync(this.path(frame), 'wx', 0o600)
        writeAll(file, bytes)
        return frame
      } catch (error) {
        if (file !== undefined) this.remove(frame)
        if (!['ENOSPC', 'EDQUOT', 'ENOENT', 'EACCES', 'EROFS'].includes((error as { code?: string }).code ?? ''))
          throw error
      } finally {
        if (file !== undefined) closeSync(file)
      }
    }
    return undefined
  }

  /** Fills `into`, which has the frame's length. */
  read(frame: FileFrame, into: Uint8Array): Uint8Array {
    const file = openSync(this.path(frame), 'r')
    try {
      for (let at = 0; at < into.byteLength; ) {
        const count = readSync(file, into, at, Math.min(PIECE, into.byteLength - at), at)
        if (count === 0) throw new Error(`${this.path(frame)} is shorter than it was`)
        at += count
      }
    } finally {
      closeSync(file)
    }
    return into
  }

  /** The same without holding up this thread, with several at work where there is much to read. */
  async readAside(frame: FileFrame, into: Uint8Array): Promise<void> {
    const file = openSync(this.path(frame), 'r')
    try {
      const parts = Math.max(1, Math.min(READERS, Math.floor(into.byteLength / ASIDE)))
      const size = Math.ceil(into.byteLength / parts)
      await Promise.all(
        Array.from({ length: parts }, (_, k) =>
          readPart(file, into, k * size, Math.min((k + 1) * size, into.byteLength)),
        ),
      )
    } finally {
      closeSync(file)
    }
  }

  remove(frame: FileFrame): void {
    try {
      unlinkSync(this.path(frame))
    } catch {
      // It is gone already: with its folder, at the end.
    }
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength; ) {
    at += writeSync(file, bytes, at, Math.min(PIECE, bytes.byteLength - at), at)
  }
}

async function readPart(file: number, into: Uint8Array, from: number, to: number): Promise<void> {
  for (let at = from; at < to; ) {
    const start = at
    at += await new Promise<number>((resolve, reject) => {
      read(file, into, start, Math.min(PIECE, to - start), start, (error, count) => {
        if (error) reject(error)
        else if (count === 0) reject(new Error('a file between processes is shorter than it was'))
        else resolve(count)
      })
    })
  }
}

/**
 * Large frames between processes of one machine: files in memory (/dev/shm), or in the temporary folder where there is
 * no room (Docker gives 64 MB). Written and read by ordinary calls: a mapping would end the process where memory ends.
 */

import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
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

export class FrameFiles {
  private readonly folders: readonly string[]
  private readonly prefix: string
  private made = 0

  /** `prefix` begins the names of files that are written here: no two writers have the same. */
  constructor(folders: readonly string[], prefix: string) {
    this.folders = folders
    this.prefix = prefix
  }

  path({ folder, name }: FileFrame): string {
    return join(this.folders[folder]!, name)
  }

  /** Undefined where no folder has room. */
  write(bytes: Uint8Array): FileFrame | undefined {
    for (let folder = 0; folder < this.folders.length; folder++) {
      const frame: FileFrame = { folder, name: `${this.prefix}-${this.made++}`, byteLength: bytes.byteLength }
      let file: number | undefined
      try {
        file = openSync(this.path(frame), 'wx', 0o600)
        for (let at = 0; at < bytes.byteLength; ) {
          at += writeSync(file, bytes, at, Math.min(PIECE, bytes.byteLength - at))
        }
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

  remove(frame: FileFrame): void {
    try {
      unlinkSync(this.path(frame))
    } catch {
      // It is gone already: with its folder, at the end.
    }
  }
}

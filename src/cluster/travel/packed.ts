/**
 * An encoded value as one run of bytes, for messages that hold many: the serializer's and the type's names, the header,
 * and the frames, each at a multiple of 8, so that arrays can be views of what came.
 */

import type { Encoded, FrameLike } from './encoded.ts'
import { damaged, Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** Where frames go that do not go with the message: a number from 0 on, or undefined for those that do. */
export type Outside<F extends FrameLike> = (frame: F) => number | undefined

export function writeEncoded<F extends FrameLike = Uint8Array>(
  w: Writer,
  { serializer, typename, header, frames }: Encoded<F | Uint8Array>,
  outside?: Outside<F | Uint8Array>,
): void {
  writeText(w, serializer)
  writeText(w, typename)
  w.count(header.length)
  w.raw(header)
  w.count(frames.length)
  for (const frame of frames) {
    const place = outside?.(frame)
    if (place !== undefined) {
      w.count(place + 1)
      continue
    }
    const bytes = frame as Uint8Array
    w.count(0)
    w.count(bytes.length)
    w.align()
    w.raw(bytes)
  }
}

const NO_FRAMES: readonly Uint8Array[] = Object.freeze([])

/** Header and frames are views of the reader's bytes; other frames those that were sent beside them. */
export function readEncoded<F extends FrameLike = Uint8Array>(
  r: Reader,
  outside: readonly F[] = NO_FRAMES as readonly never[],
): Encoded<F | Uint8Array> {
  const serializer = readText(r)
  const typename = readText(r)
  const header = r.raw(r.countOf(1))
  let nbytes = header.length
  const count = r.countOf(1)
  if (count === 0) return { serializer, typename, header, frames: NO_FRAMES, nbytes }
  const frames: (F | Uint8Array)[] = new Array(count)
  for (let i = 0; i < count; i++) {
    const place = r.count()
    if (place > 0) {
      const frame = outside[place - 1]
      if (frame === undefined) throw damaged()
      frames[i] = frame
    } else {
      const length = r.count()
      r.align()
      frames[i] = r.raw(length)
    }
    nbytes += frames[i]!.byteLength
  }
  return { serializer, typename, header, frames, nbytes }
}

export function writeText(w: Writer, text: string): void {
  if (w.latin1(text)) w.byte(0)
  else {
    w.count(0)
    w.byte(1)
    w.utf16(text)
  }
}

export function readText(r: Reader): string {
  const text = r.latin1()
  return r.byte() === 0 ? text : r.utf16()
}

let spare: Writer | undefined

export function packEncoded(encoded: Encoded): Uint8Array<ArrayBuffer> {
  const w = spare ?? new Writer()
  spare = undefined
  w.reset()
  writeEncoded(w, encoded)
  const bytes = w.take()
  spare = w
  return bytes
}

export const unpackEncoded = (bytes: Uint8Array): Encoded => readEncoded(new Reader(bytes))

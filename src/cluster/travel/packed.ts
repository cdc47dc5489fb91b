/**
 * An encoded value as one run of bytes, for messages that hold many: the serializer's and the type's names, the header,
 * the frames, each of these at a multiple of 8, so that arrays can be views of what came.
 */

import type { Encoded } from './encoded.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export function writeEncoded(w: Writer, { serializer, typename, header, frames }: Encoded): void {
  writeText(w, serializer)
  writeText(w, typename)
  w.count(header.length)
  w.count(frames.length)
  for (const frame of frames) w.count(frame.length)
  w.raw(header)
  for (const frame of frames) {
    w.align()
    w.raw(frame)
  }
}

/** Header and frames are views of the reader's bytes. */
export function readEncoded(r: Reader): Encoded {
  const serializer = readText(r)
  const typename = readText(r)
  const headerLength = r.countOf(1)
  const lengths: number[] = new Array(r.countOf(1))
  for (let i = 0; i < lengths.length; i++) lengths[i] = r.count()
  const header = r.raw(headerLength)
  let nbytes = headerLength
  const frames = lengths.map((length) => {
    r.align()
    nbytes += length
    return r.raw(length)
  })
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

/**
 * Values on their way through a worker. What only Python can read is held and handed on unread: a worker that is about
 * to leave must be able to leave it here. A task of ours that asks for such a value is told what it is.
 */

import { TsumbaError } from '../../../errors.ts'
import type { Encoded } from '../../travel/encoded.ts'
import { encodedOf, typenameOfWire, wireOf } from '../values.ts'
import { type Header, Serialized } from '../wire/message.ts'
import { decode, encode } from '../wire/msgpack.ts'

/** Whose values have their header on the wire as their header, and their frames as frames. */
const UNREAD = 'python'

export function incoming(value: Serialized): Encoded {
  try {
    return encodedOf(value)
  } catch (error) {
    if (!(error instanceof TsumbaError) || value.header['serializer'] === 'error') throw error
    const header = encode(value.header)
    const typename = typenameOfWire(value)
    return { serializer: UNREAD, header, frames: value.frames, nbytes: header.length + value.nbytes, typename }
  }
}

export function outgoing(value: Encoded): Serialized {
  if (value.serializer !== UNREAD) return wireOf(value)
  return new Serialized(decode(value.header) as Header, value.frames)
}

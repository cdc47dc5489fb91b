/** Values as bytes and back: what everybody else in the cluster needs of it. */

export { type DecodeHooks, decode, decodeWith } from './decode.ts'
export { type EncodeHooks, encode, typenameOf } from './encode.ts'
export { SERIALIZER } from './tags.ts'

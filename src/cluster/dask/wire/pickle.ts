/**
 * Python objects as they stand in a pickle. What has no counterpart in JavaScript is kept as it was written: nothing is
 * ever called or imported, here or by what reads these.
 * Format: the Python standard library's pickletools.
 */

/** A class or function by name. */
export class Global {
  readonly module: string
  readonly name: string
  constructor(module: string, name: string) {
    this.module = module
    this.name = name
  }

  toString(): string {
    return `${this.module}.${this.name}`
  }
}

/** The result of a call, as the call. */
export class Call {
  readonly callee: unknown
  readonly args: readonly unknown[]
  /** What `__setstate__` would get. */
  state: unknown
  constructor(callee: unknown, args: readonly unknown[]) {
    this.callee = callee
    this.args = args
  }
}

/** A tuple, for writing; read, it is an Array. */
export class Tuple {
  readonly items: readonly unknown[]
  constructor(...items: readonly unknown[]) {
    this.items = items
  }
}

/** UTF-8 that keeps lone surrogates, as Python's pickles do (`surrogatepass`). */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  if (isWellFormed(text)) return bytes
  const parts: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (code >= 0xd800 && code <= 0xdfff) parts.push(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    else parts.push(...Buffer.from(char, 'utf8'))
  }
  return Buffer.from(parts)
}

export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd') || bytes.indexOf(0xed) < 0) return text
  let result = ''
  let from = 0
  for (let i = bytes.indexOf(0xed); i >= 0 && i + 2 < bytes.length; i = bytes.indexOf(0xed, i + 1)) {
    if (bytes[i + 1]! < 0xa0) continue
    result += bytes.toString('utf8', from, i)
    result += String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f))
    from = i + 3
  }
  return result + bytes.toString('utf8', from)
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

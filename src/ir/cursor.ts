/** One line of the IR's text as its reader walks along it: tokens, names, types. */

import { DTYPES, type DType } from '../types.ts'
import type { Space, Span, Type, VecType } from './ir.ts'
import { type Token, tokens } from './syntax.ts'
import { array, BOOL, F32, F64, I32, I64, INDEX, mask, scalar, tuple, vec } from './types.ts'

/** The text is no module: says where and what was expected. */
export class ReadError extends Error {
  override name = 'ReadError'
}

const SCALARS: ReadonlyMap<string, Type> = new Map(
  [BOOL, I32, I64, F32, F64, INDEX, scalar('i8'), scalar('i16')].map((type) => [type.name, type]),
)
const DTYPE_NAMES: ReadonlySet<string> = new Set(DTYPES.map((d) => d.name))

/** A scalar, vector or mask type by its name. */
export function typeOfWord(word: string): Type | undefined {
  const vector = /^(i8|i16|i32|i64|f32|f64)x(\d+)$/.exec(word)
  if (vector) return vec(vector[1] as VecType['of'], Number(vector[2]))
  const masked = /^mask(\d+)$/.exec(word)
  if (masked) return mask(Number(masked[1]))
  return SCALARS.get(word)
}

export class Cursor {
  readonly line: number
  readonly #text: string
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(text: string, line: number) {
    this.line = line
    this.#text = text
    try {
      this.#tokens = tokens(text)
    } catch (error) {
      throw new ReadError(`line ${line}: ${(error as Error).message}\n  ${text}`)
    }
  }

  /** The token at `ahead` from here. */
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#position + ahead]
  }

  get done(): boolean {
    return this.#position >= this.#tokens.length
  }

  fail(expected: string): never {
    const token = this.peek()
    const column = token?.column ?? this.#text.length + 1
    throw new ReadError(
      `line ${this.line}:${column}: ${expected}\n  ${this.#text.replaceAll('\t', ' ')}\n  ${' '.repeat(column - 1)}^`,
    )
  }

  /** Whether the next token is this sign or word; quoted names and strings never are. */
  at(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token !== undefined && token.text === text && token.kind !== 'quoted' && token.kind !== 'string'
  }

  /** Takes the sign or word if it is next. */
  take(text: string): boolean {
    if (!this.at(text)) return false
    this.#position++
    return true
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail(`expected ${text}`)
  }

  end(): void {
    if (!this.done) this.fail('expected the end of the line')
  }

  #next(expected: string, ...kinds: Token['kind'][]): Token {
    const token = this.peek()
    if (!token || !kinds.includes(token.kind)) this.fail(`expected ${expected}`)
    this.#position++
    return token
  }

  /** A name, quoted or not. */
  name(expected: string): string {
    return this.#next(expected, 'name', 'quoted').text
  }

  word(expected: string): string {
    return this.#next(expected, 'name').text
  }

  oneOf<T extends string>(words: readonly T[]): T {
    const found = words.find((word) => this.at(word))
    if (found === undefined) this.fail(`expected one of ${words.join(', ')}`)
    this.#position++
    return found
  }

  string(expected: string): string {
    return this.#next(expected, 'string').text
  }

  number(): string {
    return this.#next('a number', 'number').text
  }

  integer(): number {
    const token = this.peek()
    if (token?.kind !== 'number' || !/^-?\d+$/.test(token.text)) this.fail('expected an integer')
    this.#position++
    return Number(token.text)
  }

  /** Items up to `close`, with commas between them. */
  list<T>(close: string, item: () => T): T[] {
    const items: T[] = []
    if (this.take(close)) return items
    do items.push(item())
    while (this.take(','))
    this.expect(close)
    return items
  }

  /** A list in parentheses. */
  enclosed<T>(item: () => T): T[] {
    this.expect('(')
    return this.list(')', item)
  }

  type(): Type {
    if (this.take('(')) return tuple(this.list(')', () => this.type()))
    const space = (this.take('shared') ? 'shared' : this.take('local') ? 'local' : 'global') satisfies Space
    const word = this.word('a type')
    if (!DTYPE_NAMES.has(word)) {
      const type = space === 'global' ? typeOfWord(word) : undefined
      return type ?? this.fail(`${word} is no type`)
    }
    this.expect('[')
    const axes = this.list(']', () => this.expect(':')).length
    return array(word as DType, axes || 1, space)
  }

  /** `source:start-end` */
  span(): Span {
    const source = this.integer()
    this.expect(':')
    const start = this.integer()
    this.expect('-')
    return { source, start, end: this.integer() }
  }

  /** `@n`, or nothing. */
  site(): number {
    return this.take('@') ? this.integer() : -1
  }
}

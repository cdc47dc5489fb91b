/**
 * The words of the IR's text, shared by `print` and `read`. The text at a glance:
 *
 *     module roots portable entry roots
 *     source 0 "roots" line 1
 *       | (x) => { … }
 *     site 0 bounds "x" 0:12-16
 *
 *     func roots(x: float64[]) -> float32[] canfail {
 *       local i: index
 *       r = alloc(length(x))@0
 *       L0: for parallel i in 0..length(x) step 2 reduce(tree add s) serialif overlap(r, x) span 0:4-9 {
 *         t = checked x[i]@0
 *         r[i]@1 = f32(sqrt(t * 2.0))
 *       }
 *       return r
 *     }
 *
 * One statement a line; `#` starts a comment. Names that are no identifiers, or that are words of this text, stand in
 * backticks. Constants carry their type: `1` index, `1.0` f64, `1.0f32`, `1i32`, `1i64`. `@n` is a site (none: −1), an
 * access without `checked` is proven. Operands of infix operators that are infix themselves stand in parentheses, so
 * that nobody needs to know a precedence. Casts are written as calls of the type, and where a type does not follow
 * from the parts it stands first: `splat(f64x2, a)`, `load(f64x2, x[i]@3, m)`.
 */

/** Operations that have a sign; all others are written as calls. */
export const INFIX: ReadonlyMap<string, string> = new Map([
  ['add', '+'],
  ['sub', '-'],
  ['mul', '*'],
  ['div', '/'],
  ['rem', '%'],
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['and', '&'],
  ['or', '|'],
  ['xor', '^'],
  ['shl', '<<'],
  ['shr_s', '>>'],
  ['shr_u', '>>>'],
])
export const OP_OF_SIGN: ReadonlyMap<string, string> = new Map([...INFIX].map(([name, sign]) => [sign, name]))

/** Words that begin or end something: a local of such a name is quoted. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'module func local source site entry canfail for while if else block break continue return fail launch barrier ' +
    'call do alloc raw store load checked in step reduce serialif span true false NaN Infinity ' +
    'NaNf32 Infinityf32'
  ).split(' '),
)

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Continue}$]+)*$/u

/** A name as the text has it: bare where it can be, else in backticks. */
export function quoteName(name: string): string {
  if (IDENTIFIER.test(name) && !KEYWORDS.has(name)) return name
  return `\`${JSON.stringify(name).slice(1, -1).replaceAll('`', '\\u0060')}\``
}

// ───────────────────────────── tokens ─────────────────────────────

/** `quoted` is a name in backticks, never a word of the text; `string` and `quoted` hold what they stand for. */
export interface Token {
  readonly kind: 'name' | 'quoted' | 'string' | 'number' | 'sign'
  readonly text: string
  /** 1-based. */
  readonly column: number
}

// Infix operators have spaces around them, so a minus that touches its digits, and nothing before it, is theirs.
const NUMBER =
  /(?:(?<![^\s([.])-)?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:f32|i8|i16|i32|i64)?|(?:Infinity|NaN)(?:f32)?)(?!\.?[\p{ID_Continue}$])/uy
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Continue}$]+)*/uy
const STRING = /"(?:[^"\\]|\\.)*"/uy
const QUOTED = /`(?:[^`\\]|\\.)*`/uy
const SIGN = /\.\.|->|::|>>>|<<|>>|<=|>=|==|!=|[-+*/%<>&|^=()[\]{},:@]/uy

/** The tokens of one line; a character that begins none becomes a sign of its own, for the reader to refuse. */
export function tokens(line: string): Token[] {
  const found: Token[] = []
  const kinds = [
    ['number', NUMBER],
    ['name', NAME],
    ['string', STRING],
    ['quoted', QUOTED],
    ['sign', SIGN],
  ] as const
  let position = 0
  next: while (position < line.length) {
    const char = line[position]!
    if (char === ' ' || char === '\t' || char === '\r') {
      position++
      continue
    }
    if (char === '#') break
    const column = position + 1
    for (const [kind, pattern] of kinds) {
      pattern.lastIndex = position
      const text = pattern.exec(line)?.[0]
      if (text === undefined) continue
      position += text.length
      if (kind === 'string') found.push({ kind, text: JSON.parse(text), column })
      else if (kind === 'quoted') found.push({ kind, text: JSON.parse(`"${text.slice(1, -1)}"`), column })
      else found.push({ kind, text, column })
      continue next
    }
    found.push({ kind: 'sign', text: char, column })
    position++
  }
  return found
}

/** Expression text with just the parentheses that JavaScript's precedences ask for. */

/** An expression and how tightly it holds together: the precedence of its loosest operator. */
export interface Text {
  readonly code: string
  readonly precedence: number
}

export const LOOSEST = 0
const CONDITIONAL = 1
const UNARY = 12
const PRIMARY = 14
const BINARY: Readonly<Record<string, number>> = {
  '||': 2,
  '&&': 3,
  '|': 4,
  '^': 5,
  '&': 6,
  '===': 7,
  '!==': 7,
  '<': 8,
  '<=': 8,
  '>': 8,
  '>=': 8,
  '<<': 9,
  '>>': 9,
  '>>>': 9,
  '+': 10,
  '-': 10,
  '*': 11,
  '/': 11,
  '%': 11,
}

export const primary = (code: string): Text => ({ code, precedence: PRIMARY })
/** A negative number is an operator before a literal. */
export const literal = (code: string): Text => ({ code, precedence: code.startsWith('-') ? UNARY : PRIMARY })
export const within = (text: Text, precedence: number): string =>
  text.precedence < precedence ? `(${text.code})` : text.code

export const conditional = (test: Text, then: Text, otherwise: Text): Text => ({
  code: `${within(test, CONDITIONAL + 1)} ? ${within(then, CONDITIONAL)} : ${within(otherwise, CONDITIONAL)}`,
  precedence: CONDITIONAL,
})

type Piece = string | { readonly slot: number; readonly precedence: number }
interface Template {
  readonly pieces: readonly Piece[]
  readonly precedence: number
}

const parsed = new Map<string, Template>()

/** Puts arguments into `$0`, `$1`, … of an operation's template. */
export function fill(template: string, args: readonly Text[]): Text {
  let known = parsed.get(template)
  if (!known) parsed.set(template, (known = parse(template)))
  const code = known.pieces
    .map((piece) => (typeof piece === 'string' ? piece : within(args[piece.slot]!, piece.precedence)))
    .join('')
  return { code, precedence: known.precedence }
}

/** What a slot's neighbours demand: more than an operator on its left binds, at least what one on its right does. */
function parse(template: string): Template {
  const tokens = template.match(/\$\d+|[\w.]+|\s+|>>>|<<|>>|===|!==|<=|>=|&&|\|\||./g) ?? []
  const solid = tokens.map((text, at) => ({ text, at })).filter(({ text }) => text.trim() !== '')
  const isOperand = (text: string | undefined) => text !== undefined && /^[$\w)]/.test(text)
  const slots = new Map<number, number>()
  let depth = 0
  let loosest = PRIMARY
  solid.forEach(({ text, at }, k) => {
    if (text === '(') depth++
    else if (text === ')') depth--
    else if (/^\$\d/.test(text)) {
      const left = solid[k - 1]?.text ?? ''
      const right = BINARY[solid[k + 1]?.text ?? ''] ?? LOOSEST
      const isBinary = isOperand(solid[k - 2]?.text)
      const before = /^[-+!~]$/.test(left) && !isBinary ? UNARY + 1 : (BINARY[left] ?? LOOSEST - 1) + 1
      slots.set(at, Math.max(before, right))
    } else if (depth === 0 && !isOperand(text) && text !== ',') {
      loosest = Math.min(loosest, isOperand(solid[k - 1]?.text) ? BINARY[text]! : UNARY)
    }
  })
  const pieces = tokens.map((text, at): Piece => {
    const precedence = slots.get(at)
    return precedence === undefined ? text : { slot: Number(text.slice(1)), precedence }
  })
  return { pieces, precedence: loosest }
}

/**
 * The programs that the fuzzer makes, as trees: what the shrinker cuts, and what prints as JavaScript.
 * Nodes are plain data. Expressions carry the type of their value, so that any of them may stand for another.
 */

export const ARRAYS = [
  'Float64Array',
  'Float32Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
] as const
export type ArrayName = (typeof ARRAYS)[number]
export type Type = 'num' | 'bool' | ArrayName

export type Expr =
  | { readonly k: 'const'; readonly type: Type; readonly value: number | boolean }
  | { readonly k: 'name'; readonly type: Type; readonly name: string }
  | { readonly k: 'unary'; readonly type: Type; readonly op: string; readonly a: Expr }
  | { readonly k: 'binary'; readonly type: Type; readonly op: string; readonly a: Expr; readonly b: Expr }
  | { readonly k: 'choose'; readonly type: Type; readonly test: Expr; readonly a: Expr; readonly b: Expr }
  | { readonly k: 'set'; readonly type: Type; readonly op: string; readonly target: Expr; readonly a: Expr }
  | { readonly k: 'step'; readonly type: Type; readonly op: string; readonly prefix: boolean; readonly target: Expr }
  | { readonly k: 'call'; readonly type: Type; readonly fn: string; readonly args: readonly Expr[] }
  | { readonly k: 'new'; readonly type: ArrayName; readonly length: Expr }
  | { readonly k: 'at'; readonly type: Type; readonly array: Expr; readonly index: Expr }
  | { readonly k: 'length'; readonly type: Type; readonly array: Expr }

export type Stmt =
  | { readonly k: 'declare'; readonly word: 'let' | 'const'; readonly name: string; readonly init: Expr }
  | { readonly k: 'do'; readonly e: Expr }
  | { readonly k: 'if'; readonly test: Expr; readonly then: readonly Stmt[]; readonly else: readonly Stmt[] }
  | {
      readonly k: 'for'
      readonly label: string
      readonly name: string
      readonly from: Expr
      readonly test: Expr
      readonly update: Expr
      readonly body: readonly Stmt[]
    }
  | { readonly k: 'while'; readonly label: string; readonly test: Expr; readonly body: readonly Stmt[] }
  | { readonly k: 'until'; readonly label: string; readonly test: Expr; readonly body: readonly Stmt[] }
  | { readonly k: 'prange'; readonly name: string; readonly args: readonly Expr[]; readonly body: readonly Stmt[] }
  | { readonly k: 'block'; readonly label: string; readonly body: readonly Stmt[] }
  | { readonly k: 'jump'; readonly word: 'break' | 'continue'; readonly label: string }
  | { readonly k: 'return'; readonly value: Expr | null }

export interface Param {
  readonly name: string
  readonly type: Type
  /** A default for an argument that may be left out. */
  readonly init: Expr | null
}

export interface Fn {
  readonly name: string
  readonly params: readonly Param[]
  readonly body: readonly Stmt[]
}

/** An argument: `omitted` is left to its default; an alias views the elements of an earlier array argument. */
export type Input =
  | { readonly kind: 'scalar'; readonly value: number | boolean }
  | {
      readonly kind: 'array'
      readonly type: ArrayName
      readonly data: readonly number[]
      /** No element twice: `independent` relies on it. */
      readonly distinct?: boolean
    }
  | {
      readonly kind: 'alias'
      readonly type: ArrayName
      readonly of: number
      readonly byteOffset: number
      readonly length: number
    }
  | { readonly kind: 'omitted' }

/** Options of `jit` that the laws let a program have. */
export interface Options {
  /** Sums and products of loops become trees. */
  readonly fastmath?: boolean
  /** Indices go unchecked; where plain JavaScript fails, the option is left out. */
  readonly unchecked?: boolean
  /** Arrays of which no two iterations of a prange touch the same element, though that cannot be proven. */
  readonly independent?: readonly string[]
}

export interface Program {
  readonly helpers: readonly Fn[]
  readonly entry: Fn
  readonly inputs: readonly Input[]
  readonly options: Options
}

// ─────────────────────────── printing ───────────────────────────

export const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** Parentheses around everything that is not a name, a literal or a call: what binds how is not the subject here. */
export function exprText(e: Expr): string {
  switch (e.k) {
    case 'const':
      return typeof e.value === 'number' ? numberText(e.value) : String(e.value)
    case 'name':
      return e.name
    case 'unary':
      return `${e.op}${operand(e.a)}`
    case 'binary':
      return `${operand(e.a)} ${e.op} ${operand(e.b)}`
    case 'choose':
      return `${operand(e.test)} ? ${operand(e.a)} : ${operand(e.b)}`
    case 'set':
      return `${exprText(e.target)} ${e.op}= ${e.a.k === 'set' ? exprText(e.a) : operand(e.a)}`
    case 'step':
      return e.prefix ? `${e.op}${exprText(e.target)}` : `${exprText(e.target)}${e.op}`
    case 'call':
      return `${e.fn}(${e.args.map(exprText).join(', ')})`
    case 'new':
      return `new ${e.type}(${exprText(e.length)})`
    case 'at':
      return `${exprText(e.array)}[${exprText(e.index)}]`
    case 'length':
      return `${exprText(e.array)}.length`
    default:
      return e satisfies never
  }
}

function operand(e: Expr): string {
  const text = exprText(e)
  const bare = e.k === 'name' || e.k === 'call' || e.k === 'at' || e.k === 'length' || /^[\w.]+$/.test(text)
  return bare ? text : `(${text})`
}

function stmtText(s: Stmt): string[] {
  switch (s.k) {
    case 'declare':
      return [`${s.word} ${s.name} = ${exprText(s.init)}`]
    case 'do': {
      // A line that starts like an operand would continue the one before.
      const text = exprText(s.e)
      return [/^[([+\-/]/.test(text) ? `;${text}` : text]
    }
    case 'if': {
      const then = [`if (${exprText(s.test)}) {`, ...bodyText(s.then)]
      return s.else.length > 0 ? [...then, '} else {', ...bodyText(s.else), '}'] : [...then, '}']
    }
    case 'for': {
      const head = `for (let ${s.name} = ${exprText(s.from)}; ${exprText(s.test)}; ${exprText(s.update)}) {`
      return labelled(s.label, [head, ...bodyText(s.body), '}'])
    }
    case 'while':
      return labelled(s.label, [`while (${exprText(s.test)}) {`, ...bodyText(s.body), '}'])
    case 'until':
      return labelled(s.label, ['do {', ...bodyText(s.body), `} while (${exprText(s.test)})`])
    case 'prange':
      return [`for (const ${s.name} of prange(${s.args.map(exprText).join(', ')})) {`, ...bodyText(s.body), '}']
    case 'block':
      return labelled(s.label, ['{', ...bodyText(s.body), '}'])
    case 'jump':
      return [s.label ? `${s.word} ${s.label}` : s.word]
    case 'return':
      return [s.value ? `return ${exprText(s.value)}` : 'return']
    default:
      return s satisfies never
  }
}

const bodyText = (body: readonly Stmt[]): string[] => body.flatMap(stmtText).map((line) => `  ${line}`)
const labelled = (label: string, [first, ...rest]: string[]): string[] => [
  label ? `${label}: ${first}` : first!,
  ...rest,
]

export function fnText({ name, params, body }: Fn): string {
  const list = params.map((p) => (p.init ? `${p.name} = ${exprText(p.init)}` : p.name)).join(', ')
  return [`function ${name}(${list}) {`, ...bodyText(body), '}'].join('\n')
}

// ─────────────────────────── building ───────────────────────────

export const num = (value: number): Expr => ({ k: 'const', type: 'num', value })
export const truth = (value: boolean): Expr => ({ k: 'const', type: 'bool', value })
export const name = (text: string, type: Type): Expr => ({ k: 'name', type, name: text })
export const binary = (op: string, a: Expr, b: Expr, type: Type = 'num'): Expr => ({ k: 'binary', type, op, a, b })
export const compare = (op: string, a: Expr, b: Expr): Expr => binary(op, a, b, 'bool')
export const unary = (op: string, a: Expr, type: Type = 'num'): Expr => ({ k: 'unary', type, op, a })
export const call = (fn: string, args: readonly Expr[], type: Type = 'num'): Expr => ({ k: 'call', type, fn, args })
export const at = (array: Expr, index: Expr): Expr => ({ k: 'at', type: 'num', array, index })
export const lengthOf = (array: Expr): Expr => ({ k: 'length', type: 'num', array })
export const set = (target: Expr, a: Expr, op = ''): Expr => ({ k: 'set', type: target.type, op, target, a })
export const run = (e: Expr): Stmt => ({ k: 'do', e })
export const declare = (word: 'let' | 'const', text: string, init: Expr): Stmt => ({
  k: 'declare',
  word,
  name: text,
  init,
})

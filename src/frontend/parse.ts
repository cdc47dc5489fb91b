/** From the text of a function to its syntax tree, and from the text of a whole script to its. */

import * as acorn from 'acorn'
import { compileError } from '../errors.ts'
import type { FnSource } from './ast.ts'

export type FunctionNode = acorn.FunctionExpression | acorn.ArrowFunctionExpression

export interface ParsedFunction {
  readonly node: FunctionNode
  /** What to subtract from a node's positions to get offsets into the function's text. */
  readonly offset: number
}

const OPTIONS = { ecmaVersion: 'latest', sourceType: 'script', allowSuperOutsideMethod: true } as const

/** The text of a method (`norm(x) { … }`) is one only inside a class. */
const METHOD_PREFIX = '(class{'

function attempt<T>(parse: () => T): T | SyntaxError {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SyntaxError) return error
    throw error
  }
}

/** The expression that `text` is, whole. */
function parseExpression(text: string): acorn.Expression {
  const body = acorn.parse(`(${text}\n)`, OPTIONS).body[0]
  return (body as acorn.ExpressionStatement).expression
}

function parseMethod(text: string): acorn.MethodDefinition | undefined {
  const body = acorn.parse(`${METHOD_PREFIX}${text}\n})`, { ...OPTIONS, checkPrivateFields: false }).body[0]
  const method = ((body as acorn.ExpressionStatement).expression as acorn.Class).body.body[0]
  return method?.type === 'MethodDefinition' ? method : undefined
}

/**
 * Parses `fn.toString()`: an arrow, a function or a method.
 * @throws CompileError for async functions, generators, accessors and classes.
 */
export function parseFunction(source: FnSource): ParsedFunction {
  const { text } = source
  const refuse = (reason: string, remedy: string) =>
    compileError(source, { start: 0, end: Math.min(text.length, 20) }, 'unsupported-function', reason, remedy)

  const parsed = parseEither(text)
  if (parsed instanceof SyntaxError) {
    throw refuse(`This function's text cannot be parsed: ${parsed.message}.`, 'Give a plain function or an arrow.')
  }
  const { node, offset } = parsed
  if (node.type === 'ClassExpression') {
    throw refuse('A class cannot be compiled.', 'Give a function; compile the methods that compute one by one.')
  }
  if (node.type === 'MethodDefinition') {
    if (node.kind === 'get' || node.kind === 'set' || node.kind === 'constructor') {
      throw refuse('An accessor or constructor cannot be compiled.', 'Give a function, an arrow or an ordinary method.')
    }
    return { node: plain(node.value, refuse), offset }
  }
  if (node.type !== 'FunctionExpression' && node.type !== 'ArrowFunctionExpression') {
    throw refuse('This is not a function.', 'Give a plain function or an arrow.')
  }
  return { node: plain(node, refuse), offset }
}

function parseEither(text: string): { node: acorn.Expression | acorn.MethodDefinition; offset: number } | SyntaxError {
  const whole = attempt(() => parseExpression(text))
  if (!(whole instanceof SyntaxError)) return { node: whole, offset: 1 }
  const method = attempt(() => parseMethod(text))
  if (method === undefined || method instanceof SyntaxError) return whole
  return { node: method, offset: METHOD_PREFIX.length }
}

function plain(node: FunctionNode, refuse: (reason: string, remedy: string) => Error): FunctionNode {
  if (node.async) {
    throw refuse(
      'An async function cannot be compiled: a kernel computes without waiting.',
      'Remove async, and await outside; the compiled function’s .async runs it off the main thread.',
    )
  }
  if (node.generator) {
    throw refuse('A generator cannot be compiled.', 'Write the results into an array that the function returns.')
  }
  return node
}

/** Any script or module, as a test runner or bundler left it; undefined when it cannot be parsed. */
export function parseScript(text: string): acorn.Program | undefined {
  const tolerant = {
    ecmaVersion: 'latest',
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowImportExportEverywhere: true,
    allowHashBang: true,
    checkPrivateFields: false,
  } as const
  for (const sourceType of ['module', 'script'] as const) {
    const program = attempt(() => acorn.parse(text, { ...tolerant, sourceType }))
    if (!(program instanceof SyntaxError)) return program
  }
  return undefined
}

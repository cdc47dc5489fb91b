/** Modules as text that people read, golden files keep and `read` takes back without loss (see syntax.ts). */

import { overloadType, slotType } from './build.ts'
import type { Bounds, Const, Expr, Fn, For, Local, Module, Reduction, Site, SourceText, Span, Stmt } from './ir.ts'
import { findOp } from './ops/index.ts'
import { INFIX, quoteName } from './syntax.ts'
import { typeName, valueType } from './types.ts'

// ─────────────────────────── expressions ───────────────────────────

function printF64(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return Number.isFinite(value) && !/[.e]/.test(text) ? `${text}.0` : text
}

/** The fewest digits that give the same f32. */
function printF32(value: number): string {
  if (!Number.isFinite(value) || Math.fround(value) !== value) return printF64(value)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return printF64(Object.is(value, -0) ? -0 : short)
  }
  return printF64(value)
}

function printConst({ type, value }: Const): string {
  if (typeof value === 'boolean') return String(value)
  switch (type.name) {
    case 'index':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'f64':
      return printF64(Number(value))
    case 'f32':
      return `${printF32(Number(value))}f32`
    default:
      return `${Object.is(value, -0) ? '-0' : value}${type.name}`
  }
}

const at = (site: number): string => (site < 0 ? '' : `@${site}`)
interface Place {
  readonly array: Local
  readonly index: Expr
  readonly stride?: Expr | undefined
  readonly bounds: Bounds
  readonly site: number
}
function element({ array, index, stride, bounds, site }: Place): string {
  const place = stride ? `${printExpr(index)} step ${operand(stride)}` : printExpr(index)
  return `${bounds === 'checked' ? 'checked ' : ''}${quoteName(array.name)}[${place}]${at(site)}`
}
const list = (exprs: readonly Expr[]): string => exprs.map(printExpr).join(', ')

function isInfix(e: Expr): boolean {
  return e.kind === 'op' && INFIX.has(e.op) && e.args.length === 2 && hasDerivedType(e)
}

/** Whether an operation's type is the one that its record gives: always, but for what `verify` rejects. */
function hasDerivedType(e: Extract<Expr, { kind: 'op' }>): boolean {
  const record = findOp(e.op)
  return record !== undefined && slotType(record.result, overloadType(record, e.args)) === e.type
}

const operand = (e: Expr): string => (isInfix(e) ? `(${printExpr(e)})` : printExpr(e))

export function printExpr(e: Expr): string {
  switch (e.kind) {
    case 'const':
      return printConst(e)
    case 'local':
      return quoteName(e.local.name)
    case 'load': {
      const from = element(e)
      const { type } = e.array
      if (!e.mask && type.kind === 'array' && e.type === valueType(type.dtype)) return from
      return `load(${typeName(e.type)}, ${from}${e.mask ? `, ${printExpr(e.mask)}` : ''})`
    }
    case 'op':
      if (isInfix(e)) return `${operand(e.args[0]!)} ${INFIX.get(e.op)} ${operand(e.args[1]!)}`
      return `${e.op}(${list(e.args)})${hasDerivedType(e) ? '' : ` :: ${typeName(e.type)}`}`
    case 'cast':
      return `${typeName(e.type)}(${printExpr(e.value)})`
    case 'select':
    case 'cond':
      return `${e.kind}(${list([e.cond, e.then, e.else])})`
    case 'ramp':
      return `ramp(${typeName(e.type)}, ${list([e.base, e.stride])})`
    case 'splat':
      return `splat(${typeName(e.type)}, ${printExpr(e.value)})`
    case 'shuffle':
      return `shuffle(${typeName(e.type)}, ${list([e.a, e.b])}, [${e.lanes.join(', ')}])`
    case 'extract':
      return `extract(${printExpr(e.value)}, ${e.lane})`
    case 'reduce':
      return `reduce(${e.op}, ${printExpr(e.value)})`
    case 'length':
      return `length(${quoteName(e.array.name)}${e.axis === 0 ? '' : `, ${e.axis}`})`
    case 'overlap':
      return `overlap(${quoteName(e.a.name)}, ${quoteName(e.b.name)})`
    default:
      return e satisfies never
  }
}

// ─────────────────────────── statements ───────────────────────────

const place = (span: Span): string => `${span.source}:${span.start}-${span.end}`
const printReduction = (r: Reduction): string => `${r.order} ${r.op} ${quoteName(r.local.name)}`

function printForHead(s: For): string {
  const words = [`${quoteName(s.label.name)}: for`]
  if (s.forKind !== 'serial') words.push(s.forKind)
  words.push(`${quoteName(s.variable.name)} in ${operand(s.lo)}..${operand(s.hi)}`)
  if (s.step !== 1) words.push(`step ${s.step}`)
  if (s.reductions.length > 0) words.push(`reduce(${s.reductions.map(printReduction).join(', ')})`)
  if (s.serialIf) words.push(`serialif ${printExpr(s.serialIf)}`)
  return `${words.join(' ')} span ${place(s.span)} {`
}

const bodyLines = (body: readonly Stmt[]): string[] => body.flatMap(stmtLines).map((line) => `  ${line}`)

function ifLines(s: Extract<Stmt, { kind: 'if' }>): string[] {
  const lines = [`if ${printExpr(s.cond)} {`, ...bodyLines(s.then)]
  const [only] = s.else
  if (s.else.length === 1 && only!.kind === 'if') {
    const [head, ...rest] = ifLines(only!)
    return [...lines, `} else ${head}`, ...rest]
  }
  if (s.else.length > 0) lines.push('} else {', ...bodyLines(s.else))
  return [...lines, '}']
}

function stmtLines(s: Stmt): string[] {
  switch (s.kind) {
    case 'assign':
      return [`${quoteName(s.local.name)} = ${printExpr(s.value)}`]
    case 'store': {
      const to = element(s)
      return [`${s.mask ? `store(${to}, ${printExpr(s.mask)})` : to} = ${printExpr(s.value)}`]
    }
    case 'do': {
      const on = element(s)
      const result = s.result ? `${quoteName(s.result.name)} = ` : ''
      return [`${result}do ${s.op}(${[on, ...s.args.map(printExpr)].join(', ')})`]
    }
    case 'call': {
      const results = s.results.map((l) => quoteName(l.name)).join(', ')
      return [`${results}${results ? ' = ' : ''}call ${quoteName(s.fn)}(${list(s.args)})${at(s.site)}`]
    }
    case 'alloc':
      return [`${quoteName(s.local.name)} = alloc(${printExpr(s.length)})${at(s.site)}${s.zero ? '' : ' raw'}`]
    case 'if':
      return ifLines(s)
    case 'for':
      return [printForHead(s), ...bodyLines(s.body), '}']
    case 'while':
      return [
        `${quoteName(s.label.name)}: while ${printExpr(s.cond)} span ${place(s.span)} {`,
        ...bodyLines(s.body),
        '}',
      ]
    case 'block':
      return [`${quoteName(s.label.name)}: block {`, ...bodyLines(s.body), '}']
    case 'break':
    case 'continue':
      return [`${s.kind} ${quoteName(s.label.name)}`]
    case 'return':
      return [s.values.length > 0 ? `return ${list(s.values)}` : 'return']
    case 'fail':
      return [`fail(${list(s.values)})${at(s.site)}`]
    case 'launch': {
      const args = [`${operand(s.lo)}..${operand(s.hi)}`, ...s.args.map(printExpr)].join(', ')
      return [
        `launch ${quoteName(s.fn)}(${args})${at(s.site)}${s.serialIf ? ` serialif ${printExpr(s.serialIf)}` : ''}`,
      ]
    }
    case 'barrier':
      return ['barrier']
    default:
      return s satisfies never
  }
}

export const printStmt = (s: Stmt): string => stmtLines(s).join('\n')

// ───────────────────────── functions, modules ─────────────────────────

const declare = (l: Local): string => `${quoteName(l.name)}: ${typeName(l.type)}`

export function printFn(fn: Fn): string {
  const results = fn.results.length > 0 ? ` -> ${fn.results.map(typeName).join(', ')}` : ''
  const head = `func ${quoteName(fn.name)}(${fn.params.map(declare).join(', ')})${results}`
  return [
    `${head}${fn.canFail ? ' canfail' : ''} {`,
    ...fn.locals.map((l) => `  local ${declare(l)}`),
    ...bodyLines(fn.body),
    '}',
  ].join('\n')
}

/** Characters that a text file might not give back, or that an editor would hide. */
const AWKWARD = /[^\P{Cc}\n\t]|[\p{Cs}\p{Zl}\p{Zp}]/u

function printSource(source: SourceText, k: number): string {
  const file = source.file === undefined ? '' : ` file ${JSON.stringify(source.file)}`
  const head = `source ${k} ${JSON.stringify(source.name)} line ${source.line}${file}`
  if (AWKWARD.test(source.text)) return `${head} text ${JSON.stringify(source.text)}`
  return [head, ...source.text.split('\n').map((line) => (line ? `  | ${line}` : '  |'))].join('\n')
}

const printSite = (site: Site, k: number): string =>
  `site ${k} ${site.code} ${JSON.stringify(site.subject)} ${place(site.span)}`

/** The whole module; `read` gives it back. */
export function print(module: Module): string {
  const head = [
    `module ${quoteName(module.name)} ${module.stage} entry ${quoteName(module.entry)}`,
    ...module.sources.map(printSource),
    ...module.sites.map(printSite),
  ].join('\n')
  return `${[head, ...module.functions.map(printFn)].join('\n\n')}\n`
}

/** Normalised syntax as text, for people and tests: JavaScript-like, every operation in parentheses. */

import type { Expr, KernelFn, Stmt } from './ast.ts'

export function showKernel(kernel: KernelFn): string {
  const params = kernel.params.map((p) => p.variable.name + (p.default ? ` = ${showExpr(p.default)}` : ''))
  return [`(${params.join(', ')})`, ...lines(kernel.body, '  ')].join('\n')
}

const lines = (stmts: readonly Stmt[], indent: string): string[] => stmts.flatMap((s) => showStmt(s, indent))

const labelled = (name: string): string => (name === 'loop' ? '' : `${name}: `)

function showStmt(stmt: Stmt, indent: string): string[] {
  const body = (stmts: readonly Stmt[]) => lines(stmts, `${indent}  `)
  switch (stmt.kind) {
    case 'declare': {
      const init = stmt.init ? ` = ${showExpr(stmt.init)}` : ''
      return [`${indent}${stmt.variable.kind} ${stmt.variable.name}${init}`]
    }
    case 'expr':
      return [`${indent}${showExpr(stmt.expr)}`]
    case 'if': {
      const otherwise = stmt.else.length > 0 ? [`${indent}else`, ...body(stmt.else)] : []
      return [`${indent}if ${showExpr(stmt.test)}`, ...body(stmt.then), ...otherwise]
    }
    case 'while':
      return [`${indent}${labelled(stmt.label.name)}while ${showExpr(stmt.test)}`, ...body(stmt.body)]
    case 'doWhile':
      return [`${indent}${labelled(stmt.label.name)}do`, ...body(stmt.body), `${indent}while ${showExpr(stmt.test)}`]
    case 'for': {
      const init = stmt.init.flatMap((s) => showStmt(s, '')).join(', ')
      const rest = [stmt.test, stmt.update].map((e) => (e ? showExpr(e) : '')).join('; ')
      return [`${indent}${labelled(stmt.label.name)}for ${init}; ${rest}`, ...body(stmt.body)]
    }
    case 'prange': {
      const args = [stmt.start, stmt.stop, stmt.step].filter((e) => e !== undefined).map(showExpr)
      const head = `for ${stmt.variable.kind} ${stmt.variable.name} of prange(${args.join(', ')})`
      return [`${indent}${labelled(stmt.label.name)}${head}`, ...body(stmt.body)]
    }
    case 'block':
      return [`${indent}${stmt.label ? labelled(stmt.label.name) : ''}block`, ...body(stmt.body)]
    case 'break':
    case 'continue':
      return [`${indent}${stmt.kind} ${stmt.label.name}`]
    case 'return':
      return [`${indent}return${stmt.value ? ` ${showExpr(stmt.value)}` : ''}`]
    default:
      return stmt satisfies never
  }
}

export function showExpr(e: Expr): string {
  const list = (exprs: readonly Expr[]) => exprs.map(showExpr).join(', ')
  switch (e.kind) {
    case 'number':
      return Object.is(e.value, -0) ? '-0' : String(e.value)
    case 'boolean':
      return String(e.value)
    case 'undefined':
      return 'undefined'
    case 'variable':
      return e.variable.name
    case 'unary':
      return `${e.op}${showExpr(e.value)}`
    case 'binary':
    case 'logical':
      return `(${showExpr(e.left)} ${e.op} ${showExpr(e.right)})`
    case 'conditional':
      return `(${showExpr(e.test)} ? ${showExpr(e.then)} : ${showExpr(e.else)})`
    case 'assign':
      return `(${showExpr(e.target)} ${e.op ?? ''}= ${showExpr(e.value)})`
    case 'update':
      return e.prefix ? `(${e.op}${showExpr(e.target)})` : `(${showExpr(e.target)}${e.op})`
    case 'sequence':
      return `(${list(e.exprs)})`
    case 'intrinsic':
      return `${e.name}(${list(e.args)})`
    case 'invoke':
      return `${e.name}(${list(e.args)})`
    case 'new':
      return `new ${e.dtype}[${e.length ? showExpr(e.length) : '0'}]`
    case 'index':
      return `${showExpr(e.array)}[${showExpr(e.index)}]`
    case 'length':
      return `${showExpr(e.array)}.length`
    default:
      return e satisfies never
  }
}

/** A whole function and its statements, from the parser's syntax to the kernel's. */

import type {
  Expression,
  ForOfStatement,
  ForStatement,
  ReturnStatement,
  Statement,
  TryStatement,
  VariableDeclaration,
  VariableDeclarator,
} from 'acorn'
import type { Expr, KernelFn, Label, Param, Stmt, Variable } from './ast.ts'
import { freePath, refuse, resolve } from './calls.ts'
import type { Captures } from './captures.ts'
import { type Context, fail, inScope, locOf, newVariable, textOf } from './context.ts'
import { assigned, expr } from './expressions.ts'
import { type HoistedVars, hoistVars } from './hoist.ts'
import type { FunctionNode, ParsedFunction } from './parse.ts'
import { DESTRUCTURING, FOR_OF, LOWERED_FOR_OF, SPREAD, STATEMENTS } from './refusals.ts'
import { Scope } from './scope.ts'
import type { AnyFunction } from './source.ts'
import { isCoverageCounter, unwrap } from './tools.ts'

export function normalise(
  fn: AnyFunction,
  source: KernelFn['source'],
  parsed: ParsedFunction,
  captures: Captures,
): KernelFn {
  const { node, offset } = parsed
  const ctx: Context = { fn, source, offset, captures, variables: [], scope: new Scope(), jumps: [], expr }
  const params = parameters(ctx, node)
  const hoisted = hoistVars(node.body, new Set(params.map((p) => p.variable.name)))
  const walker = new Statements(ctx, hoisted)
  return { source, fn, params, variables: ctx.variables, body: walker.functionBody(node) }
}

function parameters(ctx: Context, node: FunctionNode): Param[] {
  const read = node.params.map((param) => {
    const id = param.type === 'AssignmentPattern' ? param.left : param
    if (id.type === 'RestElement') {
      return fail(
        ctx,
        id,
        'unsupported-syntax',
        'A kernel takes a fixed number of arguments: rest parameters are not available.',
        'Name each parameter, or pass the values in a typed array.',
      )
    }
    if (id.type !== 'Identifier') return refuse(ctx, id, DESTRUCTURING)
    const variable = newVariable(ctx, id.name, 'param', id)
    ctx.scope.declare({ variable, readyAt: param.end })
    return { variable, value: param.type === 'AssignmentPattern' ? param.right : undefined }
  })
  // Defaults see all parameters, and those before them with their values.
  return read.map(({ variable, value }) => (value ? { variable, default: expr(ctx, value) } : { variable }))
}

class Statements {
  private readonly ctx: Context
  private readonly vars: HoistedVars

  constructor(ctx: Context, vars: HoistedVars) {
    this.ctx = ctx
    this.vars = vars
  }

  functionBody(node: FunctionNode): Stmt[] {
    const { ctx } = this
    const top: Stmt[] = []
    return inScope(ctx, () => {
      for (const [name, declarator] of this.vars.hoisted) {
        const variable = newVariable(ctx, name, 'var', declarator.id)
        ctx.scope.declare({ variable, readyAt: 0 })
        top.push({ kind: 'declare', variable, loc: variable.loc })
      }
      if (node.body.type === 'BlockStatement') return [...top, ...this.list(node.body.body)]
      return this.returned(node.body, node.body)
    })
  }

  /** The statements of a block, in the scope that is open. */
  private list(nodes: readonly Statement[]): Stmt[] {
    for (const node of nodes) if (node.type === 'VariableDeclaration') this.announce(node)
    return nodes.flatMap((node) => this.statement(node))
  }

  /** A block of its own scope; a single statement is one too. */
  private block(node: Statement | null | undefined): Stmt[] {
    if (!node) return []
    return inScope(this.ctx, () => this.list(node.type === 'BlockStatement' ? node.body : [node]))
  }

  /** Makes a block's names known before its statements are read, as they shadow outer ones from its beginning. */
  private announce(node: VariableDeclaration): void {
    for (const d of node.declarations) {
      if (d.id.type !== 'Identifier') refuse(this.ctx, d.id, DESTRUCTURING)
      else if (node.kind !== 'var') this.introduce(d, node.kind === 'let' ? 'let' : 'const', d.end)
      else if (this.vars.inPlace.has(d)) this.introduce(d, 'var', 0)
    }
  }

  private introduce(node: VariableDeclarator, kind: Variable['kind'], readyAt: number): Variable {
    const name = textOf(this.ctx, node.id)
    const variable = newVariable(this.ctx, name, kind, node.id)
    this.ctx.scope.declare({ variable, readyAt })
    return variable
  }

  private statement(node: Statement): Stmt[] {
    const { ctx } = this
    const loc = locOf(ctx, node)
    switch (node.type) {
      case 'EmptyStatement':
      case 'DebuggerStatement':
        return []
      case 'ExpressionStatement':
        return node.directive === undefined ? this.effect(node.expression) : []
      case 'VariableDeclaration':
        return this.declaration(node)
      case 'BlockStatement': {
        const body = this.block(node)
        return body.length > 0 ? [{ kind: 'block', body, loc }] : []
      }
      case 'IfStatement':
        return [
          {
            kind: 'if',
            test: expr(ctx, node.test),
            then: this.block(node.consequent),
            else: this.block(node.alternate),
            loc,
          },
        ]
      case 'ForStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'LabeledStatement':
        return this.labelled(node, [])
      case 'BreakStatement':
      case 'ContinueStatement':
        return [this.jump(node.type === 'BreakStatement' ? 'break' : 'continue', node.label?.name, node)]
      case 'ReturnStatement':
        return node.argument ? this.returned(node.argument, node) : [{ kind: 'return', loc }]
      case 'TryStatement':
        return refuse(ctx, node, isLoweredForOf(textOf(ctx, node), node) ? LOWERED_FOR_OF : STATEMENTS.TryStatement)
      default:
        return refuse(ctx, node, STATEMENTS[node.type])
    }
  }

  private declaration(node: VariableDeclaration): Stmt[] {
    const { ctx } = this
    if (node.kind === 'using' || node.kind === 'await using') {
      return fail(
        ctx,
        node,
        'unsupported-syntax',
        '`using` is not available inside a kernel: its arrays are freed by themselves.',
        'Write const.',
      )
    }
    return node.declarations.flatMap((d): Stmt[] => {
      const loc = locOf(ctx, d)
      const init = d.init ? expr(ctx, d.init) : undefined
      const { variable } = ctx.scope.lookup(textOf(ctx, d.id))!
      if (node.kind !== 'var' || this.vars.inPlace.has(d)) return [{ kind: 'declare', variable, init, loc }]
      // A hoisted variable, or `var` of a parameter's name.
      if (init === undefined) return []
      variable.assigned = true
      const target = { kind: 'variable', variable, loc: locOf(ctx, d.id) } as const
      return [{ kind: 'expr', expr: { kind: 'assign', target, value: init, loc }, loc }]
    })
  }

  /** An expression for its effect; minifiers write ifs and lists of statements this way. */
  private effect(node: Expression): Stmt[] {
    const { ctx } = this
    const loc = locOf(ctx, node)
    if (isCoverageCounter(node)) return []
    const inner = unwrap(node)
    if (inner !== node) return this.effect(inner)
    if (node.type === 'SequenceExpression') return node.expressions.flatMap((e) => this.effect(e))
    if (node.type === 'UnaryExpression' && node.operator === 'void') return this.effect(node.argument)
    if (node.type === 'LogicalExpression' && node.operator !== '??') {
      const test = expr(ctx, node.left)
      const then = this.effect(node.right)
      const holds: Expr = node.operator === '&&' ? test : { kind: 'unary', op: '!', value: test, loc: test.loc }
      return [{ kind: 'if', test: holds, then, else: [], loc }]
    }
    if (node.type === 'ConditionalExpression') {
      const test = expr(ctx, node.test)
      return [{ kind: 'if', test, then: this.effect(node.consequent), else: this.effect(node.alternate), loc }]
    }
    const value = expr(ctx, node)
    // `x &&= v` has become `x && (x = v)`.
    if (value.kind === 'logical') {
      const test: Expr =
        value.op === '&&' ? value.left : { kind: 'unary', op: '!', value: value.left, loc: value.left.loc }
      return [{ kind: 'if', test, then: [{ kind: 'expr', expr: value.right, loc }], else: [], loc }]
    }
    return [{ kind: 'expr', expr: value, loc }]
  }

  private returned(value: Expression, node: Expression | ReturnStatement): Stmt[] {
    const loc = locOf(this.ctx, node)
    const inner = unwrap(value)
    if (inner.type === 'SequenceExpression') {
      const last = inner.expressions[inner.expressions.length - 1]!
      return [...inner.expressions.slice(0, -1).flatMap((e) => this.effect(e)), ...this.returned(last, node)]
    }
    if (inner.type === 'UnaryExpression' && inner.operator === 'void') {
      const effects = inner.argument.type === 'Literal' ? [] : this.effect(inner.argument)
      return [...effects, { kind: 'return', loc }]
    }
    const result = expr(this.ctx, inner)
    return [result.kind === 'undefined' ? { kind: 'return', loc } : { kind: 'return', value: result, loc }]
  }

  /** A statement that break or continue may name. */
  private labelled(node: Statement, names: readonly string[]): Stmt[] {
    const { ctx } = this
    const loc = locOf(ctx, node)
    const loop = (read: (label: Label) => Stmt[]): Stmt[] => {
      const label: Label = { name: names[0] ?? 'loop' }
      return this.within({ names, label, isLoop: true }, () => read(label))
    }
    switch (node.type) {
      case 'LabeledStatement':
        return this.labelled(node.body, [...names, node.label.name])
      case 'WhileStatement':
        return loop((label) => [{ kind: 'while', test: expr(ctx, node.test), label, body: this.block(node.body), loc }])
      case 'DoWhileStatement':
        return loop((label) => {
          const body = this.block(node.body)
          return [{ kind: 'doWhile', test: expr(ctx, node.test), label, body, loc }]
        })
      case 'ForStatement':
        return loop((label) => [this.forLoop(node, label)])
      case 'ForOfStatement':
        return loop((label) => [this.prangeLoop(node, label)])
      default: {
        const label: Label = { name: names[0]! }
        const body = this.within({ names, label, isLoop: false }, () => this.block(node))
        return [{ kind: 'block', label, body, loc }]
      }
    }
  }

  private within<T>(jump: Context['jumps'][number], inside: () => T): T {
    this.ctx.jumps.push(jump)
    const result = inside()
    this.ctx.jumps.pop()
    return result
  }

  private jump(kind: 'break' | 'continue', name: string | undefined, node: Statement): Stmt {
    // The parser has checked that the target exists and may be left so.
    const target = this.ctx.jumps.findLast((j) => (name === undefined ? j.isLoop : j.names.includes(name)))
    return { kind, label: target!.label, loc: locOf(this.ctx, node) }
  }

  private forLoop(node: ForStatement, label: Label): Stmt {
    const { ctx } = this
    return inScope(ctx, () => {
      let init: Stmt[] = []
      if (node.init?.type === 'VariableDeclaration') {
        this.announce(node.init)
        init = this.declaration(node.init)
      } else if (node.init) {
        init = this.effect(node.init)
      }
      const update = node.update && !isCoverageCounter(node.update) ? expr(ctx, node.update) : undefined
      const test = node.test ? expr(ctx, node.test) : undefined
      return { kind: 'for', init, test, update, label, body: this.block(node.body), loc: locOf(ctx, node) }
    })
  }

  /** `for (const i of prange(…))`. */
  private prangeLoop(node: ForOfStatement, label: Label): Stmt {
    const { ctx } = this
    const right = unwrap(node.right)
    const path = right.type === 'CallExpression' ? freePath(ctx, unwrap(right.callee as Expression)) : undefined
    const range = path && resolve(ctx, path, right)
    if (node.await || right.type !== 'CallExpression' || range?.kind !== 'intrinsic' || range.name !== 'prange') {
      return refuse(ctx, right, FOR_OF)
    }
    const args = right.arguments.map((a) => (a.type === 'SpreadElement' ? refuse(ctx, a, SPREAD) : expr(ctx, a)))
    if (args.length < 1 || args.length > 3) {
      return fail(
        ctx,
        right,
        'arity',
        `prange takes one to three arguments, not ${args.length}.`,
        'Write prange(stop) or prange(start, stop, step).',
      )
    }
    const start = args.length > 1 ? args[0] : undefined
    const stop = args.length > 1 ? args[1]! : args[0]!
    return inScope(ctx, () => {
      const { variable, first } = this.loopVariable(node)
      const body = this.block(node.body)
      const { variable: counter, copy } = this.unassigned(variable, node)
      const loc = locOf(ctx, node)
      return {
        kind: 'prange',
        variable: counter,
        start,
        stop,
        step: args[2],
        label,
        body: [...copy, ...first, ...body],
        loc,
      }
    })
  }

  /** The variable of a for…of; `first` hands the value on where the loop assigns something declared outside. */
  private loopVariable(node: ForOfStatement): { variable: Variable; first: Stmt[] } {
    const { ctx } = this
    const { left } = node
    if (left.type === 'VariableDeclaration') {
      const declarator = left.declarations[0]!
      if (left.kind !== 'var' || this.vars.inPlace.has(declarator)) {
        this.announce(left)
        return { variable: ctx.scope.lookup(textOf(ctx, declarator.id))!.variable, first: [] }
      }
    }
    const id = left.type === 'VariableDeclaration' ? left.declarations[0]!.id : left
    const target = assigned(ctx, id)
    const variable = newVariable(ctx, target.kind === 'variable' ? target.variable.name : 'i', 'const', id)
    const loc = locOf(ctx, id)
    const value: Expr = { kind: 'variable', variable, loc }
    return { variable, first: [{ kind: 'expr', expr: { kind: 'assign', target, value, loc }, loc }] }
  }

  /** A loop variable that the body assigns is a copy: the loop counts on regardless. */
  private unassigned(variable: Variable, node: ForOfStatement): { variable: Variable; copy: Stmt[] } {
    if (!variable.assigned) return { variable, copy: [] }
    const { ctx } = this
    const counter = newVariable(ctx, variable.name, 'const', node.left)
    const loc = locOf(ctx, node.left)
    const init: Expr = { kind: 'variable', variable: counter, loc }
    return { variable: counter, copy: [{ kind: 'declare', variable, init, loc }] }
  }
}

/** TypeScript's `__values` and Babel's and swc's iterator protocol. */
const isLoweredForOf = (text: string, node: TryStatement): boolean =>
  node.finalizer !== null && node.finalizer !== undefined && /__values\(|Symbol\.iterator|\.next\(\)/.test(text)

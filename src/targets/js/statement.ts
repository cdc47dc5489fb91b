/**
 * Statements as JavaScript.
 *
 * Why bounds are checked by comparing an element with `undefined`, for stores too: V8 checks the index of every read
 * against the length anyway and leaves optimised code when it is outside, so that inside optimised code an element is
 * known to be a number and the comparison disappears; the check of the store after it does too. Measured on Node 20,
 * the text runs at the speed of the loop without checks; `i >= 0 && i < x.length` costs 6–40 %. And it is the whole
 * rule: elements at 1.5, NaN, −1 or x.length are undefined, and −0 is 0.
 */

import type {
  Alloc,
  Assign,
  Break,
  Call,
  Continue,
  Do,
  Expr,
  Fn,
  For,
  If,
  Label,
  Local,
  Stmt,
  Store,
} from '../../ir/ir.ts'
import { F64, typeName } from '../../ir/types.ts'
import { assignedLocals, exprReads, visitStmts } from '../../ir/walk.ts'
import { dtypeCode, dtypeInfo } from '../../types.ts'
import { Unsupported } from '../target.ts'
import { atomic } from './atomics.ts'
import { type Declarations, declarations, isStack } from './declare.ts'
import { checkType, expression, type LocalNames } from './expression.ts'
import { Names } from './names.ts'

/** Elements up to which an array is made in place: there is room for so many. */
const MADE_HERE = 2 ** 24

/** What the functions of a module have in common. */
export interface Surroundings {
  readonly names: Names
  /** Whether other threads may run: what `do` needs to know. */
  readonly threads: boolean
  /** The identifier of an empty array of the local's type. */
  empty(local: Local): string
  ordinal(launched: string): number
}

export function printFunction(fn: Fn, around: Surroundings): string[] {
  return new FunctionPrinter(fn, around).print()
}

/** Methods return lines, indented relative to the statement's own place. */
class FunctionPrinter implements LocalNames {
  private readonly fn: Fn
  private readonly around: Surroundings
  private readonly names: Names
  private readonly labels = new Names()
  private readonly declared: Declarations
  private readonly open: { readonly label: Label; readonly isLoop: boolean }[] = []
  /** A label is written only where a jump needs it. */
  private readonly jumpedTo = new Set<Label>()

  constructor(fn: Fn, around: Surroundings) {
    this.fn = fn
    this.around = around
    this.names = new Names(around.names)
    this.declared = declarations(fn)
    for (const local of [...fn.params, ...fn.locals]) {
      checkType(local.type)
      this.local(local)
    }
  }

  local(local: Local): string {
    return this.names.of(local, local.name)
  }

  print(): string[] {
    const { fn } = this
    const starts = this.declared.atStart.map((local) => `${this.local(local)} = ${this.initial(local)}`)
    const name = this.around.names.of(fn.name, fn.name)
    return [
      `function ${name}(${fn.params.map((p) => this.local(p)).join(', ')}) {`,
      ...(starts.length > 0 ? [`  let ${starts.join(', ')}`] : []),
      ...this.body(fn.body),
      '}',
    ]
  }

  private initial(local: Local): string {
    if (isStack(local)) return this.stackArray(local)
    if (local.type.kind === 'array') return this.around.empty(local)
    return typeName(local.type) === 'bool' ? 'false' : '0'
  }

  private stackArray(local: Local): string {
    let size: number | undefined
    visitStmts(this.fn.body, {
      stmt: (s) => {
        if (s.kind === 'alloc' && s.local === local && s.length.kind === 'const') size = Number(s.length.value)
      },
    })
    if (local.type.kind !== 'array' || size === undefined) {
      throw new Unsupported('an array on the stack needs a constant length')
    }
    return `new ${dtypeInfo(local.type.dtype).arrayName}(${size})`
  }

  private body(stmts: readonly Stmt[]): string[] {
    return stmts.flatMap((s) => this.statement(s)).map((line) => `  ${line}`)
  }

  private expr(e: Expr): string {
    return expression(e, this)
  }

  private list(exprs: readonly Expr[]): string {
    return exprs.map((e) => this.expr(e)).join(', ')
  }

  /**
   * Where the call's arrays are ordinary ones, the engine should see the result being made: loops over what a helper
   * gives are some percent slower, since it may be anything. Lengths that could fail are the helper's.
   */
  private inPlace(s: Alloc, length: string): string {
    if (this.around.threads || s.local.type.kind !== 'array' || !/^[\w$.]+$/.test(length)) return ''
    const small = s.length.type === F64 ? `${length} >>> 0 === ${length} && ` : `${length} >= 0 && `
    return `rt.ordinary && ${small}${length} <= ${MADE_HERE} ? new ${dtypeInfo(s.local.type.dtype).arrayName}(${length}) : `
  }

  private statement(s: Stmt): string[] {
    switch (s.kind) {
      case 'assign':
        return this.assign(s)
      case 'store':
        return this.store(s)
      case 'do':
        return this.do(s)
      case 'call':
        return this.call(s)
      case 'alloc': {
        if (s.local.type.kind !== 'array') throw new Unsupported('an alloc of what is not an array')
        if (isStack(s.local)) return s.zero ? [`${this.local(s.local)}.fill(0)`] : []
        const code = dtypeCode(s.local.type.dtype)
        const raw = s.zero ? '' : ', true'
        const length = this.expr(s.length)
        const made = `rt.alloc(${code}, ${length}, ${s.site}${raw})`
        return [`${this.target(s, s.local)} = ${this.inPlace(s, length)}${made}`]
      }
      case 'if':
        return this.if(s)
      case 'for':
        return this.for(s)
      case 'while':
        return this.labelled(s.label, true, `while (${this.expr(s.cond)}) {`, s.body)
      case 'block':
        return this.labelled(s.label, false, '{', s.body)
      case 'break':
      case 'continue':
        return [this.jump(s)]
      case 'return':
        if (s.values.length === 0) return ['return']
        return [s.values.length === 1 ? `return ${this.list(s.values)}` : `return [${this.list(s.values)}]`]
      case 'fail':
        return [`throw rt.fail(${[String(s.site), ...s.values.map((e) => this.expr(e))].join(', ')})`]
      case 'launch': {
        const serial = s.serialIf ? this.expr(s.serialIf) : 'false'
        const range = `${this.around.ordinal(s.fn)}, ${this.expr(s.lo)}, ${this.expr(s.hi)}`
        return [`rt.launch(${range}, [${this.list(s.args)}], ${serial})`]
      }
      case 'barrier':
        throw new Unsupported('checked JavaScript has no barrier')
      default:
        return s satisfies never
    }
  }

  /** The left side of an assignment, declared where this is the place for it. */
  private target(s: Stmt, local: Local): string {
    const word = this.declared.at.get(s)
    return word && word.local === local ? `${word.constant ? 'const' : 'let'} ${this.local(local)}` : this.local(local)
  }

  private assign(s: Assign): string[] {
    const { local, value } = s
    if (value.kind !== 'load' || value.bounds === 'proven') return [`${this.target(s, local)} = ${this.expr(value)}`]
    if (value.mask) throw new Unsupported('checked JavaScript has no masked loads')
    const array = this.local(value.array)
    // The failure reads the index again, so it must outlive the assignment.
    const at = exprReads(value.index).has(local) ? this.kept(value.index) : this.named(value.index)
    return [
      ...at.lines,
      `${this.target(s, local)} = ${array}[${at.name}]`,
      `if (${this.local(local)} === undefined) throw rt.fail(${value.site}, ${at.name}, ${array}.length)`,
    ]
  }

  private store(s: Store): string[] {
    if (s.mask) throw new Unsupported('checked JavaScript has no masked stores')
    const array = this.local(s.array)
    if (s.bounds === 'proven') return [`${array}[${this.expr(s.index)}] = ${this.expr(stored(s))}`]
    const at = this.named(s.index)
    return [...at.lines, this.check(s, array, at.name), `${array}[${at.name}] = ${this.expr(stored(s))}`]
  }

  private do(s: Do): string[] {
    const array = this.local(s.array)
    const at = this.named(s.index)
    const args = s.args.map((arg) => this.named(arg))
    const old = s.result ? this.local(s.result) : this.names.fresh('old')
    const names = { array, index: at.name, old, args: args.map(({ name }) => name) }
    return [
      ...at.lines,
      ...(s.bounds === 'checked' ? [this.check(s, array, at.name)] : []),
      ...args.flatMap(({ lines }) => lines),
      ...(s.result ? [] : [`let ${old} = 0`]),
      ...atomic(s, this.around.threads, names),
    ]
  }

  private check(s: Store | Do, array: string, index: string): string {
    return `if (${array}[${index}] === undefined) throw rt.fail(${s.site}, ${index}, ${array}.length)`
  }

  /** What may be written twice: a local or a constant itself, else a new name for the value. */
  private named(e: Expr): { readonly lines: readonly string[]; readonly name: string } {
    return e.kind === 'const' || e.kind === 'local' ? { lines: [], name: this.expr(e) } : this.kept(e)
  }

  private kept(e: Expr): { readonly lines: readonly string[]; readonly name: string } {
    const name = this.names.fresh('at')
    return { lines: [`const ${name} = ${this.expr(e)}`], name }
  }

  private call(s: Call): string[] {
    const call = `${this.around.names.of(s.fn, s.fn)}(${this.list(s.args)})`
    if (s.results.length === 0) return [call]
    if (s.results.length === 1) return [`${this.target(s, s.results[0]!)} = ${call}`]
    // Destructuring would go by the iterator protocol, which costs where V8 does not inline.
    const all = this.names.fresh('results')
    return [`const ${all} = ${call}`, ...s.results.map((local, k) => `${this.local(local)} = ${all}[${k}]`)]
  }

  private if(s: If): string[] {
    const lines = [`if (${this.expr(s.cond)}) {`, ...this.body(s.then)]
    const only = s.else.length === 1 ? s.else[0]! : undefined
    if (only?.kind === 'if') {
      const [first, ...rest] = this.if(only)
      return [...lines, `} else ${first}`, ...rest]
    }
    return s.else.length > 0 ? [...lines, '} else {', ...this.body(s.else), '}'] : [...lines, '}']
  }

  private for(s: For): string[] {
    if (s.forKind !== 'serial') throw new Unsupported(`checked JavaScript has no ${s.forKind} loops`)
    if (s.reductions.some((r) => r.order === 'tree')) {
      throw new Unsupported('checked JavaScript takes reductions once their tree is written out')
    }
    const name = this.local(s.variable)
    const start = `${name} = ${this.expr(s.lo)}`
    const isOwn = this.declared.at.has(s)
    // The end is evaluated once: what could change meanwhile gets a name.
    const fixed = s.hi.kind === 'const' || (s.hi.kind === 'local' && !assignedLocals([s]).has(s.hi.local))
    const end = fixed ? this.expr(s.hi) : this.names.fresh(`${name}_end`)
    const ending = fixed ? '' : `${end} = ${this.expr(s.hi)}`
    const starts = isOwn ? `let ${start}${ending && `, ${ending}`}` : start
    const { step } = s
    const by = Math.abs(step) === 1 ? (step > 0 ? '++' : '--') : step > 0 ? ` += ${step}` : ` -= ${-step}`
    const head = `for (${starts}; ${name} ${step > 0 ? '<' : '>'} ${end}; ${name}${by}) {`
    return [...(ending && !isOwn ? [`const ${ending}`] : []), ...this.labelled(s.label, true, head, s.body)]
  }

  private labelled(label: Label, isLoop: boolean, head: string, stmts: readonly Stmt[]): string[] {
    this.open.push({ label, isLoop })
    const body = this.body(stmts)
    this.open.pop()
    const name = this.jumpedTo.has(label) ? `${this.labels.of(label, label.name)}: ` : ''
    return [name + head, ...body, '}']
  }

  private jump(s: Break | Continue): string {
    if (this.open.findLast((loop) => loop.isLoop)?.label === s.label) return s.kind
    this.jumpedTo.add(s.label)
    return `${s.kind} ${this.labels.of(s.label, s.label.name)}`
  }
}

/** A store into a Uint8ClampedArray clamps by itself. */
const stored = (s: Store): Expr => {
  const { value, array } = s
  const clamps = array.type.kind === 'array' && array.type.dtype === 'uint8c'
  return clamps && value.kind === 'op' && value.op === 'clamp8' ? value.args[0]! : value
}

/** The name of an empty array's constant, and its text. */
export const emptyArray = (local: Local): { readonly wish: string; readonly text: string } => {
  if (local.type.kind !== 'array') throw new Unsupported(`${local.name} is not an array`)
  const { arrayName } = dtypeInfo(local.type.dtype)
  return { wish: `EMPTY_${local.type.dtype.toUpperCase()}`, text: `new ${arrayName}(0)` }
}

/** Reads what `print` writes (the grammar is in syntax.ts). It builds nodes; whether they make sense `verify` tells. */

import { bool, extract, num, op, reduce, ref, select } from './build.ts'
import { Cursor, ReadError, typeOfWord } from './cursor.ts'
import type {
  ArrayType,
  Bounds,
  Const,
  Expr,
  FailureCode,
  Fn,
  For,
  Label,
  Load,
  Local,
  Module,
  Reduction,
  Site,
  SourceText,
  Stmt,
  Type,
  VecType,
} from './ir.ts'
import { OP_OF_SIGN } from './syntax.ts'
import { BOOL, F32, F64, INDEX, scalar, valueType } from './types.ts'

export { ReadError } from './cursor.ts'

const CODES: readonly FailureCode[] = ['bounds', 'length', 'memory', 'integer', 'freed', 'depth', 'worker', 'call']
const REDUCTIONS = ['add', 'mul', 'min', 'max', 'and', 'or', 'xor'] as const
const FOLDS = ['add', 'mul', 'min', 'max', 'any', 'all'] as const

/** The module that a text describes; throws ReadError with the line and what was expected there. */
export function read(text: string): Module {
  return new Reader(text).module()
}

class Reader {
  readonly #lines: readonly string[]
  #next = 0
  #locals = new Map<string, Local>()
  #labels = new Map<string, Label>()

  constructor(text: string) {
    this.#lines = text.split('\n')
  }

  // ─────────────────────────── lines ───────────────────────────

  /** The next line that has tokens, without taking it. */
  #peekLine(): Cursor | undefined {
    for (; this.#next < this.#lines.length; this.#next++) {
      const cursor = new Cursor(this.#lines[this.#next]!, this.#next + 1)
      if (!cursor.done) return cursor
    }
    return undefined
  }

  #line(expected: string): Cursor {
    const cursor = this.#peekLine()
    if (!cursor) throw new ReadError(`line ${this.#lines.length}: the text ends where ${expected} is expected`)
    this.#next++
    return cursor
  }

  // ─────────────────────────── modules ───────────────────────────

  module(): Module {
    const head = this.#line('a module')
    head.expect('module')
    const name = head.name('the name of the module')
    const stage = head.oneOf(['portable', 'target'])
    head.expect('entry')
    const entry = head.name('the name of the entry function')
    head.end()
    const sources: SourceText[] = []
    const sites: Site[] = []
    const functions: Fn[] = []
    for (let at = this.#peekLine(); at; at = this.#peekLine()) {
      if (at.at('func')) functions.push(this.#function())
      else if (at.at('source')) sources.push(this.#source(sources.length))
      else if (at.at('site')) sites.push(this.#site(sites.length))
      else at.fail('expected source, site or func')
    }
    return { name, stage, functions, entry, sites, sources }
  }

  #numbered(c: Cursor, word: string, count: number): void {
    c.expect(word)
    if (!c.take(String(count))) c.fail(`expected ${word} number ${count}`)
  }

  #source(count: number): SourceText {
    const c = this.#line('a source')
    this.#numbered(c, 'source', count)
    const name = c.string('the name of the source')
    c.expect('line')
    const line = c.integer()
    const file = c.take('file') ? { file: c.string('the name of the file') } : {}
    const whole = c.take('text') ? c.string('the text') : undefined
    c.end()
    if (whole !== undefined) return { name, text: whole, line, ...file }
    const lines: string[] = []
    for (let m = this.#barred(); m !== undefined; m = this.#barred()) lines.push(m)
    if (lines.length === 0) c.fail('expected the text of the source below, behind bars')
    return { name, text: lines.join('\n'), line, ...file }
  }

  #barred(): string | undefined {
    const found = /^ *\| ?(.*)$/s.exec(this.#lines[this.#next] ?? '')
    if (found) this.#next++
    return found?.[1]
  }

  #site(count: number): Site {
    const c = this.#line('a site')
    this.#numbered(c, 'site', count)
    const code = c.oneOf(CODES)
    const subject = c.string('the subject of the site')
    const span = c.span()
    c.end()
    return { code, subject, span }
  }

  #function(): Fn {
    const c = this.#line('a function')
    this.#locals = new Map()
    this.#labels = new Map()
    c.expect('func')
    const name = c.name('the name of the function')
    c.expect('(')
    const params = c.list(')', () => this.#declaration(c))
    const results: Type[] = []
    if (c.take('->')) {
      do results.push(c.type())
      while (c.take(','))
    }
    const canFail = c.take('canfail')
    c.expect('{')
    c.end()
    const locals: Local[] = []
    for (let at = this.#peekLine(); at?.take('local'); at = this.#peekLine()) {
      locals.push(this.#declaration(at))
      at.end()
      this.#next++
    }
    const [body, close] = this.#body()
    close.end()
    return { name, params, results, locals, body, canFail }
  }

  #declaration(c: Cursor): Local {
    const name = c.name('the name of a local')
    if (this.#locals.has(name)) c.fail(`${name} is declared twice`)
    c.expect(':')
    const local = { name, type: c.type() }
    this.#locals.set(name, local)
    return local
  }

  // ────────────────────────── statements ──────────────────────────

  /** Statements up to the line that begins with `}`, and the rest of that line. */
  #body(): [readonly Stmt[], Cursor] {
    const body: Stmt[] = []
    for (;;) {
      const c = this.#line('}')
      if (c.take('}')) return [body, c]
      body.push(this.#statement(c))
    }
  }

  /** The body of a statement that nothing follows on the line of its brace. */
  #block(c: Cursor): readonly Stmt[] {
    c.expect('{')
    c.end()
    const [body, close] = this.#body()
    close.end()
    return body
  }

  #statement(c: Cursor): Stmt {
    if (c.at(':', 1)) return this.#labelled(c)
    if (c.at('if')) return this.#if(c)
    const s = this.#simple(c)
    c.end()
    return s
  }

  #labelled(c: Cursor): Stmt {
    const name = c.name('a label')
    const label = this.#labels.get(name) ?? { name }
    this.#labels.set(name, label)
    c.expect(':')
    const kind = c.oneOf(['for', 'while', 'block'])
    if (kind === 'block') return { kind, label, body: this.#block(c) }
    if (kind === 'for') return this.#for(c, label)
    const cond = this.#expr(c)
    c.expect('span')
    const span = c.span()
    return { kind, cond, label, body: this.#block(c), span }
  }

  #for(c: Cursor, label: Label): For {
    const kinds = ['vector', 'parallel', 'grid', 'block'] as const
    const forKind = kinds.find((kind) => !c.at('in', 1) && c.take(kind)) ?? 'serial'
    const variable = this.#local(c)
    c.expect('in')
    const lo = this.#primary(c)
    c.expect('..')
    const hi = this.#primary(c)
    const step = c.take('step') ? c.integer() : 1
    const reductions = c.take('reduce') ? c.enclosed(() => this.#reduction(c)) : []
    const serialIf = c.take('serialif') ? { serialIf: this.#expr(c) } : {}
    c.expect('span')
    const span = c.span()
    const body = this.#block(c)
    return { kind: 'for', forKind, variable, lo, hi, step, reductions, ...serialIf, label, body, span }
  }

  #reduction(c: Cursor): Reduction {
    const order = c.oneOf(['ordered', 'tree'])
    const operation = c.oneOf(REDUCTIONS)
    return { local: this.#local(c), op: operation, order }
  }

  #if(c: Cursor): Stmt {
    c.expect('if')
    const cond = this.#expr(c)
    c.expect('{')
    c.end()
    const [yes, close] = this.#body()
    let no: readonly Stmt[] = []
    if (close.take('else')) no = close.at('if') ? [this.#if(close)] : this.#block(close)
    else close.end()
    return { kind: 'if', cond, then: yes, else: no }
  }

  #simple(c: Cursor): Stmt {
    if (c.take('barrier')) return { kind: 'barrier' }
    if (c.take('break')) return { kind: 'break', label: this.#label(c) }
    if (c.take('continue')) return { kind: 'continue', label: this.#label(c) }
    if (c.take('return')) {
      const values: Expr[] = []
      if (!c.done) {
        do values.push(this.#expr(c))
        while (c.take(','))
      }
      return { kind: 'return', values }
    }
    if (c.take('fail')) {
      const values = this.#args(c)
      return { kind: 'fail', site: c.site(), values }
    }
    if (c.take('launch')) return this.#launch(c)
    if (c.at('do')) return this.#do(c)
    if (c.at('call')) return this.#call(c, [])
    if (c.at('store') || c.at('checked') || c.at('[', 1)) return this.#store(c)
    return this.#assignment(c)
  }

  #label(c: Cursor): Label {
    const label = this.#labels.get(c.peek()?.text ?? '')
    if (!label) c.fail('expected a label of a loop or block around this')
    c.name('a label')
    return label
  }

  #launch(c: Cursor): Stmt {
    const fn = c.name('the name of a function')
    c.expect('(')
    const lo = this.#primary(c)
    c.expect('..')
    const hi = this.#primary(c)
    const args = this.#moreArgs(c)
    const site = c.site()
    const serialIf = c.take('serialif') ? { serialIf: this.#expr(c) } : {}
    return { kind: 'launch', fn, lo, hi, args, ...serialIf, site }
  }

  #do(c: Cursor, result?: Local): Stmt {
    c.expect('do')
    const name = c.word('an operation')
    c.expect('(')
    const on = this.#element(c)
    const args = this.#moreArgs(c)
    return { kind: 'do', op: name, ...on, args, ...(result ? { result } : {}) }
  }

  #call(c: Cursor, results: readonly Local[]): Stmt {
    c.expect('call')
    const fn = c.name('the name of a function')
    const args = this.#args(c)
    return { kind: 'call', fn, args, results, site: c.site() }
  }

  #store(c: Cursor): Stmt {
    const masked = c.take('store')
    if (masked) c.expect('(')
    const to = this.#element(c)
    let mask: { mask?: Expr } = {}
    if (masked) {
      c.expect(',')
      mask = { mask: this.#expr(c) }
      c.expect(')')
    }
    c.expect('=')
    return { kind: 'store', ...to, value: this.#expr(c), ...mask }
  }

  #assignment(c: Cursor): Stmt {
    const targets = [this.#local(c)]
    while (c.take(',')) targets.push(this.#local(c))
    c.expect('=')
    if (c.at('call')) return this.#call(c, targets)
    const [local] = targets as [Local]
    if (targets.length > 1) c.fail('expected a call, which alone gives several results')
    if (c.at('do')) return this.#do(c, local)
    if (c.at('alloc') && c.at('(', 1)) {
      c.expect('alloc')
      c.expect('(')
      const length = this.#expr(c)
      c.expect(')')
      const site = c.site()
      return { kind: 'alloc', local, length, zero: !c.take('raw'), site }
    }
    return { kind: 'assign', local, value: this.#expr(c) }
  }

  // ────────────────────────── expressions ──────────────────────────

  #local(c: Cursor): Local {
    const token = c.peek()
    const local = token && this.#locals.get(token.text)
    if (!local) c.fail(token ? `no local is named ${token.text}` : 'expected the name of a local')
    c.name('the name of a local')
    return local
  }

  #args(c: Cursor): Expr[] {
    return c.enclosed(() => this.#expr(c))
  }

  /** Arguments behind a first one, up to the parenthesis. */
  #moreArgs(c: Cursor): Expr[] {
    if (c.take(',')) return c.list(')', () => this.#expr(c))
    c.expect(')')
    return []
  }

  #element(c: Cursor): { array: Local; index: Expr; stride?: Expr; bounds: Bounds; site: number } {
    const bounds = c.take('checked') ? 'checked' : 'proven'
    const array = this.#local(c)
    if (array.type.kind !== 'array') c.fail(`${array.name} is no array`)
    c.expect('[')
    const index = this.#expr(c)
    const stride = c.take('step') ? { stride: this.#primary(c) } : {}
    c.expect(']')
    return { array, index, ...stride, bounds, site: c.site() }
  }

  #expr(c: Cursor): Expr {
    const a = this.#primary(c)
    const sign = c.peek()
    const name = sign?.kind === 'sign' ? OP_OF_SIGN.get(sign.text) : undefined
    if (!name) return a
    c.expect(sign!.text)
    const b = this.#primary(c)
    return this.#op(c, name, [a, b])
  }

  #op(c: Cursor, name: string, args: readonly Expr[]): Expr {
    if (c.take('::')) return { kind: 'op', type: c.type(), op: name, args }
    try {
      return op(name, ...args)
    } catch (error) {
      return c.fail((error as Error).message)
    }
  }

  #primary(c: Cursor): Expr {
    const token = c.peek()
    if (c.take('(')) {
      const inner = this.#expr(c)
      c.expect(')')
      return inner
    }
    if (token?.kind === 'number') return this.#number(c)
    if (c.take('true')) return bool(true)
    if (c.take('false')) return bool(false)
    if (token?.kind === 'name' && c.at('(', 1)) return this.#applied(c)
    if (c.at('checked') || c.at('[', 1)) {
      const from = this.#element(c)
      return { kind: 'load', type: valueType((from.array.type as ArrayType).dtype), ...from }
    }
    if (token?.kind !== 'name' && token?.kind !== 'quoted') c.fail('expected an expression')
    return ref(this.#local(c))
  }

  #number(c: Cursor): Const {
    const [, digits, suffix] = /^(-?(?:[\d.]+(?:e[+-]?\d+)?|Infinity|NaN))(f32|i\d+)?$/.exec(c.number())!
    const whole = /^-?\d+$/.test(digits!)
    if (suffix === 'i64' && whole) return num(scalar('i64'), BigInt(digits!))
    if (suffix?.startsWith('i') && whole) return num(scalar(suffix as 'i32'), Number(digits))
    if (suffix === 'f32') return num(F32, Number(digits))
    if (suffix) c.fail(`${digits} is no ${suffix}`)
    return num(whole ? INDEX : F64, Number(digits))
  }

  /** What is written as a call: a form of its own, a cast, or an operation. */
  #applied(c: Cursor): Expr {
    const name = c.word('a name')
    c.expect('(')
    const close = <E extends Expr>(e: E): E => {
      c.expect(')')
      return e
    }
    const comma = () => {
      c.expect(',')
      return this.#expr(c)
    }
    switch (name) {
      case 'load': {
        const type = c.type()
        c.expect(',')
        const from = this.#element(c)
        const mask = c.at(',') ? { mask: comma() } : {}
        return close({ kind: 'load', type, ...from, ...mask } satisfies Load)
      }
      case 'select':
      case 'cond': {
        const condition = this.#expr(c)
        const yes = comma()
        return close({ ...select(condition, yes, comma()), kind: name })
      }
      case 'ramp': {
        const type = c.type() as VecType
        const base = comma()
        return close({ kind: 'ramp', type, base, stride: comma() })
      }
      case 'splat': {
        const type = c.type() as VecType
        return close({ kind: 'splat', type, value: comma() })
      }
      case 'shuffle': {
        const type = c.type() as VecType
        const a = comma()
        const b = comma()
        c.expect(',')
        c.expect('[')
        return close({ kind: 'shuffle', type, a, b, lanes: c.list(']', () => c.integer()) })
      }
      case 'extract': {
        const value = this.#lanes(c)
        c.expect(',')
        return close(extract(value, c.integer()))
      }
      case 'reduce': {
        const fold = c.oneOf(FOLDS)
        c.expect(',')
        return close(reduce(fold, this.#lanes(c)))
      }
      case 'length': {
        const of = this.#local(c)
        return close({ kind: 'length', type: INDEX, array: of, axis: c.take(',') ? c.integer() : 0 })
      }
      case 'overlap': {
        const a = this.#local(c)
        c.expect(',')
        return close({ kind: 'overlap', type: BOOL, a, b: this.#local(c) })
      }
      default: {
        const type = typeOfWord(name)
        if (type) return close({ kind: 'cast', type, value: this.#expr(c) })
        return this.#op(
          c,
          name,
          c.list(')', () => this.#expr(c)),
        )
      }
    }
  }

  #lanes(c: Cursor): Expr {
    const value = this.#expr(c)
    if (value.type.kind !== 'vec' && value.type.kind !== 'mask') c.fail('expected a vector or a mask before this')
    return value
  }
}

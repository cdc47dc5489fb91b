/** Random modules that keep the laws: every kind of node, type and statement, for property tests of the IR's own tools. */

import fc, { type GeneratorValue } from 'fast-check'
import * as b from '../../src/ir/build.ts'
import { typeOfWord } from '../../src/ir/cursor.ts'
import type {
  ArrayType,
  Bounds,
  Expr,
  Fn,
  Label,
  Local,
  Module,
  Reduction,
  ScalarType,
  Site,
  SourceText,
  Stmt,
  Type,
  VecType,
} from '../../src/ir/ir.ts'
import { OPS } from '../../src/ir/ops/index.ts'
import type { Op } from '../../src/ir/ops/op.ts'
import {
  array,
  BOOL,
  F32,
  F64,
  I32,
  I64,
  INDEX,
  mask,
  storeType,
  tuple,
  typeName,
  valueType,
  vec,
} from '../../src/ir/types.ts'
import { visitStmts } from '../../src/ir/walk.ts'

const NUMBERS = [F64, F32, I32, I64, INDEX]
const VECS = [vec('f64', 2), vec('f32', 4), vec('i32', 4), vec('i64', 2), vec('i8', 16), vec('i16', 8)]
const MASKS = [mask(2), mask(4), mask(16)]
const ARRAYS = [
  array('float64'),
  array('float32', 1, 'shared'),
  array('int32'),
  array('uint32'),
  array('uint8c'),
  array('int16', 1, 'local'),
  array('int64'),
  array('float64', 2),
]
const PAIR = tuple([F64, tuple([I32, array('float32', 3, 'shared')])])
const TYPES: readonly Type[] = [BOOL, ...NUMBERS, ...VECS, ...MASKS, ...ARRAYS, PAIR]

/** Every overload of every operation that stands in expressions, by the name of its result's type. */
const OVERLOADS = new Map<string, { record: Op; at: Type }[]>()
for (const record of OPS) {
  if (record.kind === 'atomic') continue
  for (const name of Object.keys(record.at)) {
    const at = typeOfWord(name)!
    const result = typeName(b.slotType(record.result, at))
    OVERLOADS.set(result, [...(OVERLOADS.get(result) ?? []), { record, at }])
  }
}
const ATOMICS = OPS.filter((record) => record.kind === 'atomic')

interface Scope {
  readonly label: Label
  readonly loop: boolean
  readonly closed: boolean
}

export interface RandomOptions {
  readonly stage?: Module['stage']
}

/** `g` is what `fc.gen()` gives. */
export function randomModule(g: GeneratorValue, { stage = 'portable' }: RandomOptions = {}): Module {
  const sources = g(fc.array, sourceText, { minLength: 1, maxLength: 2 }) as SourceText[]
  const sites = g(fc.array, siteOf(sources), { minLength: 1, maxLength: 3 }) as Site[]
  const functions: Fn[] = []
  const module: Module = { name: g(someName), stage, functions, entry: 'main', sites, sources }
  functions.push(new FnMaker(g, module, 'body').make([INDEX, INDEX, array('float64')], []))
  functions.push(new FnMaker(g, module, 'helper function').make([F64, array('int32')], [F64, array('int32'), BOOL]))
  functions.push(new FnMaker(g, module, 'main').make(TYPES, g(fc.boolean) ? [F64] : []))
  return module
}

const someName = () =>
  fc.oneof(
    fc.constantFrom(
      'x',
      'load',
      'store',
      'for',
      'π',
      'x.1',
      '$',
      'a b',
      '`',
      '"\\',
      'f64',
      'in',
      'x..y',
      'true',
      'NaN',
    ),
    fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }),
  )
const text = () =>
  fc.oneof(
    fc.constantFrom(
      '',
      '\n',
      '(x) => {\n  | x\n\n  # no comment\n}',
      'a\r\nb',
      '\u2028',
      '\ud800',
      '\t|',
      ' ',
      '  |\n',
    ),
    fc.string({ maxLength: 12, unit: 'binary' }),
  )
const sourceText = fc
  .record({ name: someName(), text: text(), line: fc.integer({ min: 1, max: 99 }), file: fc.option(text()) })
  .map(({ file, ...rest }) => (file === null ? rest : { ...rest, file }))
const spanOf = (sources: readonly SourceText[]) =>
  fc.tuple(fc.nat(sources.length - 1), fc.nat(), fc.nat()).map(([source, x, y]) => {
    const end = sources[source]!.text.length + 1
    return { source, start: Math.min(x % end, y % end), end: Math.max(x % end, y % end) }
  })
const CODES = ['bounds', 'length', 'memory', 'integer', 'freed', 'depth', 'worker', 'call'] as const
const siteOf = (sources: readonly SourceText[]) =>
  fc.record({ code: fc.constantFrom(...CODES), subject: text(), span: spanOf(sources) })

class FnMaker {
  readonly #g: GeneratorValue
  readonly #module: Module
  readonly #name: string
  readonly #names = new b.Names()
  #pool: Local[] = []
  readonly #fixed = new Set<Local>()
  #results: readonly Type[] = []
  #budget = 12

  constructor(g: GeneratorValue, module: Module, name: string) {
    this.#g = g
    this.#module = module
    this.#name = name
  }

  make(types: readonly Type[], results: readonly Type[]): Fn {
    const params = types.map((type) => this.#fresh(type))
    for (const p of params) this.#fixed.add(p)
    const locals = [...TYPES, I32, INDEX].map((type) => this.#fresh(type))
    this.#pool = [...params, ...locals]
    this.#results = results
    const body = [...this.#body([], 3), b.ret(...results.map((type) => this.#expr(type, 2)))]
    return { name: this.#name, params, results, locals, body, canFail: this.#canFail(body) }
  }

  #fresh(type: Type): Local {
    return this.#names.local(this.#g(someName), type)
  }

  #canFail(body: readonly Stmt[]): boolean {
    let found = false
    visitStmts(body, {
      stmt: (s) => {
        if (s.kind === 'alloc' || s.kind === 'fail' || s.kind === 'launch') found = true
        if ('bounds' in s && s.bounds === 'checked') found = true
        if (s.kind === 'call' && this.#module.functions.find((fn) => fn.name === s.fn)!.canFail) found = true
      },
      expr: (e) => {
        if (e.kind === 'load' && e.bounds === 'checked') found = true
      },
    })
    return found
  }

  #below(n: number): number {
    return this.#g(fc.nat, n - 1)
  }
  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!
  }
  #maybe(): boolean {
    return this.#below(2) === 1
  }
  #ref(type: Type): Local {
    return this.#pick(this.#pool.filter((l) => l.type === type))
  }
  /** A local that may be assigned. */
  #target(type: Type): Local | undefined {
    const free = this.#pool.filter((l) => l.type === type && !this.#fixed.has(l))
    return free.length > 0 ? this.#pick(free) : undefined
  }
  #arrayOf(rank?: number): Local {
    return this.#ref(this.#pick(rank ? ARRAYS.filter((type) => type.rank === rank) : ARRAYS))
  }
  #site(bounds: Bounds | 'fails' = 'fails'): number {
    if (bounds === 'proven' && this.#maybe()) return -1
    return this.#below(this.#module.sites.length)
  }

  // ─────────────────────────── expressions ───────────────────────────

  #const(type: ScalarType): Expr {
    const whole = () => fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)))
    switch (type) {
      case BOOL:
        return b.bool(this.#maybe())
      case F64:
        return b.num(F64, this.#g(fc.double))
      case F32:
        return b.num(
          F32,
          this.#g(() => fc.oneof(fc.float(), fc.constantFrom(-0, NaN, Infinity, -Infinity))),
        )
      case I64:
        return b.num(I64, this.#g(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n }))
      default:
        return b.num(type, this.#g(whole))
    }
  }

  #index(bounds: Bounds, depth: number): Expr {
    return this.#expr(this.#pick(bounds === 'checked' ? [INDEX, I32, I64, F64] : [INDEX, I32, I64]), depth)
  }

  #load(type: Type, bounds: Bounds, depth: number): Expr | undefined {
    const of = type.kind === 'vec' ? type.of : typeName(type)
    const arrays = ARRAYS.filter(({ dtype }) => valueType(dtype).name === of)
    if (arrays.length === 0) return undefined
    const masked = this.#maybe() ? undefined : this.#expr(type.kind === 'vec' ? mask(type.lanes) : BOOL, depth)
    const from = this.#ref(this.#pick(arrays))
    return b.load(from, this.#index(bounds, depth), bounds, this.#site(bounds), type, masked)
  }

  #expr(type: Type, depth: number): Expr {
    const local = b.ref(this.#ref(type))
    if (type.kind === 'array' || type.kind === 'tuple') return local
    if (depth === 0) return type.kind === 'scalar' && this.#maybe() ? this.#const(type) : local
    const d = depth - 1
    const kinds: (() => Expr | undefined)[] = [
      () => local,
      () => b.cond(this.#expr(BOOL, d), this.#expr(type, d), this.#expr(type, d)),
      () => b.select(this.#expr(BOOL, d), this.#expr(type, d), this.#expr(type, d)),
      () => this.#load(type, 'proven', d),
      ...Array.from({ length: 3 }, () => () => this.#op(type, d)),
    ]
    if (type.kind === 'scalar') kinds.push(...this.#scalars(type, d))
    else kinds.push(() => ({ kind: 'splat', type, value: this.#expr(b.laneType(type), d) }))
    if (type.kind === 'vec') kinds.push(...this.#vectors(type, d))
    return this.#pick(kinds)() ?? local
  }

  #op(type: Type, d: number): Expr | undefined {
    const found = OVERLOADS.get(typeName(type))
    if (!found) return undefined
    const { record, at } = this.#pick(found)
    return b.op(record.name, ...record.args.map((slot) => this.#expr(b.slotType(slot, at), d)))
  }

  #scalars(type: ScalarType, d: number): (() => Expr | undefined)[] {
    const kinds: (() => Expr | undefined)[] = [() => this.#const(type)]
    const sources = [...VECS, ...MASKS].filter((v) => b.laneType(v) === type)
    if (sources.length > 0) {
      kinds.push(() => {
        const from = this.#pick(sources)
        return b.extract(this.#expr(from, d), this.#below(from.lanes))
      })
      kinds.push(() => {
        const folds = type === BOOL ? (['any', 'all'] as const) : (['add', 'mul', 'min', 'max'] as const)
        return b.reduce(this.#pick<(typeof folds)[number]>(folds), this.#expr(this.#pick(sources), d))
      })
    }
    if (type === BOOL) kinds.push(() => b.overlap(this.#arrayOf(), this.#arrayOf()))
    else kinds.push(() => ({ kind: 'cast', type, value: this.#expr(this.#pick([BOOL, ...NUMBERS]), d) }))
    if (type === INDEX) {
      kinds.push(() => {
        const of = this.#arrayOf()
        return b.length(of, this.#below((of.type as ArrayType).rank))
      })
    }
    return kinds
  }

  #vectors(type: VecType, d: number): (() => Expr | undefined)[] {
    const alike = [...VECS, ...MASKS].filter((v) => v.lanes === type.lanes)
    const lane = b.laneType(type)
    return [
      () => ({ kind: 'cast', type, value: this.#expr(this.#pick(alike), d) }),
      () => b.ramp(type, this.#expr(lane, d), this.#expr(lane, d)),
      () => {
        const lanes = Array.from({ length: type.lanes }, () => this.#below(2 * type.lanes))
        return b.shuffle(type, this.#expr(type, d), this.#expr(type, d), lanes)
      },
      () =>
        MASKS.includes(mask(type.lanes))
          ? b.select(this.#expr(mask(type.lanes), d), this.#expr(type, d), this.#expr(type, d))
          : undefined,
    ]
  }

  // ─────────────────────────── statements ───────────────────────────

  #body(scopes: readonly Scope[], depth: number): Stmt[] {
    const body: Stmt[] = []
    for (let k = this.#below(5) + 1; k > 0 && this.#budget > 0; k--) {
      this.#budget--
      const s = this.#stmt(scopes, depth)
      if (s) body.push(s)
    }
    return body
  }

  #stmt(scopes: readonly Scope[], depth: number): Stmt | undefined {
    const simple = [
      () => this.#assign(),
      () => this.#assign(),
      () => this.#storeOrDo(),
      () => this.#storeOrDo(),
      () => this.#callOrLaunch(),
      () => this.#alloc(),
      () => b.fail(this.#site(), ...Array.from({ length: this.#below(3) }, () => this.#expr(F64, 1))),
      () => this.#leave(scopes),
      (): Stmt => ({ kind: 'barrier' }),
    ]
    const nested = [
      () => b.ifStmt(this.#expr(BOOL, 2), this.#body(scopes, depth - 1), this.#else(scopes, depth - 1)),
      () => this.#for(scopes, depth - 1),
      () => this.#for(scopes, depth - 1),
      () => this.#while(scopes, depth - 1),
    ]
    return this.#pick(depth > 0 ? [...simple, ...nested] : simple)()
  }

  #else(scopes: readonly Scope[], depth: number): Stmt[] {
    if (this.#maybe()) return []
    return this.#maybe() ? [b.ifStmt(this.#expr(BOOL, 1), this.#body(scopes, 0))] : this.#body(scopes, depth)
  }

  #assign(): Stmt | undefined {
    const target = this.#target(this.#pick(TYPES))
    if (!target) return undefined
    const checked = this.#maybe() ? this.#load(target.type, 'checked', 1) : undefined
    return b.assign(target, checked ?? this.#expr(target.type, 3))
  }

  #storeOrDo(): Stmt {
    const into = this.#arrayOf()
    const { dtype } = into.type as ArrayType
    const bounds = this.#pick(['checked', 'proven'] as const)
    const index = this.#index(bounds, 1)
    const site = this.#site(bounds)
    if (this.#maybe()) {
      const lanes = VECS.find((v) => v.of === storeType(dtype).name)
      const type = lanes && this.#maybe() ? lanes : storeType(dtype)
      const masked = this.#maybe() ? undefined : this.#expr(type.kind === 'vec' ? mask(type.lanes) : BOOL, 1)
      return b.store(into, index, this.#expr(type, 2), bounds, site, masked)
    }
    const record = this.#pick(ATOMICS)
    const integers = !dtype.startsWith('float') && !dtype.endsWith('64') && this.#maybe()
    const args = record.args.map(() => this.#expr(integers ? I32 : F64, 1))
    const result = this.#maybe() ? this.#target(valueType(dtype)) : undefined
    return { kind: 'do', op: record.name, array: into, index, args, bounds, ...(result ? { result } : {}), site }
  }

  #callOrLaunch(): Stmt | undefined {
    const fn = this.#module.functions.length > 0 ? this.#pick(this.#module.functions) : undefined
    if (!fn) return undefined
    if (fn.results.length > 0) {
      const results = fn.results.map((type) => this.#target(type)!)
      return { kind: 'call', fn: fn.name, args: this.#args(fn, 0), results, site: this.#site() }
    }
    const serialIf = this.#maybe() ? { serialIf: this.#expr(BOOL, 1) } : {}
    const [lo, hi] = [this.#expr(INDEX, 1), this.#expr(INDEX, 1)]
    return { kind: 'launch', fn: fn.name, lo, hi, args: this.#args(fn, 2), ...serialIf, site: this.#site() }
  }

  #args(fn: Fn, from: number): Expr[] {
    return fn.params.slice(from).map((p) => this.#expr(p.type, 1))
  }

  #alloc(): Stmt {
    const target = this.#target(this.#pick(ARRAYS.filter((type) => type.rank === 1)))!
    const length = this.#expr(this.#pick([INDEX, I32, I64, F64]), 1)
    return { kind: 'alloc', local: target, length, zero: this.#maybe(), site: this.#site() }
  }

  /** Jumps and returns, as far as the loops around allow. */
  #leave(scopes: readonly Scope[]): Stmt | undefined {
    const closed = scopes.findLastIndex((scope) => scope.closed)
    if (closed < 0 && this.#maybe()) return b.ret(...this.#results.map((type) => this.#expr(type, 1)))
    const open = scopes.slice(closed + 1)
    const loops = scopes.slice(Math.max(closed, 0)).filter((scope) => scope.loop)
    if (this.#maybe() && open.length > 0) return b.breakTo(this.#pick(open).label)
    return loops.length > 0 ? b.continueTo(this.#pick(loops).label) : undefined
  }

  #span() {
    return this.#g(spanOf, this.#module.sources)
  }

  #while(scopes: readonly Scope[], depth: number): Stmt {
    const label = this.#names.label(this.#g(someName))
    const loop = this.#maybe()
    const body = this.#body([...scopes, { label, loop, closed: false }], depth)
    return loop ? b.whileStmt(label, this.#expr(BOOL, 2), body, this.#span()) : b.block(label, body)
  }

  #for(scopes: readonly Scope[], depth: number): Stmt | undefined {
    const variable = this.#target(this.#pick([I32, INDEX]))
    if (!variable) return undefined
    const portable = this.#module.stage === 'portable'
    const kinds = ['serial', 'vector', 'grid', 'block', ...(portable ? (['parallel'] as const) : [])] as const
    const forKind = this.#pick(kinds)
    const reductions: Reduction[] = []
    for (const type of [F64, F32, I32, I64]) {
      const target = this.#target(type)
      if (!target || target === variable || this.#maybe()) continue
      const ops = type === I32 ? (['add', 'mul', 'min', 'max', 'and', 'or', 'xor'] as const) : (['add', 'max'] as const)
      const order = portable ? this.#pick(['ordered', 'tree'] as const) : 'ordered'
      reductions.push({ local: target, op: this.#pick<Reduction['op']>(ops), order })
    }
    const label = this.#names.label(this.#g(someName))
    const parallel = forKind !== 'serial' && forKind !== 'vector'
    const closed = parallel || reductions.some((r) => r.order === 'tree')
    this.#fixed.add(variable)
    const body = this.#body([...scopes, { label, loop: true, closed }], depth)
    this.#fixed.delete(variable)
    const serialIf = forKind === 'parallel' && this.#maybe() ? { serialIf: this.#expr(BOOL, 2) } : {}
    return b.forStmt(label, variable, this.#expr(variable.type, 1), this.#expr(variable.type, 1), body, this.#span(), {
      forKind,
      step: this.#pick([1, 2, -1, -7, 64]),
      reductions,
      ...serialIf,
    })
  }
}

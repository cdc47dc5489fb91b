/**
 * From a function and the types of its arguments to a portable module: the function and every helper it calls, each
 * once for each combination of argument types.
 */

import { markFailing } from '../analysis/failing.ts'
import { ref, ret } from '../ir/build.ts'
import type { Fn, Local, Module, Stmt, Type } from '../ir/ir.ts'
import { array, BOOL, F64, I32, I64, INDEX } from '../ir/types.ts'
import type { DType } from '../types.ts'
import type { Expr, KernelFn } from './ast.ts'
import {
  ANY_NUMBER,
  BOOLEAN,
  covers,
  EXACT,
  type Fact,
  fitsInt32,
  INT32,
  integerFact,
  isIntegral,
  join,
  MAX_LENGTH,
  SMALL_ARGUMENT,
  UNDEFINED,
} from './facts.ts'
import { type Inferred, infer } from './infer.ts'
import { readKernel } from './kernel.ts'
import { Builder, ModuleParts } from './lower/builder.ts'
import { type Callee, Exprs } from './lower/exprs.ts'
import { integerType } from './lower/integers.ts'
import { Stmts } from './lower/stmts.ts'
import { Suppositions } from './suppose.ts'
import { visitKernel } from './visit.ts'

type AnyFunction = (...args: never[]) => unknown

/** Numbers that a function is written twice for, in a row. */
const SUPPOSED = 4

/** The type of an argument, as signatures print it. `int32` is a whole number of at most 2²⁶ in size, and not −0. */
export type ArgType = 'int32' | 'float64' | 'bool' | 'undefined' | `${DType}[]`

/** What helpers are compiled for: whole numbers that no signature needs a name for, within ±2³¹ and ±2⁵³, too. */
type HelperType = ArgType | 'whole32' | 'whole53'

export interface ProgramOptions {
  readonly captures?: (() => Record<string, unknown>) | undefined
  /** Whether pranges are parallel loops. */
  readonly parallel: boolean
  /** Arrays of 2³⁰ elements and more are among the arguments. */
  readonly huge?: boolean | undefined
}

export interface Program {
  readonly module: Module
  readonly params: readonly { readonly name: string; readonly type: ArgType }[]
  readonly result: ArgType | 'void'
  /** The source function of the entry, for messages. */
  readonly kernel: KernelFn
}

export function argFact(type: HelperType): Fact {
  switch (type) {
    case 'int32':
      return integerFact(-SMALL_ARGUMENT, SMALL_ARGUMENT)
    case 'whole32':
      return INT32
    case 'whole53':
      return integerFact(-EXACT, EXACT)
    case 'float64':
      return ANY_NUMBER
    case 'bool':
      return BOOLEAN
    case 'undefined':
      return UNDEFINED
    default:
      return { kind: 'array', dtype: type.slice(0, -2) as DType }
  }
}

function argType(fact: Fact): ArgType {
  switch (fact.kind) {
    case 'number':
      return isIntegral(fact) && !fact.negZero && fact.lo >= -SMALL_ARGUMENT && fact.hi <= SMALL_ARGUMENT
        ? 'int32'
        : 'float64'
    case 'boolean':
      return 'bool'
    case 'array':
      return `${fact.dtype}[]`
    default:
      return 'undefined'
  }
}

/** A helper's argument, in a type of its own where it is whole: an element of an Int32Array, or a sum of such. */
function helperType(fact: Fact): HelperType {
  const type = argType(fact)
  if (type !== 'float64' || fact.kind !== 'number' || !isIntegral(fact) || fact.negZero) return type
  return fitsInt32(fact) ? 'whole32' : 'whole53'
}

function irType(type: HelperType): Type | undefined {
  switch (type) {
    case 'int32':
    case 'whole32':
      return I32
    case 'whole53':
      return I64
    case 'float64':
      return F64
    case 'bool':
      return BOOL
    case 'undefined':
      return undefined
    default:
      return array(type.slice(0, -2) as DType)
  }
}

interface Instance {
  readonly name: string
  kernel: KernelFn
  readonly args: readonly HelperType[]
  /** Undefined until the first inference ends, or while recursion has told nothing yet. */
  result: Fact | undefined
  inferred: Inferred | undefined
  fn: Fn | undefined
}

export function lowerProgram(fn: AnyFunction, args: readonly ArgType[], options: ProgramOptions): Program {
  const program = new ProgramLowering(options)
  return program.run(fn, args)
}

class ProgramLowering {
  private readonly options: ProgramOptions
  private readonly instances = new Map<AnyFunction, Map<string, Instance>>()
  private readonly kernels = new Map<AnyFunction, KernelFn>()
  private readonly circular = new Map<AnyFunction, boolean>()
  private readonly order: Instance[] = []
  private readonly names = new Set<string>()
  private readonly parts = new ModuleParts()
  /** A function asked for a result that was not known yet. */
  private recursive = false

  constructor(options: ProgramOptions) {
    this.options = options
  }

  run(fn: AnyFunction, args: readonly ArgType[]): Program {
    const entry = this.instance(fn, args)
    if (this.recursive) this.settle()
    const functions = this.order.map((instance) => this.lower(instance))
    const module: Module = {
      name: entry.name,
      stage: 'portable',
      functions: markFailing(functions),
      entry: entry.name,
      sites: this.parts.sites,
      sources: this.parts.sources,
    }
    const params = entry.kernel.params.map((p, k) => ({ name: p.variable.name, type: args[k] ?? 'undefined' }) as const)
    const result = entry.result?.kind === 'undefined' || !entry.result ? 'void' : argType(entry.result)
    return { module, params, result, kernel: entry.kernel }
  }

  private instance(fn: AnyFunction, args: readonly HelperType[]): Instance {
    const byArgs = this.instances.get(fn) ?? new Map<string, Instance>()
    this.instances.set(fn, byArgs)
    const key = args.join()
    const known = byArgs.get(key)
    if (known) return known
    const kernel = this.read(fn)
    const instance: Instance = {
      name: this.freshName(kernel.source.name),
      kernel,
      args,
      result: undefined,
      inferred: undefined,
      fn: undefined,
    }
    byArgs.set(key, instance)
    this.order.push(instance)
    this.infer(instance)
    return instance
  }

  private read(fn: AnyFunction): KernelFn {
    let kernel = this.kernels.get(fn)
    if (!kernel) {
      kernel = readKernel(fn, { captures: this.options.captures })
      this.kernels.set(fn, kernel)
    }
    return kernel
  }

  private freshName(base: string): string {
    const clean = base.replace(/[^\w$]/g, '_') || 'fn'
    let name = clean
    for (let k = 1; this.names.has(name); k++) name = `${clean}_${k}`
    this.names.add(name)
    return name
  }

  private infer(instance: Instance): void {
    const options = {
      maxLength: this.options.huge ? EXACT : MAX_LENGTH,
      call: (expr: Extract<Expr, { kind: 'invoke' }>, args: readonly Fact[]) => this.result(expr, args),
    }
    const inferred = () => infer(instance.kernel, instance.args.map(argFact), options)
    const first = !instance.inferred
    instance.inferred = inferred()
    const suppositions = new Suppositions()
    for (let k = 0; first && k < SUPPOSED; k++) {
      const kernel = suppositions.next(instance.kernel, instance.inferred)
      if (!kernel) break
      instance.kernel = kernel
      instance.inferred = inferred()
    }
    instance.result = instance.inferred.result
  }

  /**
   * Results of recursive functions are found in rounds over the whole program: each starts from what the round before
   * has found, until one finds nothing new. So every function's facts rest on final results.
   */
  private settle(): void {
    for (let round = 0, grew = true; grew; round++) {
      grew = false
      for (const instance of this.order) {
        const before = instance.result
        this.infer(instance)
        const now = instance.result
        if (!now || (before && covers(before, now))) instance.result = before
        // A recursive sum could grow for ever: after a few rounds it is just a number.
        else if (before) instance.result = join(before, round > 2 && now.kind === 'number' ? ANY_NUMBER : now)
        if (instance.result !== before) grew = true
      }
      // What has not returned by now never does.
      const endless = grew ? undefined : this.order.find((instance) => !instance.result)
      if (endless) {
        endless.result = UNDEFINED
        grew = true
      }
    }
  }

  private calleeArgs(expr: Extract<Expr, { kind: 'invoke' }>, facts: readonly Fact[]): HelperType[] {
    const arity = this.read(expr.fn).params.length
    const typeOf = this.callsItself(expr.fn) ? argType : helperType
    return Array.from({ length: arity }, (_, k) => typeOf(facts[k] ?? UNDEFINED))
  }

  /**
   * Whether a function may be called while it runs. Its arguments would grow from call to call through all types there
   * are, so whole numbers get none of their own.
   */
  private callsItself(fn: AnyFunction): boolean {
    const known = this.circular.get(fn)
    if (known !== undefined) return known
    const reached = new Set<AnyFunction>()
    const reach = (from: AnyFunction) => {
      for (const callee of this.calleesOf(from)) {
        if (reached.has(callee)) continue
        reached.add(callee)
        reach(callee)
      }
    }
    reach(fn)
    this.circular.set(fn, reached.has(fn))
    return reached.has(fn)
  }

  private calleesOf(fn: AnyFunction): ReadonlySet<AnyFunction> {
    const found = new Set<AnyFunction>()
    let kernel: KernelFn
    try {
      kernel = this.read(fn)
    } catch {
      // What cannot be compiled is an error where it is reached, and nobody's callee elsewhere.
      return found
    }
    visitKernel(kernel, {
      expr: (e) => {
        if (e.kind === 'invoke') found.add(e.fn)
      },
    })
    return found
  }

  private result(expr: Extract<Expr, { kind: 'invoke' }>, facts: readonly Fact[]): Fact | undefined {
    const callee = this.instance(expr.fn, this.calleeArgs(expr, facts))
    if (!callee.result) this.recursive = true
    return callee.result
  }

  private resultType(instance: Instance): Type | undefined {
    const fact = instance.result
    switch (fact?.kind) {
      case 'number': {
        const type = integerType(fact, false)
        // The runtime takes no i64.
        return type === INDEX || (type && instance !== this.order[0]) ? type : F64
      }
      case 'boolean':
        return BOOL
      case 'array':
        return array(fact.dtype)
      default:
        return undefined
    }
  }

  private callee(expr: Extract<Expr, { kind: 'invoke' }>, facts: readonly Fact[]): Callee {
    const args = this.calleeArgs(expr, facts)
    const instance = this.instance(expr.fn, args)
    const params = args.flatMap((type, argument) => {
      const ir = irType(type)
      return ir ? [{ type: ir, argument }] : []
    })
    return { name: instance.name, params, result: this.resultType(instance) }
  }

  private lower(instance: Instance): Fn {
    const { kernel, inferred } = instance
    if (!inferred) throw new Error('lowered before inferred')
    const builder = new Builder(this.parts, kernel)
    const exprs = new Exprs(builder, inferred, { callee: (expr, facts) => this.callee(expr, facts) })
    const params: Local[] = []
    const result = this.resultType(instance)
    kernel.params.forEach((param, k) => {
      const { variable } = param
      const type = irType(instance.args[k] ?? 'undefined')
      if (!type) {
        if (param.default) exprs.set(variable, exprs.value(param.default))
        return
      }
      if (exprs.variableType(variable) === type) {
        const local: Local = { name: builder.names.fresh(variable.name), type }
        params.push(local)
        exprs.hold(variable, local)
        return
      }
      const local: Local = { name: builder.names.fresh(`${variable.name}.in`), type }
      params.push(local)
      exprs.set(variable, ref(local))
    })
    new Stmts(exprs, result, this.options.parallel).list(kernel.body)
    const body = builder.out
    if (!result && !endsInReturn(body)) body.push(ret())
    return {
      name: instance.name,
      params,
      results: result ? [result] : [],
      locals: builder.locals,
      body,
      canFail: false,
    }
  }
}

const endsInReturn = (body: readonly Stmt[]): boolean => body[body.length - 1]?.kind === 'return'

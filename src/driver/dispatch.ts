/**
 * One jitted function: finds the specialisation for a call's argument types, compiles it at the first call, and
 * chooses the target that serves the arguments best.
 */

import { TsumbaError } from '../errors.ts'
import { MAX_LENGTH } from '../frontend/facts.ts'
import { readKernel } from '../frontend/kernel.ts'
import { inline } from '../passes/inline.ts'
import { isShared, pressure } from '../runtime/arrays.ts'
import type { Loaded } from '../runtime/loaded.ts'
import { heap } from '../runtime/memory.ts'
import type { TypedArray } from '../types.ts'
import { type Character, characterOf } from './character.ts'
import { Compiled, type TargetName } from './compile.ts'
import type { Settings } from './options.ts'
import { readPrototype } from './prototype.ts'
import { ARG_TYPES, argumentError, codeOf, FLOAT64_CODE, INT32_CODE, isArrayCode, signatureText } from './signature.ts'
import { type Trial, Trials } from './trial.ts'

interface Specialisation {
  readonly codes: readonly number[]
  readonly compiled: Compiled
  readonly character: Character
  readonly arrays: readonly number[]
  /** The arguments that the compiled function takes, where some are left out (undefined). */
  readonly given: readonly number[] | undefined
  readonly huge: boolean
  readonly trials: Trials
}

export interface Choice {
  readonly target: TargetName
  /** It is not a matter of speed. */
  readonly must?: boolean
  /** Put into words only where somebody asks. */
  readonly reason: () => string
}

/** So many base-16 digits a number holds exactly; a longer list of types is told apart by its text. */
const KEY_DIGITS = 12

export class Dispatcher {
  readonly fn: (...args: never[]) => unknown
  readonly settings: Settings
  private readonly specialisations = new Map<number | string, Specialisation>()
  /** Parameters that have been given a fraction or a large number: int32 arguments go with float64 from then on. */
  private readonly widened: boolean[] = []
  /** Parameters, defaults included; found out when a call gives more than the function's own `length`. */
  private arity: number | undefined

  constructor(fn: (...args: never[]) => unknown, settings: Settings) {
    this.fn = fn
    this.settings = settings
  }

  /** Compiles for the types of the `signature` option. */
  compileAhead(signature: string): void {
    const { args, result } = readPrototype(signature)
    const codes = args.map((type) => ARG_TYPES.indexOf(type))
    codes.forEach((code, k) => {
      if (code === FLOAT64_CODE) this.widened[k] = true
    })
    const { compiled } = this.create(
      codes.length > KEY_DIGITS ? `${codes}` : codes.reduce((key, code) => key * 16 + code, 1),
      codes,
      false,
    )
    const given = compiled.program.result
    if (result && result !== given && !(result === 'float64' && given === 'int32')) {
      throw new TsumbaError(
        `${this.name} returns ${given}, but its signature '${signature}' says ${result}.\n` +
          'Remedy: correct the signature, or leave its result out.',
        'option',
      )
    }
    compiled.load(this.settings.target === 'js' ? 'js' : 'wasm')
  }

  get signatures(): string[] {
    return [...this.specialisations.values()].map((s) => signatureText(s.codes))
  }

  call(args: readonly unknown[]): unknown {
    const specialisation = this.specialise(args)
    const { compiled } = specialisation
    const wish = this.wish(specialisation, args)
    const trial = this.trial(specialisation, wish, args)
    const given = withoutGaps(specialisation, args)
    if (!trial || trial.isOver) return compiled.load(trial?.target ?? wish.target).call(given)
    if (compiled.unsupported(trial.target) !== undefined) trial.end()
    const loaded = compiled.load(trial.target)
    const start = performance.now()
    try {
      const result = loaded.call(given)
      trial.record(performance.now() - start)
      return result
    } catch (error) {
      trial.end()
      throw error
    }
  }

  /** What is found out about calls like this one; undefined where there is no choice. */
  private trial(s: Specialisation, choice: Choice, args: readonly unknown[]): Trial | undefined {
    const { target, parallel } = this.settings
    if (choice.must || target !== 'auto' || parallel) return undefined
    let elements = 0
    let shared = 0
    for (const k of s.arrays) {
      elements += (args[k] as TypedArray).length
      shared = shared * 2 + (isShared(args[k] as TypedArray) ? 1 : 0)
    }
    return s.trials.find(choice.target, elements, shared)
  }

  async callAsync(args: readonly unknown[]): Promise<unknown> {
    const specialisation = this.specialise(args)
    return this.pick(specialisation, args).async(withoutGaps(specialisation, args))
  }

  specialise(args: readonly unknown[]): Specialisation {
    const count = this.count(args)
    let key = 1
    let huge = false
    for (let k = 0; k < count; k++) {
      let code = codeOf(args[k])
      if (code === INT32_CODE && this.widened[k]) code = FLOAT64_CODE
      else if (code === FLOAT64_CODE) this.widened[k] = true
      else if (code < 0 || code >= FIRST_BIGINT) throw argumentError(this.name, k, this.parameterName(k), args[k])
      if (isArrayCode(code) && (args[k] as TypedArray).length > MAX_LENGTH) huge = true
      key = key * 16 + code
    }
    if (huge) key = -key
    const id = count > KEY_DIGITS ? `${this.codes(args)}${huge ? ' huge' : ''}` : key
    return this.specialisations.get(id) ?? this.create(id, this.codes(args), huge)
  }

  /** How many arguments count: those beyond the parameters are dropped, as JavaScript does. */
  private count(args: readonly unknown[]): number {
    if (args.length <= this.fn.length) return args.length
    this.arity ??= readKernel(this.fn, { captures: this.settings.captures }).params.length
    return Math.min(args.length, this.arity)
  }

  private get name(): string {
    return this.fn.name || '<anonymous>'
  }

  /** Absent where the function cannot be read: the error at hand goes before that one. */
  private parameterName(position: number): string | undefined {
    try {
      return readKernel(this.fn, { captures: this.settings.captures }).params[position]?.variable.name
    } catch {
      return undefined
    }
  }

  private codes(args: readonly unknown[]): number[] {
    return args.slice(0, this.count(args)).map((arg, k) => {
      const code = codeOf(arg)
      return code === INT32_CODE && this.widened[k] ? FLOAT64_CODE : code
    })
  }

  private create(key: number | string, codes: readonly number[], huge: boolean): Specialisation {
    const compiled = new Compiled(
      this.fn,
      codes.map((code) => ARG_TYPES[code]!),
      this.settings,
      huge,
    )
    const specialisation: Specialisation = {
      codes,
      compiled,
      character: characterOf(inline(compiled.program.module)),
      arrays: codes.flatMap((code, k) => (isArrayCode(code) ? [k] : [])),
      given: codes.includes(UNDEFINED_CODE)
        ? codes.flatMap((code, k) => (code === UNDEFINED_CODE ? [] : [k]))
        : undefined,
      huge,
      trials: new Trials(),
    }
    this.specialisations.set(key, specialisation)
    return specialisation
  }

  private pick(specialisation: Specialisation, args: readonly unknown[]): Loaded {
    return specialisation.compiled.load(this.choose(specialisation, args).target)
  }

  /** The target for these arguments, and why. */
  choose(s: Specialisation, args: readonly unknown[]): Choice {
    const wish = this.wish(s, args)
    const verdict = this.trial(s, wish, args)?.verdict
    if (!verdict || verdict.target === wish.target) return wish
    const { target, otherMs, preferredMs } = verdict
    const other = wish.target === 'js' ? 'checked JavaScript' : 'WebAssembly'
    const ms = (x: number) => `${x.toPrecision(3)} ms`
    return { target, reason: () => `it took ${ms(otherMs)} so, and ${ms(preferredMs)} as ${other}` }
  }

  /** What is chosen before anything was measured. */
  private wish(s: Specialisation, args: readonly unknown[]): Choice {
    const wish = this.prefer(s, args)
    const missing = s.compiled.unsupported(wish.target)
    if (missing === undefined) return wish
    const other = wish.target === 'js' ? 'wasm' : 'js'
    if (this.settings.target === 'auto' && !s.huge && s.compiled.unsupported(other) === undefined) {
      return { target: other, must: true, reason: () => missing }
    }
    throw new TsumbaError(
      `${this.name} cannot run as ${wish.target === 'js' ? 'checked JavaScript' : 'WebAssembly'}: ${missing}.\n` +
        'Remedy: leave the option `target` out, or write the kernel without it.',
      'target',
    )
  }

  private prefer(s: Specialisation, args: readonly unknown[]): Choice {
    if (s.huge) return mustJs(() => 'an array has 2³⁰ elements or more, which takes 64-bit indices')
    if (this.settings.target !== 'auto') return { target: this.settings.target, reason: () => 'asked for by `target`' }
    if (!heap()) return mustJs(() => 'there is no shared WebAssembly memory here')
    const { host, math, reuses, computes, allocates } = s.character
    if (host) return mustJs(() => `its time goes into ${host}, which JavaScript calls faster`)
    const ordinary = s.arrays.filter((k) => !isShared(args[k] as TypedArray))
    const copying = () => {
      const names = ordinary.map((k) => `\`${s.compiled.program.params[k]?.name}\``).join(', ')
      return `copying ${names} into shared memory`
    }
    if (ordinary.length > 0) {
      if (reuses) return toWasm(() => `${copying()} pays, as elements are read again and again`)
      if (math) return toWasm(() => `${copying()} pays, as its time goes into ${math}`)
      if (computes && s.compiled.runsInVectors()) return toWasm(() => `${copying()} pays, as its inner loops compute`)
      return toJs(() => `${copying()} would cost more than the loop gains: make it with allocate()`)
    }
    if (allocates && !reuses && pressure(s.arrays.reduce((sum, k) => sum + (args[k] as TypedArray).byteLength, 0))) {
      return mustJs(() => 'results of earlier calls still fill the shared memory')
    }
    return toWasm(() => 'its arrays can be used in place')
  }
}

const toJs = (reason: () => string): Choice => ({ target: 'js', reason })
const mustJs = (reason: () => string): Choice => ({ target: 'js', must: true, reason })
const toWasm = (reason: () => string): Choice => ({ target: 'wasm', reason })

const withoutGaps = ({ given }: Specialisation, args: readonly unknown[]): readonly unknown[] =>
  given ? given.map((k) => args[k]) : args

const UNDEFINED_CODE = ARG_TYPES.indexOf('undefined')
const FIRST_BIGINT = ARG_TYPES.indexOf('int64[]')

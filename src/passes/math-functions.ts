/** The functions that programs get when Math functions are written out: what is called instead of written again. */

import { Names, ref, ret } from '../ir/build.ts'
import type { Expr, Fn, Local, Stmt, Type } from '../ir/ir.ts'
import { opRecord } from '../ir/ops/index.ts'
import type { Expansion, Part } from '../ir/ops/math/lanes.ts'
import { F64 } from '../ir/types.ts'
import { Batch, type Functions, PAIR } from './batch.ts'
import { Graph, type Node, SCALAR, Writer } from './graph.ts'
import type { PassContext } from './pass.ts'

const SUFFIXES = { whole: '', lanes: '.f64x2', rare: '.rare' } as const

/** Made once a process, with what they call: they are the same in every module. */
interface Made {
  readonly fn: Fn
  readonly parts: readonly Part[]
}
const functions = new WeakMap<Expansion, Map<string, Made>>()
const parts = new WeakMap<Part, Made>()

export class MathFunctions implements Functions {
  readonly target: PassContext['target']
  readonly all: Fn[] = []

  constructor(target: PassContext['target']) {
    this.target = target
  }

  function(name: string, expansion: Expansion, kind: keyof typeof SUFFIXES): string {
    // No other function's name has a dot before `chunk`, which knows all names.
    const called = `Math.${name}${SUFFIXES[kind]}`
    if (this.#has(called)) return called
    // What it calls must be in this module too, whether or not it is made already.
    if (kind !== 'rare' && expansion.rare) this.function(name, expansion, 'rare')
    let known = functions.get(expansion)
    if (!known) functions.set(expansion, (known = new Map()))
    const key = kind === 'whole' ? `${called} ${this.target}` : called
    let made = known.get(key)
    if (!made) known.set(key, (made = this.#make(called, name, expansion, kind)))
    this.#add(made)
    return called
  }

  #part(part: Part): string {
    const called = `Math.${part.name}`
    if (this.#has(called)) return called
    let made = parts.get(part)
    if (!made) parts.set(part, (made = scalarFunction(called, part.of.length - 1, part.of)))
    this.#add(made)
    return called
  }

  #has(called: string): boolean {
    return this.all.some((fn) => fn.name === called)
  }

  #add({ fn, parts }: Made): void {
    for (const part of parts) this.#part(part)
    this.all.push(fn)
  }

  #make(called: string, name: string, expansion: Expansion, kind: keyof typeof SUFFIXES): Made {
    const arity = opRecord(name).args.length
    if (kind === 'rare') return scalarFunction(called, arity, expansion.rare!)
    const type = kind === 'lanes' ? PAIR : F64
    const fn = functionOf(called, arity, type, (params, body, local) => {
      const batch = new Batch(this, local)
      const result = batch.add(name, expansion, params.map(ref), type, body)
      batch.flush(body)
      return result
    })
    return { fn, parts: [] }
  }
}

/** A program as a function of scalars. */
function scalarFunction(called: string, arity: number, program: Part['of']): Made {
  const found = new Set<Part>()
  const fn = functionOf(called, arity, F64, (params, out, local) => {
    const graph = new Graph()
    const root = program<Node, Node>(graph.words, ...params.map((p) => graph.leaf(p.name, ref(p))))
    const part = (one: Part) => {
      found.add(one)
      return `Math.${one.name}`
    }
    return new Writer(SCALAR, [root], { out, local, part }).expr(root)
  })
  return { fn, parts: [...found] }
}

type Write = (params: readonly Local[], body: Stmt[], local: (name: string, type: Type) => Local) => Expr

function functionOf(name: string, arity: number, type: Type, write: Write): Fn {
  const names = new Names()
  const params = Array.from({ length: arity }, (_, k) => names.local('xyzw'[k]!, type))
  const locals: Local[] = []
  const body: Stmt[] = []
  const result = write(params, body, (base, of) => {
    const local = names.local(base, of)
    locals.push(local)
    return local
  })
  return { name, params, results: [type], locals, body: [...body, ret(result)], canFail: false }
}

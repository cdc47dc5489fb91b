/** From a seed and a position to a whole program: helpers, an entry function, and the arguments to call it with. */

import { anyNumber, number, truthValue } from './expressions.ts'
import { bytesOf } from './inputs.ts'
import { loops } from './loops/shapes.ts'
import { wide } from './loops/wide.ts'
import { Rng } from './rng.ts'
import { Scope } from './scope.ts'
import { show, statements } from './statements.ts'
import {
  ARRAYS,
  type ArrayName,
  type Expr,
  type Fn,
  type Input,
  num,
  type Param,
  type Program,
  type Stmt,
  type Type,
} from './tree.ts'

/** Few programs have integers of 64 bits in lanes by themselves: so many are made for them, at positions of their own. */
const WIDE = { each: 40, at: 7 }

/** Two programs in three are loops made for passes, the others statements of all kinds. */
export function generate(seed: number, position: number): Program {
  const rng = new Rng(seed, position)
  if (position % WIDE.each === WIDE.at) return wide(rng)
  return position % 3 === 0 ? statementsOf(rng) : loops(rng)
}

function statementsOf(rng: Rng): Program {
  const length = rng.weighted<() => number>([
    [20, () => rng.int(1, 20)],
    [1, () => 0],
    [3, () => rng.pick([16, 17, 31, 32, 33, 64])],
    [1, () => rng.pick([1000, 1023, 1024, 1025, 2049, 3000])],
  ])()
  const helpers: Fn[] = []
  const scopes: Scope[] = []
  for (
    let k = rng.weighted([
      [5, 0],
      [3, 1],
      [1, 2],
    ]);
    k > 0;
    k--
  ) {
    const scope = new Scope(rng, length)
    for (const before of scopes) scope.helpers.push(...before.helpers.slice(-1))
    helpers.push(helper(scope, `help${helpers.length}`))
    scopes.push(scope)
  }
  const s = new Scope(rng, length)
  for (const scope of scopes) s.helpers.push(scope.helpers[scope.helpers.length - 1]!)
  return { helpers, ...entry(s), options: { fastmath: rng.chance(0.1), unchecked: rng.chance(0.1) } }
}

/** Adds its own signature to the end of the scope's list of helpers. */
function helper(s: Scope, name: string): Fn {
  const { rng } = s
  const params: Param[] = Array.from({ length: rng.int(1, 3) }, (_, k) => ({
    name: `a${k}`,
    type: rng.weighted<Type>([
      [8, 'num'],
      [1, 'bool'],
      [1, rng.pick(ARRAYS)],
    ]),
    init: null,
  }))
  for (const p of params) s.add({ name: p.name, type: p.type, writable: true })
  const result = rng.chance(0.8) ? ('num' as const) : ('bool' as const)
  const body = s.block(() => [
    ...statements(s, rng.int(0, 2), 1, false).filter((stmt) => stmt.k !== 'jump'),
    giveBack(s, result, 3),
  ])
  s.helpers.push({ name, params: params.map((p) => p.type), result })
  return { name, params, body }
}

function giveBack(s: Scope, type: Type | undefined, depth: number): Stmt {
  const value = ((): Expr | null => {
    if (type === undefined) return null
    if (type === 'num') return number(s, depth)
    if (type === 'bool') return truthValue(s, depth)
    return s.ref(s.rng.pick(s.arrays(type)))
  })()
  return { k: 'return', value }
}

function entry(s: Scope): { entry: Fn; inputs: Input[] } {
  const { rng } = s
  const params: Param[] = []
  const inputs: Input[] = []
  const arrays = rng.weighted([
    [1, 0],
    [6, 1],
    [8, 2],
    [5, 3],
    [2, 4],
  ])
  const favourite = rng.pick(ARRAYS)
  for (let k = 0; k < arrays; k++) {
    const type = rng.weighted<ArrayName>([
      [4, 'Float64Array'],
      [3, favourite],
      [3, rng.pick(ARRAYS)],
    ])
    params.push({ name: `x${k}`, type, init: null })
    inputs.push(arrayInput(s, type, inputs))
  }
  for (let k = rng.int(0, 3); k > 0; k--) {
    const type = rng.chance(0.85) ? ('num' as const) : ('bool' as const)
    params.push({ name: `${type === 'num' ? 'c' : 'b'}${params.length}`, type, init: null })
    const value = type === 'bool' ? rng.chance(0.5) : rng.chance(0.2) ? s.length : anyNumber(s)
    inputs.push({ kind: 'scalar', value })
  }
  if (rng.chance(0.1)) {
    params.push({
      name: 'd',
      type: 'num',
      init: rng.chance(0.5) ? num(anyNumber(s)) : { ...number(defaults(s, params), 1) },
    })
    inputs.push(rng.chance(0.6) ? { kind: 'omitted' } : { kind: 'scalar', value: anyNumber(s) })
  }
  if (rng.chance(0.75)) {
    s.sink = { name: 'out', length: rng.int(1, 8) }
    params.unshift({ name: s.sink.name, type: 'Float64Array', init: null })
    inputs.unshift({ kind: 'array', type: 'Float64Array', data: Array.from({ length: s.sink.length }, () => 0) })
    inputs.forEach((input, k) => {
      if (input.kind === 'alias') inputs[k] = { ...input, of: input.of + 1 }
    })
  }
  for (const p of params) if (p.name !== 'out') s.add({ name: p.name, type: p.type, writable: true })
  const body = s.block(() => {
    const made = topLevel(s)
    const left = s.visible((v) => v.type === 'num' || v.type === 'bool')
    if (s.sink) {
      for (const v of left.slice(0, 6)) {
        made.push(show(s, v.type === 'bool' ? { k: 'call', type: 'num', fn: 'Number', args: [s.ref(v)] } : s.ref(v)))
      }
    }
    const result = rng.weighted<Type | undefined>([
      [6, 'num'],
      [1, 'bool'],
      [2, undefined],
      [s.arrays().length > 0 ? 3 : 0, s.arrays()[0]?.type],
    ])
    return [...made, giveBack(s, result, 2)]
  })
  return { entry: { name: 'kernel', params, body }, inputs }
}

/** Declarations at the top stay in scope for what returns. */
function topLevel(s: Scope): Stmt[] {
  const made: Stmt[] = []
  for (let k = s.rng.weighted([[6, s.rng.int(1, 2)] as const, [4, s.rng.int(3, 6)]]); k > 0; k--) {
    const before = s.variables.length
    const list = statementsInPlace(s)
    made.push(...list)
    if (s.variables.length < before) throw new Error('a block took more declarations than it made')
  }
  return made
}

function statementsInPlace(s: Scope): Stmt[] {
  // `statements` closes its scope: names it declared are known again from the text of its declarations.
  const made = statements(s, 1, 3, false)
  for (const stmt of made) {
    if (stmt.k === 'declare')
      s.add({ name: stmt.name, type: stmt.init.type, writable: stmt.word === 'let' && !/^[w]\d/.test(stmt.name) })
  }
  return made
}

/** A default may look at the parameters before it. */
function defaults(s: Scope, params: readonly Param[]): Scope {
  const scope = new Scope(s.rng, s.length)
  for (const p of params) scope.add({ name: p.name, type: p.type, writable: false })
  return scope
}

function arrayInput(s: Scope, type: ArrayName, before: readonly Input[]): Input {
  const { rng } = s
  const others = before.flatMap((input, of) => (input.kind === 'array' && input.data.length > 0 ? [{ input, of }] : []))
  if (others.length > 0 && rng.chance(0.2)) {
    const { input, of } = rng.pick(others)
    const size = bytesOf(type)
    const bytes = input.data.length * bytesOf(input.type)
    // Another view of floats would show the bits of NaNs, which the laws leave open.
    const kin = input.type === type || !(input.type.startsWith('Float') || type.startsWith('Float'))
    if (kin) {
      const all = Math.floor(bytes / size)
      const skip = rng.chance(0.5) ? 0 : rng.int(0, Math.min(all, 4))
      return { kind: 'alias', type, of, byteOffset: skip * size, length: all - skip }
    }
  }
  const length = rng.weighted([
    [12, s.length],
    [2, s.length + rng.int(1, 3)],
    [0.4, Math.max(0, s.length - 1)],
    [0.1, 0],
  ])
  const mood = rng.weighted([
    [5, 'calm'],
    [2, 'halves'],
    [3, 'wild'],
  ] as const)
  const data = Array.from({ length }, () => elementValue(s, type, mood))
  return { kind: 'array', type, data }
}

function elementValue(s: Scope, type: ArrayName, mood: 'calm' | 'halves' | 'wild'): number {
  const { rng } = s
  const calm = () => (type.startsWith('Float') ? rng.int(-400, 800) / 16 : rng.int(-20, 100))
  const raw = mood === 'wild' || rng.chance(0.04) ? anyNumber(s) : mood === 'halves' ? rng.int(-40, 40) / 2 : calm()
  const box = new (globalThis[type] as unknown as new (n: number) => Record<number, number>)(1)
  box[0] = raw
  return box[0]
}

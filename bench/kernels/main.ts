/**
 * Whether compiled code is ever slower than plain: `npx tsx bench/kernels/main.ts [--only a,b] [--json FILE]`, some 64
 * kernels as people write them, plain and compiled, on arrays made by `allocate` and on ordinary ones. Variants take
 * turns; medians, once both targets have been tried (src/driver/trial.ts).
 */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { allocate, jit } from '../../src/index.ts'
import { median } from '../../src/statistics.ts'
import type { TypedArray } from '../../src/types.ts'
import type { Argument, Entries } from './entries.ts'
import { IMAGES } from './images.ts'
import { INTEGERS } from './integers.ts'
import { MATRICES } from './matrices.ts'
import { VECTORS } from './vectors.ts'

type Kernel = (...args: Argument[]) => unknown
type Variant = 'plain' | 'allocated' | 'ordinary'
const VARIANTS = ['plain', 'allocated', 'ordinary'] as const

interface Row {
  readonly kernel: string
  readonly plainMs: number
  /** How many times as fast as plain. */
  readonly allocated: number
  readonly ordinary: number
  readonly vectors: boolean
}

/** Seconds for one kernel; calls before that, in milliseconds of each variant. */
const SECONDS = 1
const WARM_UP_MS = 250

const isArray = (arg: Argument): arg is TypedArray => typeof arg !== 'number'

function copied(args: readonly Argument[], variant: Variant): Argument[] {
  return args.map((arg) => {
    if (!isArray(arg)) return arg
    if (variant !== 'allocated') return arg.slice()
    const copy = allocate(arg.constructor as Float64ArrayConstructor, arg.length)
    copy.set(arg as Float64Array)
    return copy
  })
}

async function measure(name: string, entries: Entries): Promise<Row> {
  const { kernel, make } = entries[name]!
  const initial = make()
  const plain = kernel as Kernel
  const runs = {
    plain: { call: plain, args: copied(initial, 'plain'), ms: [] as number[] },
    allocated: { call: jit(plain) as Kernel, args: copied(initial, 'allocated'), ms: [] as number[] },
    ordinary: { call: jit(plain) as Kernel, args: copied(initial, 'ordinary'), ms: [] as number[] },
  }
  /** Milliseconds of a call on the initial values. */
  const once = (variant: Variant): number => {
    const { call, args } = runs[variant]
    args.forEach((arg, k) => {
      if (isArray(arg)) (arg as Float64Array).set(initial[k] as Float64Array)
    })
    const start = performance.now()
    call(...args)
    return performance.now() - start
  }
  for (const variant of VARIANTS) {
    for (let spent = 0, k = 0; spent < WARM_UP_MS || k < 24; k++) spent += once(variant)
  }
  for (const end = performance.now() + SECONDS * 1e3; performance.now() < end || runs.plain.ms.length < 7; ) {
    await new Promise((resolve) => setImmediate(resolve))
    for (const variant of VARIANTS) runs[variant].ms.push(once(variant))
  }
  const plainMs = median(runs.plain.ms)
  const text = String((runs.allocated.call as ReturnType<typeof jit>).explain(...(runs.allocated.args as never[])))
  return {
    kernel: name,
    plainMs,
    allocated: plainMs / median(runs.allocated.ms),
    ordinary: plainMs / median(runs.ordinary.ms),
    vectors: text.includes('lanes of vectors'),
  }
}

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } })
const groups = { ...VECTORS, ...MATRICES, ...IMAGES, ...INTEGERS }
const unknown = values.only?.split(',').filter((name) => !(name in groups)) ?? []
if (unknown.length > 0) {
  console.error(`There is no kernel ${unknown.join(', ')}. There are: ${Object.keys(groups).join(', ')}.`)
  process.exit(2)
}
const rows: Row[] = []
for (const name of values.only?.split(',') ?? Object.keys(groups)) {
  const row = await measure(name, groups)
  rows.push(row)
  const times = (x: number) => `${x.toFixed(2)}×`.padStart(7)
  const line = `${row.plainMs.toFixed(2).padStart(8)} ms ${times(row.allocated)} ${times(row.ordinary)}`
  console.log(`${name.padEnd(26)} ${line}${row.vectors ? '  in vectors' : ''}`)
}
const mean = (of: (row: Row) => number) => Math.exp(rows.reduce((sum, row) => sum + Math.log(of(row)), 0) / rows.length)
console.log(
  `${rows.length} kernels, Node ${process.versions.node}; geometric mean ${mean((r) => r.allocated).toFixed(2)}× allocated, ` +
    `${mean((r) => r.ordinary).toFixed(2)}× ordinary; the least ${Math.min(...rows.map((r) => r.allocated)).toFixed(2)}× and ` +
    `${Math.min(...rows.map((r) => r.ordinary)).toFixed(2)}×`,
)
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
process.exit(0)

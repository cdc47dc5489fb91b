/** Runs what the JavaScript target prints, with the smallest runtime that the artifact's contract allows. */

import { num } from '../../src/ir/build.ts'
import type { Fn, Local, Module, Stmt, Type } from '../../src/ir/ir.ts'
import { INDEX } from '../../src/ir/types.ts'
import { js } from '../../src/targets/js/index.ts'
import { DTYPES, type TypedArray } from '../../src/types.ts'

export type Value = number | boolean | TypedArray | undefined
export type Entry = (...args: Value[]) => Value

export class Failure extends Error {
  readonly site: number
  readonly values: readonly number[]
  constructor(site: number, values: readonly number[]) {
    super(`site ${site} (${values.join(', ')})`)
    this.site = site
    this.values = values
  }
}

export const SPAN = { source: 0, start: 0, end: 0 }
export const ZERO = num(INDEX, 0)

export const define = (
  name: string,
  params: readonly Local[],
  locals: readonly Local[],
  body: readonly Stmt[],
  ...results: Type[]
): Fn => ({ name, params, results, locals, body, canFail: true })

export const module = (...functions: Fn[]): Module => ({
  name: 'test',
  stage: 'target',
  functions,
  entry: functions[0]!.name,
  sites: [],
  sources: [],
})

export function run(m: Module): Entry {
  const rt = {
    fail: (site: number, ...values: number[]) => new Failure(site, values),
    overlap: (a: TypedArray, b: TypedArray) => a.buffer === b.buffer,
    alloc(code: number, size: number, site: number) {
      if (!Number.isInteger(size) || size < 0) throw new Failure(site, [size])
      return new DTYPES[code]!.ctor(size)
    },
    launch(ordinal: number, lo: number, hi: number, args: readonly Value[]) {
      const middle = (lo + hi) >> 1
      loaded.launches[ordinal]!(lo, middle, ...args)
      loaded.launches[ordinal]!(middle, hi, ...args)
    },
  }
  const loaded = new Function('rt', js.emit(m).text)(rt) as { entry: Entry; launches: Entry[] }
  return loaded.entry
}

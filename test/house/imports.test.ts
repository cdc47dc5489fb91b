/**
 * Who may import whom: the folders are the pipeline, and data passes through them in one direction. docs/architecture.md
 * says what stands where.
 */

import { describe, expect, it } from 'vitest'
import { type Import, importsOf, sources } from './sources.ts'

/** The layers from the bottom up: a module may import from its own layer and from those it lists, directly or not. */
const LAYERS: Record<string, readonly string[]> = {
  types: [],
  errors: ['types'],
  /** What a kernel may call: `prange` and `atomic` run as plain JavaScript. */
  intrinsics: ['errors'],
  ir: ['errors'],
  analysis: ['ir'],
  frontend: ['ir', 'analysis', 'intrinsics'],
  passes: ['ir', 'analysis'],
  /** Addresses that compiled code and runtime have to agree on. */
  layout: [],
  targets: ['passes', 'layout'],
  /** Sees artifacts only: of the compiler it may know types, not code. */
  runtime: ['errors', 'layout'],
  driver: ['frontend', 'targets', 'runtime'],
  /** The public functions. */
  api: ['driver'],
  /** Sits on top: hands functions to other threads, processes and machines. */
  cluster: ['api'],
  cli: ['api', 'cluster'],
}

/** Layers whose types, not values, a layer may know besides. */
const TYPES_ONLY: Record<string, readonly string[]> = { runtime: ['ir', 'targets'] }

const FOLDERS = ['ir', 'analysis', 'frontend', 'passes', 'targets', 'runtime', 'driver', 'cluster', 'cli']
const FILES: Record<string, string> = {
  'types.ts': 'types',
  'errors.ts': 'errors',
  'prange.ts': 'intrinsics',
  'atomic.ts': 'intrinsics',
  'builtins.ts': 'intrinsics',
  'runtime/layout.ts': 'layout',
}

function layerOf(path: string): string {
  if (path in FILES) return FILES[path]!
  const [first, ...rest] = path.split('/')
  if (rest.length === 0) return 'api'
  return FOLDERS.includes(first!) ? first! : `unknown folder ${first}`
}

function below(layer: string): Set<string> {
  const seen = new Set([layer])
  for (const name of seen) for (const lower of LAYERS[name] ?? []) seen.add(lower)
  return seen
}

function allowed({ from, to, types }: Import): boolean {
  const layer = layerOf(from)
  const target = layerOf(to)
  return below(layer).has(target) || (types && (TYPES_ONLY[layer] ?? []).includes(target))
}

/** One cycle of modules that load each other, first module repeated at the end; empty when there is none. */
function cycle(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to, types } of imports) if (!types) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const path: string[] = []
  const visit = (module: string): string[] => {
    if (path.includes(module)) return [...path.slice(path.indexOf(module)), module]
    if (done.has(module)) return []
    path.push(module)
    for (const to of next.get(module) ?? []) {
      const found = visit(to)
      if (found.length > 0) return found
    }
    path.pop()
    done.add(module)
    return []
  }
  for (const module of next.keys()) {
    const found = visit(module)
    if (found.length > 0) return found
  }
  return []
}

describe('imports', () => {
  const all = sources().flatMap(importsOf)

  it('lead to modules that are there', () => {
    const paths = new Set(sources().map((source) => source.path))
    expect(all.length).toBeGreaterThan(50)
    expect(all.filter(({ to }) => !paths.has(to))).toEqual([])
  })

  it('come from folders that have a layer', () => {
    const strange = sources().filter(({ path }) => !(layerOf(path) in LAYERS))
    expect(strange.map(({ path }) => `${path}: ${layerOf(path)}`)).toEqual([])
  })

  it('go down the layers', () => {
    const wrong = all.filter((edge) => !allowed(edge))
    expect(wrong.map(({ from, to }) => `${from} (${layerOf(from)}) imports ${to} (${layerOf(to)})`)).toEqual([])
  })

  it('go in no circle', () => {
    expect(cycle(all)).toEqual([])
  })
})

describe('the check of imports', () => {
  const edges = (text: string) =>
    importsOf({ path: 'ir/a.ts', text }).map(({ to, types }) => `${types ? 'type ' : ''}${to}`)

  it('sees every form of import and no comment', () => {
    const text = `
      // import { no } from './no.ts'
      import './effect.ts'
      import a, { type B } from '../b.ts'
      import {
        many,
        names,
      } from './many.ts'
import type { C } from './c.ts'
export type { D } from './d.ts'
      export { e } from './e.ts'
      export * from './f.ts'
      import { join } from 'node:path'
      const g = await import('./g.ts')
      const text = "import { no } from './no.ts'"
      a(many, names, join, g, text)`
    expect(edges(text)).toEqual([
      'ir/effect.ts',
      'b.ts',
      'ir/many.ts',
      'ir/e.ts',
      'ir/f.ts',
      'ir/g.ts',
      'type ir/c.ts',
      'type ir/d.ts',
    ])
  })

  it('tells up from down', () => {
    const edge = (from: string, to: string, types = false) => allowed({ from, to, types })
    expect(edge('passes/a.ts', 'ir/ir.ts')).toBe(true)
    expect(edge('ir/ir.ts', 'frontend/ast.ts', true)).toBe(false)
    expect(edge('runtime/wasm.ts', 'targets/target.ts', true)).toBe(true)
    expect(edge('runtime/wasm.ts', 'targets/target.ts')).toBe(false)
    expect(edge('targets/wasm/emit.ts', 'runtime/memory.ts')).toBe(false)
    expect(edge('cli/main.ts', 'index.ts')).toBe(true)
    expect(edge('jit.ts', 'cli/main.ts')).toBe(false)
  })

  it('finds a circle, but not one of types', () => {
    const edge = (from: string, to: string, types = false): Import => ({ from, to, types })
    expect(cycle([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toEqual(['b', 'c', 'b'])
    expect(cycle([edge('a', 'b'), edge('b', 'a', true)])).toEqual([])
  })
})

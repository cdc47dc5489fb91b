/**
 * Plain JavaScript with the differences that law 1 names: an access outside its array is an error instead of
 * `undefined`, and Math functions are the compiler's own. Source text goes in, so that programs written by hand are judged by the same rule; acorn says where the
 * accesses are, and the text between them stays as it is.
 */

import { type Node, parse } from 'acorn'
import { atomic } from '../../src/atomic.ts'
import { TsumbaError } from '../../src/errors.ts'
import { prange } from '../../src/prange.ts'
import { shadowMath } from '../support/shadowMath.ts'

/** What a call did, as far as all executions must agree. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly code: string; readonly index: number | undefined }
  /** More loop iterations than the fuzzer waits for. */
  | { readonly kind: 'endless' }
  /** Anything else thrown: the program, or the fuzzer, is at fault. */
  | { readonly kind: 'broken'; readonly error: unknown }

class Failure extends Error {
  readonly code: string
  readonly index: number
  constructor(code: string, index: number) {
    super(`${code} ${index}`)
    this.code = code
    this.index = index
  }
}
class Endless extends Error {}

/** How far a reordered sum may be from the one in order: `count` terms whose magnitudes add up to `magnitude`. */
export interface Sums {
  count: number
  magnitude: number
}

export interface Plain {
  readonly outcome: Outcome
  readonly sums: Sums
}

type Elements = Record<number, number> & { readonly length: number }

/** Runs `entry` of the given functions on arguments that it may write to. */
export function runPlain(functions: readonly string[], entry: string, args: readonly unknown[], fuel: number): Plain {
  const sums: Sums = { count: 0, magnitude: 0 }
  let left = fuel
  const check = (array: Elements, index: number): number => {
    const value = array[index]
    if (value === undefined) throw new Failure('bounds', index)
    return value
  }
  const runtime = {
    $get: check,
    $set(array: Elements, index: number, value: number): number {
      check(array, index)
      array[index] = value
      return value
    },
    $update(array: Elements, index: number, step: (old: number) => number): number {
      const value = step(check(array, index))
      array[index] = value
      return value
    },
    $step(array: Elements, index: number, by: number, prefix: boolean): number {
      const old = check(array, index)
      array[index] = old + by
      return prefix ? old + by : old
    },
    $new(ctor: new (length: number) => unknown, length: number): unknown {
      if (!(Number.isInteger(length) && length >= 0)) throw new Failure('length', length)
      // What is refused for want of memory is not the fuzzer's subject.
      if (length > 1e6) throw new Endless()
      return new ctor(length)
    },
    $tick(): void {
      if (--left < 0) throw new Endless()
    },
    $term(value: number): number {
      sums.count++
      sums.magnitude += Math.abs(value)
      return value
    },
    $atomic(op: keyof typeof atomic, array: Elements, index: number, ...values: number[]): number {
      check(array, index)
      return (atomic[op] as (...args: unknown[]) => number)(array, index, ...values)
    },
    prange,
    atomic,
    Math: shadowMath,
  }
  let outcome: Outcome
  try {
    const text = `'use strict'\n${functions.map(instrument).join('\n')}\nreturn ${entry}`
    const fn = new Function(...Object.keys(runtime), text)(...Object.values(runtime)) as (...a: unknown[]) => unknown
    outcome = { kind: 'value', value: fn(...args) }
  } catch (error) {
    outcome = outcomeOf(error)
  }
  return { outcome, sums }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof Failure) return { kind: 'failure', code: error.code, index: error.index }
  if (error instanceof Endless) return { kind: 'endless' }
  if (error instanceof TsumbaError) return { kind: 'failure', code: error.code, index: undefined }
  return { kind: 'broken', error }
}

type AnyNode = Node & Record<string, unknown>

/** The same function with its accesses, allocations, loops and sums made known to the runtime. */
export function instrument(source: string): string {
  const text = (node: AnyNode, loops: number): string => {
    const inner = node.type in LOOPS ? loops + 1 : loops
    const special = rewrite(node, (child) => text(child, inner), inner)
    if (special !== undefined) return special
    let out = ''
    let at = node.start
    for (const child of childrenOf(node)) {
      out += source.slice(at, child.start) + text(child, inner)
      at = child.end
    }
    return out + source.slice(at, node.end)
  }
  return text(parse(source, { ecmaVersion: 2022 }) as unknown as AnyNode, 0)

  function rewrite(node: AnyNode, of: (child: AnyNode) => string, loops: number): string | undefined {
    const part = (key: string) => of(node[key] as AnyNode)
    const element = (key: string) => {
      const member = node[key] as AnyNode
      return member.type === 'MemberExpression' && member['computed']
        ? `${of(member['object'] as AnyNode)}, ${of(member['property'] as AnyNode)}`
        : undefined
    }
    switch (node.type) {
      case 'MemberExpression':
        return node['computed'] ? `$get(${part('object')}, ${part('property')})` : undefined
      case 'AssignmentExpression': {
        const target = element('left')
        const operator = String(node['operator'])
        if (target) {
          if (operator === '=') return `$set(${target}, ${part('right')})`
          if (operator === '**=') return `$update(${target}, ($old) => Math.pow($old, ${part('right')}))`
          return `$update(${target}, ($old) => $old ${operator.slice(0, -1)} (${part('right')}))`
        }
        if (operator === '**=') return `${part('left')} = Math.pow(${part('left')}, ${part('right')})`
        const isSum = loops > 0 && (operator === '+=' || operator === '-=')
        return isSum ? `${part('left')} ${operator} $term(${part('right')})` : undefined
      }
      case 'BinaryExpression':
        return node['operator'] === '**' ? `Math.pow(${part('left')}, ${part('right')})` : undefined
      case 'UpdateExpression': {
        const target = element('argument')
        return target && `$step(${target}, ${node['operator'] === '++' ? 1 : -1}, ${node['prefix']})`
      }
      case 'NewExpression':
        return `$new(${part('callee')}, ${(node['arguments'] as AnyNode[]).map(of).join(', ') || '0'})`
      case 'CallExpression': {
        const callee = node['callee'] as AnyNode
        const isAtomic = callee.type === 'MemberExpression' && (callee['object'] as AnyNode)['name'] === 'atomic'
        if (!isAtomic) return undefined
        const op = String((callee['property'] as AnyNode)['name'])
        return `$atomic('${op}', ${(node['arguments'] as AnyNode[]).map(of).join(', ')})`
      }
      case 'ForStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForOfStatement': {
        const body = node['body'] as AnyNode
        let out = ''
        let at = node.start
        for (const child of childrenOf(node)) {
          out += source.slice(at, child.start) + (child === body ? `{ $tick(); ${of(child)} }` : of(child))
          at = child.end
        }
        return out + source.slice(at, node.end)
      }
      default:
        return undefined
    }
  }
}

const LOOPS = { ForStatement: 1, WhileStatement: 1, DoWhileStatement: 1, ForOfStatement: 1 }

/** In the order of the text. */
function childrenOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = []
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item && typeof item === 'object' && typeof (item as AnyNode).type === 'string') found.push(item as AnyNode)
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

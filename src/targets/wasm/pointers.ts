/**
 * Pointers: what the addresses of a loop have in common is computed where the loop begins, since V8 moves nothing out of
 * WebAssembly's loops.
 *
 *   for k { … a[i * n + k] … b[k * n + j - 1] … }
 *
 * has a pointer `a + 8·(i·n)`, to which 8·k is added at each access, and a pointer `b + 8·(k·n + j - 1)`, which moves on
 * by 8·n at the end of each turn. Only loops without loops in them have pointers: the time is spent there.
 */

import { Symbols } from '../../analysis/symbols.ts'
import type { Fn, For, While } from '../../ir/ir.ts'
import { addElements, elementShift, emitSum } from './address.ts'
import { type Pointer, planOf } from './places.ts'
import { type Access, BASE, type LoopPointers, type Place, type PointersOf, type Scope, slotOf } from './scope.ts'
import { keyOf } from './sums.ts'

/** The pointers of one function, those of the loop that is being written at any time. */
export class Pointers implements PointersOf {
  private readonly fn: Fn
  private known: Symbols | undefined
  private places: ReadonlyMap<Access, Place> = new Map()

  constructor(fn: Fn) {
    this.fn = fn
  }

  private symbols(): Symbols {
    this.known ??= new Symbols(this.fn)
    return this.known
  }

  /** Where the access is, in the loop that is being written; undefined for what has no place there. */
  placeOf(access: Access): Place | undefined {
    return this.places.get(access)
  }

  enter(s: Scope, loop: For | While): LoopPointers {
    const outer = this.places
    const { spots, pointers } = planOf(loop, () => this.symbols())
    const taken: number[] = []
    const take = () => {
      const slot = s.code.temp('i32')
      taken.push(slot)
      return slot
    }
    const slots = new Map<Pointer, number>()
    const steps = new Map<string, number>()
    const moving: { readonly slot: number; readonly by: number }[] = []
    for (const pointer of pointers) {
      const shift = elementShift(pointer.array)
      const slot = take()
      slots.set(pointer, slot)
      s.code.get(slotOf(s, pointer.array) + BASE)
      if (pointer.start.size > 0) addElements(s, pointer.start, shift)
      s.code.set(slot)
      if (loop.kind !== 'for' || pointer.moves.size === 0) continue
      const key = `${shift} ${keyOf(pointer.moves)}`
      let by = steps.get(key)
      if (by === undefined) {
        by = take()
        steps.set(key, by)
        emitSum(s, pointer.moves)
        s.code.i32(loop.step * 2 ** shift)
        s.code.op('i32.mul')
        s.code.set(by)
      }
      moving.push({ slot, by })
    }
    this.places = new Map(
      [...spots].map(([access, { pointer, ...spot }]) => [access, { ...spot, slot: pointer && slots.get(pointer) }]),
    )
    return {
      next: () => {
        for (const { slot, by } of moving) {
          s.code.get(slot)
          s.code.get(by)
          s.code.op('i32.add')
          s.code.set(slot)
        }
      },
      leave: () => {
        this.places = outer
        for (const slot of taken) s.code.release('i32', slot)
      },
    }
  }
}

/**
 * Captures that a function brought along from elsewhere: its text was evaluated anew, with these values for its free
 * names, which nothing assigns. They go before what the engine's scopes show.
 */

import type { AnyFunction } from './source.ts'

const given = new WeakMap<AnyFunction, Readonly<Record<string, unknown>>>()

export function giveCaptures(fn: AnyFunction, values: Readonly<Record<string, unknown>>): void {
  given.set(fn, values)
}

export const givenCaptures = (fn: AnyFunction): Readonly<Record<string, unknown>> | undefined => given.get(fn)

/**
 * What a kernel may call besides its own helpers, found by identity: however a tool has renamed `prange`, the function
 * object is the same. Each intrinsic runs as plain JavaScript too; this file has no part in compiling it.
 */

import { atomic } from './atomic.ts'
import { prange } from './prange.ts'

const intrinsics = new Map<unknown, string>()

/** The table's name of an intrinsic function (`Math.sin`, `prange`, `atomic.add`), or undefined. */
export const intrinsicName = (value: unknown): string | undefined => intrinsics.get(value)

/** Makes `fn` known to the compiler as intrinsic `name`. */
export function registerIntrinsic(fn: unknown, name: string): void {
  intrinsics.set(fn, name)
}

for (const key of Object.getOwnPropertyNames(Math)) {
  const value = Math[key as keyof Math]
  if (typeof value === 'function') registerIntrinsic(value, `Math.${key}`)
}
for (const key of ['isInteger', 'isFinite', 'isNaN', 'isSafeInteger'] as const) {
  registerIntrinsic(Number[key], `Number.${key}`)
}
registerIntrinsic(isNaN, 'isNaN')
registerIntrinsic(isFinite, 'isFinite')
registerIntrinsic(Number, 'Number')
registerIntrinsic(Boolean, 'Boolean')
registerIntrinsic(prange, 'prange')
for (const [key, fn] of Object.entries(atomic)) registerIntrinsic(fn, `atomic.${key}`)

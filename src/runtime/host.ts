/**
 * The engine's functions that compiled code imports. They go in unwrapped: a call to `Math.log` itself is inlined by
 * some engines, and a closure around it costs as much as the logarithm.
 */

const operators: Record<string, (a: number, b: number) => number> = {
  rem: (a, b) => a % b,
  toInt32: (x) => x | 0,
}

/** The `math` import object for the names a module asks for. */
export function hostFunctions(names: readonly string[]): Record<string, WebAssembly.ImportValue> {
  const math: Record<string, WebAssembly.ImportValue> = {}
  const own = Math as unknown as Record<string, (...args: number[]) => number>
  for (const name of names) {
    // hypot3 and hypot4 are Math.hypot of so many arguments.
    const fn = operators[name] ?? own[name] ?? own[name.replace(/[34]$/, '')]
    if (typeof fn !== 'function') throw new TypeError(`this engine has no function for "${name}"`)
    math[name] = fn
  }
  return math
}

import { describe, expect, it } from 'vitest'
import { bindingAt, scanBindings } from './bindings.ts'
import { parseScript } from './parse.ts'

/** Whether `x`, as the function `KERNEL` sees it, is fixed; undefined when it is not declared. */
function fixed(text: string): boolean | undefined {
  const kernel = '() => x'
  const script = text.replace('KERNEL', kernel)
  const start = script.indexOf(kernel)
  const binding = bindingAt(scanBindings(parseScript(script)!), 'x', start, start + kernel.length)
  return binding && binding.reassignedAt === undefined
}

describe('variables that are never assigned after their declaration', () => {
  it.each([
    'const x = 1; const k = KERNEL',
    'let x = 1; const k = KERNEL',
    'var x = 1; const k = KERNEL',
    'import { x } from "./lib"; const k = KERNEL',
    'import * as x from "./lib"; const k = KERNEL',
    'import x from "./lib"; const k = KERNEL',
    'import { y as x } from "./lib"; export const k = KERNEL',
    'function x() {} const k = KERNEL',
    'class x {} const k = KERNEL',
    'const { x } = o; const k = KERNEL',
    'const { y: [x = 1] } = o; const k = KERNEL',
    'const k = KERNEL; const x = 1',
    'function make(x) { return KERNEL }',
    'const make = ({ x }) => KERNEL',
    'for (const x of [1, 2]) jit(KERNEL)',
    // Assignments to others of the same name.
    'const x = 1; { let x = 2; x++ } const k = KERNEL',
    'let x = 1; function f(x) { x = 2 } const k = KERNEL',
    'let x = 1; function f() { var x; x = 2 } const k = KERNEL',
    'let x = 1; try {} catch (x) { x = 2 } const k = KERNEL',
    'let x = 1; o.x = 2; o["x"]++; ({ x: 3 }); const k = KERNEL',
    'let x = 0; { let x = 1; k = KERNEL } x = 3',
    'var x; (function (x) { x[x.A = 1] = "A" })(x || (x = {})); const k = KERNEL',
    '#!/usr/bin/env node\nconst x = await import("y"); const k = KERNEL',
    'const x = 1; module.exports = KERNEL; return',
    'const x = 1; with (o) { y } const k = KERNEL',
  ])('%s', (text) => expect(fixed(text)).toBe(true))
})

describe('variables that are', () => {
  it.each([
    'let x = 1; x = 2; const k = KERNEL',
    'let x; x = 2; const k = KERNEL',
    'let x = 1; const k = KERNEL; function later() { x += 1 }',
    'let x = 1; const k = KERNEL; const later = () => x++',
    'let x = 1; [x] = [2]; const k = KERNEL',
    'let x = 1; ({ y: x } = o); const k = KERNEL',
    'let x = 1; ({ ...x } = o); const k = KERNEL',
    'let x = 1; ([y, x = 2] = o); const k = KERNEL',
    'let x = 1; for (x of [1]); const k = KERNEL',
    'let x = 1; for (x in o); const k = KERNEL',
    'for (let x = 0; x < 3; x++) jit(KERNEL)',
    'for (var x of [1, 2]) jit(KERNEL)',
    'var x = 1; var x = 2; const k = KERNEL',
    'function x() {} x = 3; const k = KERNEL',
    'function x() {} function x() {} const k = KERNEL',
    'let x = 1; { x = 2 } const k = KERNEL',
    'let x = 1; x ??= 2; const k = KERNEL',
    'function make(x) { x *= 2; return KERNEL }',
    'let x = 1; eval(code); const k = KERNEL',
    'function make(x) { eval(code); return KERNEL }',
  ])('%s', (text) => expect(fixed(text)).toBe(false))
})

it('a name that the script does not declare is unknown', () => {
  expect(fixed('const k = KERNEL')).toBe(undefined)
  expect(fixed('{ const x = 1 } const k = KERNEL')).toBe(undefined)
})

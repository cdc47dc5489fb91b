/**
 * The package for Node: importing it takes a few milliseconds, because the compiler is loaded at the first call of a
 * jitted function. That call is synchronous, so the loading is too: Node has `require` for ES modules since 20.19.
 */

import { createRequire } from 'node:module'
import { provideCompiler } from './compiler.ts'

export * from './public.ts'

const require = createRequire(import.meta.url)
provideCompiler(() => require('./driver/index.js') as typeof import('./driver/index.ts'))

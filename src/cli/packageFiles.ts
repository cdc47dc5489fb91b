import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { PACKAGE } from '../types.ts'

/** Found by the package's own name: where this module itself ends up is the bundler's business. */
const manifest = pathToFileURL(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`))

/** A built module of the command line, such as `compare/script.js`, to be started in a thread or process of its own. */
export const builtModule = (path: string): URL => new URL(`./dist/cli/${path}`, manifest)

export const packageVersion = (): string => (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version

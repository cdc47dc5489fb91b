import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** One module of `src`; the path is from there, such as `ir/ir.ts`. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** All modules of `src` but the tests. */
export function sources(): Source[] {
  const folder = join(root, 'src')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }))
}

export interface Import {
  readonly from: string
  readonly to: string
  /** Whether only types are imported, so that nothing is loaded. */
  readonly types: boolean
}

/**
 * The imports and re-exports of modules within `src`. dependency-cruiser would need the compiler interface that
 * TypeScript 7 no longer has. Types are told by the word `type`, which verbatimModuleSyntax makes obligatory; an import
 * in a string or a comment is none, since esbuild writes the text anew without comments and tests on it are anchored
 * to the beginning of a line.
 */
export function importsOf(source: Source): Import[] {
  const found: Import[] = []
  const add = (specifier: string, types: boolean) => {
    if (!specifier.startsWith('.')) return
    found.push({ from: source.path, to: posix.join(posix.dirname(source.path), specifier), types })
  }
  const javascript = withoutTypes(source)
  for (const [, specifier] of javascript.matchAll(/^(?:import|export)\b[^'"`;]*?["']([^'"]+)["'];?$/gm)) {
    add(specifier!, false)
  }
  for (const [, specifier] of javascript.matchAll(/\bimport\(\s*["']([^'"]+)["']\s*\)/g)) add(specifier!, false)
  for (const [, specifier] of source.text.matchAll(/^(?:import|export) type [^'"`;]*?from '([^']+)'/gm)) {
    add(specifier!, true)
  }
  return found
}

/** The module as JavaScript, without types and comments, every import of a value kept. */
export function withoutTypes(source: Source): string {
  return transformSync(source.text, {
    loader: 'ts',
    legalComments: 'none',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  }).code
}

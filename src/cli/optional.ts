/** Packages that only one option needs, so that the user installs them when they use it. */

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Where a package's entry is, as an URL to import; undefined where it is not installed.
 * @param bases files from which to look for it: by default this package's own, then the current folder's
 */
export function locate(name: string, bases: readonly (string | URL)[] = defaultBases()): URL | undefined {
  for (const base of bases) {
    try {
      return pathToFileURL(createRequire(base).resolve(name))
    } catch {
      // Not from there.
    }
  }
  return undefined
}

export const defaultBases = (): (string | URL)[] => [import.meta.url, join(process.cwd(), 'package.json')]

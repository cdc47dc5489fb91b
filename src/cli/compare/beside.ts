/** The address of a module next to the given one, with the same extension: .ts from source, .js when built. */
export function beside(moduleUrl: string, name: string): URL {
  return new URL(`./${name}${moduleUrl.slice(moduleUrl.lastIndexOf('.'))}`, moduleUrl)
}

/**
 * The compiler behind `jit`, kept apart so that importing the package does not load it: Node gets it at the first call
 * of a jitted function (node.ts), bundles and browsers have it with them (index.ts).
 */

type Compiler = typeof import('./driver/index.ts')

let loader: (() => Compiler) | undefined
let loaded: Compiler | undefined

export function provideCompiler(load: () => Compiler): void {
  loader ??= load
}

export function compiler(): Compiler {
  if (!loaded) {
    if (!loader) throw new Error('the package was imported by a file that is none of its entries')
    loaded = loader()
  }
  return loaded
}

/** The package for bundles and browsers, and from source: the compiler is part of it. See node.ts for Node. */

import { provideCompiler } from './compiler.ts'
import * as driver from './driver/index.ts'

export * from './public.ts'

provideCompiler(() => driver)

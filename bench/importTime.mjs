/** Prints { medianMs }: how long `import` of the package takes in a fresh process, median of 15. */

import { execFileSync } from 'node:child_process'
import { median } from '../dist/statistics.js'

const url = new URL('../dist/node.js', import.meta.url).href
const script = `const t = performance.now(); await import('${url}'); console.log(performance.now() - t)`
const once = () => Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
once()
console.log(JSON.stringify({ medianMs: median(Array.from({ length: 15 }, once)) }))

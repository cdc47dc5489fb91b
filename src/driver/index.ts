/** What `jit` needs of the compiler. */

export { Dispatcher } from './dispatch.ts'
export { explain } from './explain.ts'

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Some tests run the package as users get it, so `dist` must be there and no older than `src` (about 1 s). */
export default function build(): void {
  const built = join(root, 'dist/index.js')
  if (existsSync(built) && newest(join(root, 'src')) < statSync(built).mtimeMs) return
  // Type errors do not keep it from writing; they are the type check's to report, not every unit test's.
  spawnSync(process.execPath, [join(root, 'scripts/build.mjs')])
}

function newest(folder: string): number {
  let time = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith('.test.ts')) {
      time = Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs)
    }
  }
  return time
}

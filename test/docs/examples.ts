/**
 * The runnable examples of a document: its ```ts blocks in which comments say what is printed,
 *
 *     console.log(1 + 1) // → 2
 *
 * a comment a line, in the order of the lines; `// →` alone is an empty one.
 */

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'

export const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

export interface Example {
  /** 1-based line of the document on which the code begins. */
  readonly line: number
  readonly code: string
  readonly expected: readonly string[]
}

const COMMENT = /\/\/ →(?: (.*))?$/

export function examplesOf(markdown: string): Example[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].flatMap((block) => {
    const code = block[1]!
    const expected = code.split('\n').flatMap((line) => {
      const said = COMMENT.exec(line)
      return said ? [said[1] ?? ''] : []
    })
    return expected.length === 0
      ? []
      : [{ line: markdown.slice(0, block.index).split('\n').length + 1, code, expected }]
  })
}

/**
 * The document with what its examples print put where they say it, line by line, or all of it in the place of the one
 * run of comments that the example has. Others stay as they are, and so do examples that stopped with an error.
 */
export function bless(markdown: string, printed: readonly (readonly string[])[]): string {
  let text = markdown
  for (const [k, { code, expected }] of examplesOf(markdown).entries()) {
    const lines = printed[k]!
    if (lines.some((line) => line.startsWith('uncaught: '))) continue
    const comment = (line: string) => `// → ${line}`.trimEnd()
    const run = /^(?:\/\/ →.*\n)+/m.exec(code)?.[0]
    if (lines.length === expected.length) {
      const left = [...lines]
      const blessed = code.replaceAll(new RegExp(COMMENT, 'gm'), () => comment(left.shift()!))
      text = text.replace(code, () => blessed)
    } else if (run && examplesOf(`\`\`\`ts\n${code.replace(run, '')}\`\`\`\n`).length === 0) {
      const blessed = code.replace(run, () => lines.map((line) => `${comment(line)}\n`).join(''))
      text = text.replace(code, () => blessed)
    }
  }
  return text
}

/** Each example as a file of its own; as users write one, indices of typed arrays without `!`. */
export function writeExamples(document: string, folder: string): string[] {
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { noUncheckedIndexedAccess: false, noUnusedLocals: false, rootDir: ROOT },
    include: ['**/*.ts'],
    exclude: [],
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return examplesOf(readFileSync(document, 'utf8')).map(({ code }, k) => {
    const file = join(folder, basename(document, '.md'), String(k), 'example.ts')
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, code.endsWith('\n') ? `${code}export {}\n` : code)
    return file
  })
}

/** What each file prints, run in one process with the package as its source is now; paths are those of the example. */
export async function printedBy(files: readonly string[], folder: string): Promise<string[][]> {
  const installed = join(folder, 'node_modules/tsumba')
  // Beside the two that users import, the programs of the cluster's threads and processes.
  const source = (path: string) => join(ROOT, 'src', path)
  await build({
    entryPoints: {
      index: source('index.ts'),
      cluster: source('cluster/index.ts'),
      thread: source('cluster/executor/thread.ts'),
      process: source('cluster/local/process.ts'),
    },
    outdir: installed,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // One copy of what both use: a jitted function of the one is one for the other.
    splitting: true,
    // package.json says of dist, not of src, which modules do something when they are imported.
    ignoreAnnotations: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  const exports = { '.': './index.mjs', './cluster': './cluster.mjs' }
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ name: 'tsumba', exports }))
  // Without it the examples would belong to the package of this repository, and `tsumba` would be what dist has.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const out = join(folder, 'out')
  await build({
    entryPoints: [...files],
    outdir: out,
    outbase: folder,
    format: 'esm',
    target: 'node20',
    // Without maps, errors would show lines of what esbuild wrote.
    sourcemap: 'inline',
    outExtension: { '.js': '.mjs' },
  })
  const modules = files.map((file) => join(out, file.slice(folder.length)).replace(/\.ts$/, '.mjs'))
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'run.mjs'), ...modules], {
    env: { ...process.env, TSUMBA_DISABLE_JIT: '', TSUMBA_DUMP: '', TSUMBA_NUM_THREADS: '', TSUMBA_GRAIN: '' },
  })
  const printed = JSON.parse(stdout) as string[][]
  return printed.map((lines) => lines.map((line) => line.replaceAll(/[^\s(]*\/(example\.ts)/g, '$1').trimEnd()))
}

/** What the type checker finds in the examples of the folder, and not elsewhere; empty where all is well. */
export async function typeErrors(folder: string): Promise<string> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run(process.execPath, [tsc, '-p', folder], { cwd: ROOT }).catch((error) => {
    if (error.code === 1 || error.code === 2) return error as { stdout: string }
    throw error
  })
  return stdout
    .split('\n')
    .filter((line) => line.includes('example.ts'))
    .join('\n')
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { loadFunction, loadModule } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'load-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const kernels = file(
  'kernels.mjs',
  `export const twice = (x) => 2 * x
export default function half(x) { return x / 2 }
export const size = 3`,
)

describe('loadFunction', () => {
  it('finds an export, with a library for it', async () => {
    const { name, plain, jitted, library } = await loadFunction(`${kernels}#twice`)
    expect([name, plain(4), jitted]).toEqual(['twice', 8, undefined])
    expect(library.jit(plain)(5)).toBe(10)
    expect((await loadFunction(`${kernels}#default`)).plain(4)).toBe(2)
  })

  it.each([
    ['#fn', /'#fn' names no file\. Remedy: FILE#fn/],
    ['no/such.js#fn', /There is no file no\/such\.js\. Remedy: check the path/],
    [kernels, /names no function\. Remedy: choose from .*kernels\.mjs#default, .*kernels\.mjs#twice\.$/],
    [`${kernels}#thrice`, /exports no 'thrice'\. Remedy: choose from/],
    [`${kernels}#toString`, /exports no 'toString'/],
    [`${kernels}#size`, /exports 'size', a number and no function\. Remedy: choose from/],
    [`${file('none.mjs', 'export const a = 1')}#fn`, /It exports no function\. Remedy: put export before/],
    [
      `${file('broken.mjs', 'throw new RangeError("no luck\\nat all")')}#fn`,
      /cannot be loaded: no luck \(.*broken\.mjs:1/,
    ],
  ])('refuses %s', async (target, message) => {
    await expect(loadFunction(target)).rejects.toThrow(message)
  })
})

describe('loadModule', () => {
  const load = (path: string, strips: boolean, tsx?: URL) => loadModule(pathToFileURL(path), 'FILE', strips, () => tsx)

  it('says what reads TypeScript where nothing does', async () => {
    const typed = file('typed.ts', 'export const n: number = 1')
    await expect(load(typed, false)).rejects.toThrow(
      /^FILE cannot be loaded: Node [\d.]+ does not read TypeScript, and tsx is not installed\. Remedy: npm i tsx, or use Node 22\.18 or newer\.$/,
    )
  })

  it('goes to tsx with what Node does not take', async () => {
    // Whatever this Node can do, it knows no such import.
    const extensionless = file('imports.mts', `import { n } from './missing'\nexport const f = () => n`)
    await expect(load(extensionless, true)).rejects.toThrow(
      /Node does not take it as it is \(.*\), and tsx is not installed\. Remedy: npm i tsx\.$/,
    )
    const api = file(
      'tsx.mjs',
      `export const register = ({ namespace }) => ({ import: async (what) => ({ f: () => [namespace, what] }) })`,
    )
    const { exports } = await load(extensionless, true, pathToFileURL(api))
    const [namespace, what] = (exports['f'] as () => string[])()
    expect(namespace).toMatch(/\d/)
    expect(what).toBe(pathToFileURL(extensionless).href)
  })

  it('reports what is wrong with the module itself as it is', async () => {
    await expect(load(file('bad.mjs', 'import "./nowhere.mjs"'), true)).rejects.toThrow(
      /FILE cannot be loaded: .*nowhere/,
    )
  })

  it("finds tsx beside the user's file, by its manifest", async () => {
    const project = join(folder, 'project')
    const api = join(project, 'node_modules/tsx/somewhere')
    mkdirSync(api, { recursive: true })
    const manifest = {
      name: 'tsx',
      exports: { './package.json': './package.json', './esm/api': { import: { default: './somewhere/api.mjs' } } },
    }
    writeFileSync(join(project, 'node_modules/tsx/package.json'), JSON.stringify(manifest))
    writeFileSync(join(api, 'api.mjs'), `export const register = () => ({ import: async () => ({ here: true }) })`)
    const source = join(project, 'kernel.ts')
    writeFileSync(source, '')
    expect((await loadModule(pathToFileURL(source), 'FILE', false)).exports).toEqual({ here: true })
  })
})

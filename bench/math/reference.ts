/** The reference program (reference.c): building it, and handing it arguments and results. */

import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('reference.c', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/tsumba-math', import.meta.url))

/** The program's path, or why it cannot be built here. */
export type Built = { readonly path: string } | { readonly reason: string }

export function buildReference(): Built {
  const path = join(FOLDER, `reference-${createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)}`)
  if (existsSync(path)) return { path }
  mkdirSync(FOLDER, { recursive: true })
  const own = `${path}.${process.pid}`
  const built = spawnSync('cc', ['-O2', '-o', own, SOURCE, '-lmpfr', '-lgmp', '-lm'], { encoding: 'utf8' })
  if (built.error) return { reason: 'needs a C compiler and GNU MPFR (Debian: apt-get install gcc libmpfr-dev)' }
  if (built.status !== 0) {
    const missing = /mpfr\.h|lmpfr|lgmp/.test(built.stderr)
    return { reason: missing ? 'needs GNU MPFR (Debian: apt-get install libmpfr-dev)' : `cc says: ${built.stderr}` }
  }
  renameSync(own, path)
  return { path }
}

/** Installs MPFR where that is a matter of one command: Debian, as root. */
export function installReference(): Built {
  const built = buildReference()
  if ('path' in built || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return built
  console.error('installing gcc and libmpfr-dev …')
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'gcc', 'libc6-dev', 'libmpfr-dev'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return buildReference()
}

/** What was found of one column of results. */
export interface Finding {
  readonly points: number
  /** The greatest error, in ulp of the true value. */
  readonly worst: number
  readonly where: readonly number[]
  readonly gave: number
  /** How many results are the true value's rounding. */
  readonly rounded: number
  /** How many results are no approximation at all: a number for NaN, a wrong sign, … */
  readonly wrong: number
  readonly wrongWhere: readonly number[]
  readonly wrongGave: number
}

type Bits = string
interface Printed extends Omit<Finding, 'where' | 'gave' | 'wrongWhere' | 'wrongGave'> {
  readonly where: readonly Bits[]
  readonly gave: Bits
  readonly wrongWhere: readonly Bits[]
  readonly wrongGave: Bits
}

const ofBits = (bits: Bits): number => new Float64Array(new BigUint64Array([BigInt(`0x${bits}`)]).buffer)[0]!
const finding = (printed: Printed): Finding => ({
  ...printed,
  where: printed.where.map(ofBits),
  gave: ofBits(printed.gave),
  wrongWhere: printed.wrongWhere.map(ofBits),
  wrongGave: ofBits(printed.wrongGave),
})

/** Takes records of arguments followed by results. */
export class Check {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #output: Promise<string>
  readonly #ended: Promise<unknown[]>

  constructor(path: string, name: string, arity: number, columns: number) {
    this.#child = spawn(path, ['check', name, String(arity), String(columns)], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#output = text(this.#child.stdout)
    this.#ended = once(this.#child, 'close')
  }

  async write(records: Float64Array): Promise<void> {
    const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength)
    if (!this.#child.stdin.write(bytes)) await Promise.race([once(this.#child.stdin, 'drain'), this.#ended])
  }

  /** One finding a column. */
  async end(): Promise<Finding[]> {
    this.#child.stdin.end()
    const [status] = await this.#ended
    if (status !== 0) throw new Error(`the reference program ended with status ${status}`)
    return (JSON.parse(await this.#output) as Printed[]).map(finding)
  }
}

async function text(stream: Readable): Promise<string> {
  let whole = ''
  for await (const chunk of stream.setEncoding('utf8')) whole += chunk
  return whole
}

/** The true values, correctly rounded. */
export function correctlyRounded(path: string, name: string, points: readonly (readonly number[])[]): number[] {
  const arity = points[0]!.length
  const input = Buffer.from(Float64Array.from(points.flat()).buffer)
  const output = execFileSync(path, ['values', name, String(arity)], { input, maxBuffer: 2 ** 28 })
  return Array.from({ length: points.length }, (_, k) => output.readDoubleLE(8 * k))
}

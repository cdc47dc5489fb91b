/** Puts a binary module together: functions and imports in, bytes out. Knows nothing of the IR. */

import { Writer } from './writer.ts'

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'
export const VALUE_TYPE_CODE: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
}

export interface Signature {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}
/** What a `call` names. Its position is known once all imports are, so calls are patched then. */
export interface Callee {
  readonly name: string
  readonly signature: Signature
}
export interface ImportedFunction extends Callee {
  readonly module: string
}
export interface DefinedFunction {
  readonly callee: Callee
  /** After the parameters. */
  readonly locals: readonly ValueType[]
  /** Instructions with the final `end`. */
  readonly code: Writer
  readonly calls: readonly CallSite[]
  readonly exported?: string | undefined
}
export interface CallSite {
  /** Where in `code` the padded index stands. */
  readonly at: number
  readonly callee: Callee
}
export interface ModuleParts {
  readonly name: string
  readonly imports: readonly ImportedFunction[]
  readonly functions: readonly DefinedFunction[]
  /** The first values of mutable i32 globals, numbered after the imported `tls`. */
  readonly globals: readonly number[]
}

/** The imported global `tls`; the module's own globals follow. */
export const TLS_GLOBAL = 0

const SECTION = { custom: 0, type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const
const KIND = { function: 0, memory: 2, global: 3 } as const
/** Shared, with a maximum: a memory of any size up to 4 GiB fits. */
const MEMORY_LIMITS = { flags: 3, min: 1, max: 65536 } as const

export function encode(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const out = new Writer()
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) out.byte(byte)
  const section = (id: number, write: (content: Writer) => void) => {
    const content = new Writer()
    write(content)
    out.byte(id)
    out.sized(content)
  }

  const types = new Map<string, { index: number; signature: Signature }>()
  const typeOf = ({ params, results }: Signature): number => {
    const key = `${params.join(' ')}>${results.join(' ')}`
    const known = types.get(key)
    if (known) return known.index
    types.set(key, { index: types.size, signature: { params, results } })
    return types.size - 1
  }
  const indices = new Map<Callee, number>()
  for (const callee of [...parts.imports, ...parts.functions.map((f) => f.callee)]) {
    typeOf(callee.signature)
    indices.set(callee, indices.size)
  }

  section(SECTION.type, (w) => {
    w.u32(types.size)
    for (const { signature } of types.values()) {
      w.byte(0x60)
      for (const list of [signature.params, signature.results]) {
        w.u32(list.length)
        for (const type of list) w.byte(VALUE_TYPE_CODE[type])
      }
    }
  })
  section(SECTION.import, (w) => {
    w.u32(parts.imports.length + 2)
    w.name('env')
    w.name('memory')
    w.byte(KIND.memory)
    w.byte(MEMORY_LIMITS.flags)
    w.u32(MEMORY_LIMITS.min)
    w.u32(MEMORY_LIMITS.max)
    w.name('env')
    w.name('tls')
    w.byte(KIND.global)
    w.byte(VALUE_TYPE_CODE.i32)
    w.byte(0)
    for (const f of parts.imports) {
      w.name(f.module)
      w.name(f.name)
      w.byte(KIND.function)
      w.u32(typeOf(f.signature))
    }
  })
  section(SECTION.function, (w) => {
    w.u32(parts.functions.length)
    for (const f of parts.functions) w.u32(typeOf(f.callee.signature))
  })
  if (parts.globals.length > 0) {
    section(SECTION.global, (w) => {
      w.u32(parts.globals.length)
      for (const value of parts.globals) {
        w.byte(VALUE_TYPE_CODE.i32)
        w.byte(1)
        w.byte(0x41)
        w.s32(value)
        w.byte(0x0b)
      }
    })
  }
  section(SECTION.export, (w) => {
    const exported = parts.functions.filter((f) => f.exported !== undefined)
    w.u32(exported.length)
    for (const f of exported) {
      w.name(f.exported!)
      w.byte(KIND.function)
      w.u32(indices.get(f.callee)!)
    }
  })
  section(SECTION.code, (w) => {
    w.u32(parts.functions.length)
    for (const f of parts.functions) {
      for (const { at, callee } of f.calls) f.code.patchIndex(at, indices.get(callee)!)
      const body = new Writer()
      writeLocals(body, f.locals)
      body.append(f.code)
      w.sized(body)
    }
  })
  section(SECTION.custom, (w) => writeNames(w, parts.name, indices))
  return out.finish()
}

/** Runs of one type, as the format has them. */
function writeLocals(w: Writer, locals: readonly ValueType[]): void {
  const runs: { type: ValueType; count: number }[] = []
  for (const type of locals) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ type, count: 1 })
  }
  w.u32(runs.length)
  for (const { type, count } of runs) {
    w.u32(count)
    w.byte(VALUE_TYPE_CODE[type])
  }
}

/** The names that profilers and stack traces show. */
function writeNames(w: Writer, module: string, indices: ReadonlyMap<Callee, number>): void {
  w.name('name')
  const subsection = (id: number, write: (content: Writer) => void) => {
    const content = new Writer()
    write(content)
    w.byte(id)
    w.sized(content)
  }
  subsection(0, (names) => names.name(module))
  subsection(1, (names) => {
    names.u32(indices.size)
    for (const [callee, index] of indices) {
      names.u32(index)
      names.name(callee.name)
    }
  })
}

/** `explain()`: what became of each loop, in the user's words. */

import { codeFrame } from '../errors.ts'
import type { Note } from '../passes/pass.ts'
import type { Dispatcher } from './dispatch.ts'
import { signatureText } from './signature.ts'

export interface LoopNote {
  /** 1-based, of the file where it is known, else of the function's own text. */
  readonly line: number
  /** The loop's first line of source. */
  readonly source: string
  readonly text: string
}

export class Explanation {
  readonly name: string
  readonly signature: string
  readonly target: 'wasm' | 'js'
  /** Why this target. */
  readonly reason: string
  readonly loops: readonly LoopNote[]

  constructor(init: Omit<Explanation, 'toString'>) {
    this.name = init.name
    this.signature = init.signature
    this.target = init.target
    this.reason = init.reason
    this.loops = init.loops
  }

  toString(): string {
    const head = `${this.name}${this.signature} runs as ${this.target === 'wasm' ? 'WebAssembly' : 'checked JavaScript'}: ${this.reason}.`
    const loops = this.loops.map((l) => `  line ${l.line}: ${l.source}\n    ${l.text}`)
    return [head, ...loops].join('\n')
  }
}

export function explain(dispatcher: Dispatcher, args: readonly unknown[]): Explanation {
  const specialisation = dispatcher.specialise(args)
  const { compiled } = specialisation
  const { target, reason } = dispatcher.choose(specialisation, args)
  const { sources } = compiled.program.module
  const loops = distinct(compiled.notesFor(target)).map(({ span, text }) => {
    const source = sources[span.source]!
    const { loc } = codeFrame(source, span.start, span.end)
    const line = source.text.slice(span.start, span.end).split('\n')[0]!.trim()
    return { line: loc.line, source: line.length > 90 ? `${line.slice(0, 89)}…` : line, text }
  })
  return new Explanation({
    name: compiled.program.kernel.source.name,
    signature: signatureText(specialisation.codes),
    target,
    reason: reason(),
    loops,
  })
}

/** A loop that was written twice says what became of it once. */
function distinct(notes: readonly Note[]): Note[] {
  const seen = new Set<string>()
  return notes.filter(({ span, text }) => {
    const key = `${span.source}:${span.start}:${span.end}:${text}`
    return !seen.has(key) && seen.add(key)
  })
}

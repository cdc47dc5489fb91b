/** Every error that tsumba throws on purpose. The text is for the person who wrote the kernel. */

export class TsumbaError extends Error {
  override name = 'TsumbaError'
  /** A short stable word for programs, such as `worker-died` or `out-of-memory`. */
  readonly code: string
  constructor(message: string, code = 'error', options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface CompileErrorDetails {
  /** A short stable word, such as `unsupported-syntax`, `race`, `capture`. */
  readonly code: string
  /** What is wrong, in the user's words. */
  readonly reason: string
  /** What to do instead. */
  readonly remedy: string
  /** Where: line and column are 1-based, of the file where it is known, else of the function's own text. */
  readonly loc?: { readonly file?: string | undefined; readonly line: number; readonly column: number } | undefined
  /** The source line with a caret under the place. */
  readonly frame?: string | undefined
}

/** The function cannot be compiled; thrown at the first call with the argument types in question. */
export class CompileError extends TsumbaError {
  override name = 'CompileError'
  readonly loc: CompileErrorDetails['loc']
  readonly frame: string | undefined
  readonly reason: string
  readonly remedy: string
  constructor(details: CompileErrorDetails) {
    const place = details.loc
      ? ` (${details.loc.file ? `${details.loc.file}:` : 'line '}${details.loc.line}:${details.loc.column})`
      : ''
    const frame = details.frame ? `\n\n${details.frame}\n` : '\n'
    super(`${details.reason}${place}${frame}\nRemedy: ${details.remedy}`, details.code)
    this.loc = details.loc
    this.frame = details.frame
    this.reason = details.reason
    this.remedy = details.remedy
  }
}

/** An index outside its array, or one that is not an integer. */
export class BoundsError extends RangeError {
  override name = 'BoundsError'
  readonly code = 'bounds'
}

/** The part of a source text that an error or an explanation shows. */
export interface FrameSource {
  readonly text: string
  readonly line: number
  readonly file?: string | undefined
}

/** Line and column (1-based) of an offset, and the line itself with a caret under [start, end). */
export function codeFrame(
  source: FrameSource,
  start: number,
  end: number,
): { loc: NonNullable<CompileErrorDetails['loc']>; frame: string } {
  const before = source.text.slice(0, start)
  const lineStart = before.lastIndexOf('\n') + 1
  const newline = source.text.indexOf('\n', start)
  const lineEnd = newline < 0 ? source.text.length : newline
  const line = source.line + (before.match(/\n/g)?.length ?? 0)
  const full = source.text.slice(lineStart, lineEnd)
  // A minified function is one long line: show what lies around the place.
  const column = start - lineStart
  const from = full.length > 120 ? Math.max(0, column - 50) : 0
  const shown = `${from > 0 ? '…' : ''}${full.slice(from, from + 110)}${from + 110 < full.length ? '…' : ''}`
  const caret = ' '.repeat(column - from + (from > 0 ? 1 : 0))
  const width = Math.max(1, Math.min(end, lineEnd) - start)
  const gutter = `${line} | `
  const marks = '^'.repeat(Math.max(1, Math.min(width, shown.length - caret.length)))
  const frame = `${gutter}${shown.replaceAll('\t', ' ')}\n${' '.repeat(gutter.length - 2)}| ${caret}${marks}`
  return { loc: { file: source.file, line, column: column + 1 }, frame }
}

/** A CompileError that points at [start, end) of `source`. */
export function compileError(
  source: FrameSource,
  place: { readonly start: number; readonly end: number },
  code: string,
  reason: string,
  remedy: string,
): CompileError {
  return new CompileError({ code, reason, remedy, ...codeFrame(source, place.start, place.end) })
}

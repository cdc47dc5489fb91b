/** Says on stderr what is being measured: one line that is rewritten in a terminal, one line an input elsewhere. */

export interface Progress {
  /** An input is about to be measured. */
  start(input: string): void
  step(what: string): void
  /** Leaves the line empty, before a table is printed. */
  clear(): void
}

interface Stream {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

export function progressOn(stream: Stream): Progress {
  let input = ''
  if (stream.isTTY !== true) {
    return {
      start: (next) => void stream.write(`measuring ${next} …\n`),
      step: () => {},
      clear: () => {},
    }
  }
  const show = (text: string) => void stream.write(`\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`)
  return {
    start(next) {
      input = next
      show(`measuring ${input} …`)
    },
    step: (what) => show(`measuring ${input}: ${what}`),
    clear: () => show(''),
  }
}

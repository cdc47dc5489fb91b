/** A child process that answers each line with lines, of which the last is a dot. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'

/** How much of what a process says on standard error is kept for the message when it ends. */
const KEPT_CHARACTERS = 2000
/** An EXTRALARGE sample takes minutes; whoever needs longer hangs. */
const TIMEOUT_MS = 30 * 60_000

export class Conversation {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: Interface
  /** Settles when the process is no more, or never was. */
  readonly #ended: Promise<void>
  #complaints = ''

  constructor(command: string, args: readonly string[] = []) {
    this.#child = spawn(command, args)
    this.#child.stderr.on('data', (text) => {
      this.#complaints = (this.#complaints + text).slice(-KEPT_CHARACTERS)
    })
    // Writing to a process that has ended: `ask` says so.
    this.#child.stdin.on('error', () => {})
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', () => resolve())
      this.#child.on('error', (error) => {
        this.#complaints += String(error)
        resolve()
      })
    })
    this.#lines = createInterface(this.#child.stdout)
  }

  /** @throws Error with what the process said last, where it ends instead of answering. */
  async ask(line: string): Promise<string[]> {
    const answer: string[] = []
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT_MS / 60_000} minutes`)), TIMEOUT_MS)
        this.#ended.then(() => reject(new Error(`the process ended without an answer: ${this.#complaints.trim()}`)))
        this.#lines.on('line', (text) => {
          if (text === '.') resolve()
          else answer.push(text)
        })
        this.#child.stdin.write(`${line}\n`)
      })
    } finally {
      clearTimeout(timer)
      this.#lines.removeAllListeners('line')
    }
    return answer
  }

  close(): void {
    this.#child.stdin.end()
    this.#child.kill()
  }
}

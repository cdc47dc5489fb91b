/**
 * The stream of messages to a scheduler: what is sent within one turn of the event loop goes as one list, and while the
 * system has not taken the last one, as one list afterwards.
 */

import type { Comm } from './comm.ts'
import type { Message } from './message.ts'

/** Bytes that may wait in the socket before messages wait here. */
const FULL = 2 ** 22

export class Batch {
  private readonly comm: Comm
  private messages: Message[] = []
  private scheduled = false
  constructor(comm: Comm) {
    this.comm = comm
  }

  send(message: Message): void {
    this.messages.push(message)
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => this.flush())
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.messages.length
  }

  private flush(): void {
    this.scheduled = false
    if (this.messages.length === 0 || this.comm.closed) return
    if (this.comm.buffered > FULL) {
      this.scheduled = true
      void this.comm.flushed().then(() => this.flush())
      return
    }
    const messages = this.messages
    this.messages = []
    this.comm.write(messages)
  }

  /** Sends what waits and resolves when the system has it. */
  async finish(): Promise<void> {
    this.flush()
    await this.comm.flushed()
  }
}

/**
 * Large pieces of memory that nobody needs any more, kept for a while: the first touch of fresh memory costs several
 * times what a copy does.
 */

import { totalmem } from 'node:os'

export interface Piece {
  readonly byteLength: number
}

/** Smaller ones are not worth keeping. */
const LEAST = 2 ** 20
/** Bytes in all, and milliseconds after the last use of the pool. */
const MOST = Math.min(2 ** 30, totalmem() / 8)
const KEPT = 5000

export class Pool<P extends Piece> {
  private pieces: P[] = []
  private bytes = 0
  private timer: NodeJS.Timeout | undefined
  private readonly end: (piece: P) => void

  constructor(end: (piece: P) => void) {
    this.end = end
  }

  /** A piece with room for so many bytes, and not for many more. */
  take(byteLength: number): P | undefined {
    if (byteLength < LEAST) return undefined
    let best = -1
    this.pieces.forEach((piece, k) => {
      if (piece.byteLength < byteLength || piece.byteLength > 2 * byteLength) return
      if (best < 0 || piece.byteLength < this.pieces[best]!.byteLength) best = k
    })
    if (best < 0) return undefined
    const [piece] = this.pieces.splice(best, 1)
    this.bytes -= piece!.byteLength
    return piece
  }

  give(piece: P): void {
    if (piece.byteLength < LEAST || piece.byteLength > MOST) {
      this.end(piece)
      return
    }
    this.pieces.push(piece)
    this.bytes += piece.byteLength
    while (this.bytes > MOST) {
      const oldest = this.pieces.shift()!
      this.bytes -= oldest.byteLength
      this.end(oldest)
    }
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.clear(), KEPT)
    this.timer.unref()
  }

  clear(): void {
    clearTimeout(this.timer)
    for (const piece of this.pieces) this.end(piece)
    this.pieces = []
    this.bytes = 0
  }
}

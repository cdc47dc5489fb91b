/** A network that fails: connections through it can be cut, or stand still for a while. */

import { connect, createServer, type Socket } from 'node:net'

export interface FaultyLink {
  /** `tcp://127.0.0.1:port` */
  readonly address: string
  /** Ends every connection at once, with what is in it. */
  cut(): void
  /** Lets nothing through for so many milliseconds. */
  freeze(milliseconds: number): void
  close(): Promise<void>
}

/** @param target `tcp://host:port` */
export async function startProxy(target: string): Promise<FaultyLink> {
  const { hostname, port } = new URL(target.replace(/^tcp/, 'http'))
  const pairs = new Set<readonly [Socket, Socket]>()
  let frozen = false
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause()
      })
      to.on('drain', () => {
        if (!frozen) from.resume()
      })
      const end = () => {
        pairs.delete(pair)
        near.destroy()
        far.destroy()
      }
      from.on('close', end)
      from.on('error', end)
    }
    if (frozen) for (const socket of pair) socket.pause()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  return {
    address: `tcp://127.0.0.1:${address.port}`,
    cut,
    freeze: (milliseconds) => {
      frozen = true
      for (const pair of pairs) for (const socket of pair) socket.pause()
      setTimeout(() => {
        frozen = false
        for (const pair of pairs) for (const socket of pair) socket.resume()
      }, milliseconds)
    },
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

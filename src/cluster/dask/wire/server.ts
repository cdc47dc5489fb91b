/** A server of Dask's remote calls: handlers by the name of the operation, one call at a time on each connection. */

import { createServer as createTcp, Socket, type Server as TcpServer } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { PACKAGE } from '../../../types.ts'
import { type Address, certificates, checkSecurity, formatAddress, isLoopback, type Security } from './address.ts'
import { Comm, CommClosedError } from './comm.ts'
import type { Allocate } from './frames.ts'
import type { Message } from './message.ts'

/** What a handler returns that has written its answer itself, or gives none. */
export const NO_REPLY = Symbol('no reply')

export type Handler = (message: Message, comm: Comm) => unknown

export interface ServerOptions extends Security {
  readonly scheme: 'tcp' | 'tls'
  readonly host: string
  /** 0 or left out: a free one. */
  readonly port?: number | undefined
  readonly handlers: Readonly<Record<string, Handler>>
  readonly allocate?: Allocate | undefined
  /** A connection that ended badly: a refused certificate, bytes that are no message. For logs. */
  readonly onerror?: ((error: Error) => void) | undefined
}

/** A peer that says nothing is let go after this time. */
const HANDSHAKE = 30_000

export class Server {
  /** Where others reach it. */
  readonly address: string
  private readonly server: TcpServer
  private readonly comms: Set<Comm>
  private constructor(server: TcpServer, comms: Set<Comm>, address: string) {
    this.server = server
    this.comms = comms
    this.address = address
  }

  static async listen(options: ServerOptions): Promise<Server> {
    const wanted: Address = { scheme: options.scheme, host: options.host, port: options.port ?? 0 }
    checkSecurity(wanted, options)
    const comms = new Set<Comm>()
    const accept = (socket: Socket) => {
      const comm = incoming(socket, options)
      comms.add(comm)
      serve(comm, options).finally(() => comms.delete(comm))
    }
    const server =
      options.scheme === 'tls'
        ? createTls({ ...certificates(options.tls!).parts, requestCert: true, rejectUnauthorized: true }, accept)
        : createTcp({ pauseOnConnect: true }, accept)
    server.on('tlsClientError', (error: Error) => options.onerror?.(error))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted.port, wanted.host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    const { port } = server.address() as { port: number }
    return new Server(server, comms, formatAddress({ ...wanted, port }))
  }

  /** Ends all connections; resolves when the port is free. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const comm of this.comms) comm.abort()
    await closed
  }
}

/**
 * net.Server makes its sockets itself and cannot be told to read into a given buffer, which costs two thirds of the
 * speed for large messages. A socket made afresh over the same handle can; where Node shows no handle, `data` events do.
 */
function incoming(socket: Socket, options: ServerOptions): Comm {
  const peer = formatAddress({
    scheme: options.scheme,
    host: socket.remoteAddress ?? '?',
    port: socket.remotePort ?? 0,
  })
  const handle = (socket as unknown as { _handle?: object | null })._handle
  if (options.scheme === 'tls' || !handle) {
    const comm = new Comm(socket, peer, options.allocate)
    socket.on('data', (chunk: Buffer) => {
      if (!comm.receive(chunk)) socket.pause()
    })
    return comm
  }
  let comm: Comm | undefined
  const onread = Comm.reading(() => comm)
  // The old socket must let go of the handle, or its end would close it.
  ;(socket as unknown as { _handle: null })._handle = null
  const fresh = new Socket({ handle, onread, readable: true, writable: true } as ConstructorParameters<
    typeof Socket
  >[0])
  // The server counts the sockets that it made.
  fresh.once('close', () => socket.destroy())
  comm = new Comm(fresh, peer, options.allocate)
  fresh.resume()
  return comm
}

async function serve(comm: Comm, options: ServerOptions): Promise<void> {
  try {
    await comm.handshake(HANDSHAKE)
    for (;;) {
      const message = await comm.read()
      const reply = message['reply'] !== false
      if (message['op'] === 'close') {
        if (reply) comm.write('OK')
        break
      }
      const answer = await answerOf(message, comm, options)
      if (reply && answer !== NO_REPLY) comm.write(answer)
      if (message['close'] === true) break
      // A peer that reads slowly holds up its own calls, not our memory.
      await comm.flushed()
    }
    await comm.close()
  } catch (error) {
    comm.abort()
    if (!(error instanceof CommClosedError && error.code === 'comm-closed')) options.onerror?.(error as Error)
  }
}

async function answerOf(message: Message, comm: Comm, options: ServerOptions): Promise<unknown> {
  const op = String(message['op'])
  const handler = Object.hasOwn(options.handlers, op) ? options.handlers[op] : undefined
  try {
    if (handler === undefined) throw new Error(`${PACKAGE} has no handler for ${op}`)
    return await handler(message, comm)
  } catch (error) {
    if (error instanceof CommClosedError) throw error
    return failed(error as Error)
  }
}

/** As Dask tells a caller that a handler has failed. */
export function failed(error: Error): Message {
  const text = `${error.name}: ${error.message}`
  return {
    status: 'uncaught-error',
    text,
    exception: null,
    traceback: null,
    exception_text: text,
    traceback_text: error.stack ?? '',
  }
}

/** The loopback or wildcard host on which a worker listens for a scheduler, unless told. */
export function defaultHost(scheduler: Address): string {
  return isLoopback(scheduler.host) ? '127.0.0.1' : '0.0.0.0'
}

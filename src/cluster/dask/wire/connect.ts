/** Outgoing connections: to a scheduler, to workers. */

import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { TsumbaError } from '../../../errors.ts'
import { type Address, certificates, checkSecurity, formatAddress, parseAddress, type Security } from './address.ts'
import { Comm, CommClosedError } from './comm.ts'
import type { Allocate } from './frames.ts'

export interface ConnectOptions extends Security {
  /** Milliseconds until it counts as failed; everything included. */
  readonly timeout?: number | undefined
  /** Tries again until the time is over while nobody listens there: for a scheduler that is about to start. */
  readonly retry?: boolean | undefined
  readonly allocate?: Allocate | undefined
  /** Ends the attempt, and all further ones. */
  readonly signal?: AbortSignal | undefined
}

/** Dask's own value is 30 s. */
const TIMEOUT = 30_000

/** A connection on which both sides have said hello. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Comm> {
  const target = parseAddress(address)
  checkSecurity(target, options)
  const timeout = options.timeout ?? TIMEOUT
  const deadline = Date.now() + timeout
  for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
    try {
      return await attempt(target, options, Math.max(1, deadline - Date.now()), timeout)
    } catch (error) {
      const again = options.retry === true && error instanceof TsumbaError && error.code === 'unreachable'
      if (!again || options.signal?.aborted || Date.now() + pause >= deadline) throw error
      await sleep(pause)
    }
  }
}

async function attempt(target: Address, options: ConnectOptions, left: number, timeout: number): Promise<Comm> {
  const shown = formatAddress(target)
  let comm: Comm | undefined
  const place = { host: target.host, port: target.port, onread: Comm.reading(() => comm) }
  const secure = target.scheme === 'tls'
  const socket = secure
    ? // Names are not compared: Dask's clusters have an authority of their own and speak by number.
      connectTls({ ...place, secureContext: certificates(options.tls!).context, checkServerIdentity: () => undefined })
    : connectTcp(place)
  const made = new Comm(socket, shown, options.allocate)
  comm = made
  const started = Date.now()
  const giveUp = () => made.abort(`the connection to ${shown} was given up`)
  options.signal?.addEventListener('abort', giveUp, { once: true })
  try {
    if (options.signal?.aborted) giveUp()
    await opened(socket, secure ? 'secureConnect' : 'connect', made, left, shown, timeout)
    await made.handshake(Math.max(1, left - (Date.now() - started))).catch((error: Error) => {
      throw refused(target, error)
    })
    return made
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
  }
}

function opened(
  socket: Socket,
  event: string,
  comm: Comm,
  left: number,
  shown: string,
  timeout: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer)
      comm.onclose = undefined
    }
    const timer = setTimeout(() => {
      done()
      comm.abort()
      reject(new TsumbaError(`nobody answered at ${shown} within ${timeout / 1000} s`, 'unreachable'))
    }, left)
    if (comm.closed) {
      clearTimeout(timer)
      reject(new TsumbaError(`the connection to ${shown} was given up`, 'unreachable'))
      return
    }
    comm.onclose = (error) => {
      done()
      reject(unreachable(shown, error.cause as (Error & { code?: string }) | undefined))
    }
    socket.once(event, () => {
      done()
      resolve()
    })
  })
}

function unreachable(shown: string, cause: (Error & { code?: string }) | undefined): TsumbaError {
  const code = cause?.code ?? ''
  const text = cause?.message ?? 'the connection ended'
  if (/wrong version number|packet length too long/i.test(text))
    return new TsumbaError(`${shown} does not speak TLS. Remedy: is it tcp://?`, 'tls', { cause })
  if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO/.test(code))
    return new TsumbaError(
      `${shown} and this side do not accept each other's certificates: ${text}. ` +
        'Remedy: all of ca, cert and key have to come from the one authority of the cluster',
      'tls',
      { cause },
    )
  return new TsumbaError(`${shown} cannot be reached: ${text}`, 'unreachable', { cause })
}

/** The other side took the connection and hung up, or said something else. */
function refused(target: Address, error: Error): TsumbaError {
  const shown = formatAddress(target)
  if (target.scheme === 'tls')
    return new TsumbaError(
      `${shown} ended the connection before it said hello: ${error.message}. ` +
        'Remedy: does your certificate come from the authority of the cluster?',
      'tls',
      { cause: error },
    )
  if (error instanceof CommClosedError && /did not answer/.test(error.message))
    return new TsumbaError(
      `${shown} took the connection and said nothing. Remedy: is it the port of a Dask scheduler, and not tls://?`,
      'not-dask',
      { cause: error },
    )
  return new TsumbaError(
    `${shown} is no Dask scheduler or worker, or wants TLS: ${error.message}. Remedy: is it another port, or tls://?`,
    'not-dask',
    { cause: error },
  )
}

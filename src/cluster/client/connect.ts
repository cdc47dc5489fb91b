/** Addresses of schedulers, and which of them may be talked to without TLS. */

import { TsumbaError } from '../../errors.ts'
import type { ConnectOptions } from '../backend.ts'

const DEFAULT_PORT = 8786
const FORM = /^(?:(tcp|tls):\/\/)?(\[[0-9a-f:.]+\]|[^\s/:[\]]+)(?::(\d{1,5}))?\/?$/i

/** `tcp://host:8786`, from what people write for it. */
export function addressOf(text: unknown, options: ConnectOptions): string {
  const parts = typeof text === 'string' ? FORM.exec(text.trim()) : null
  const port = Number(parts?.[3] ?? DEFAULT_PORT)
  if (parts === null || port < 1 || port > 65_535) {
    throw new TsumbaError(
      `"${String(text)}" is no address of a scheduler. Remedy: tcp://host:8786 or tls://host:8786, as the scheduler prints it.`,
      'address',
    )
  }
  const host = parts[2]!
  const scheme = parts[1]?.toLowerCase() ?? (options.tls === undefined ? 'tcp' : 'tls')
  if (scheme === 'tls' && options.tls === undefined) {
    throw new TsumbaError(
      `${text} needs certificates. Remedy: { tls: { ca, cert, key } }, the files that the scheduler trusts.`,
      'tls',
    )
  }
  if (scheme === 'tcp' && options.tls !== undefined) {
    throw new TsumbaError(
      `${text} is not encrypted, but certificates are given for it. Remedy: tls://${host}:${port}.`,
      'tls',
    )
  }
  if (scheme === 'tcp' && !isLoopback(host) && options.insecure !== true) {
    throw new TsumbaError(
      `${text} is another machine, without TLS: a graph of tasks is code, and whoever reaches that port can run it. ` +
        'Remedy: tls:// with { tls: { ca, cert, key } }; in a network of your own, { insecure: true }.',
      'insecure',
    )
  }
  return `${scheme}://${host}:${port}`
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || name === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name)
}

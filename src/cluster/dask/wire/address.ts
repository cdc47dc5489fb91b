/** Addresses as Dask writes them, and who may be spoken to without encryption. */

import { existsSync, readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { TsumbaError } from '../../../errors.ts'

export interface Address {
  readonly scheme: 'tcp' | 'tls'
  readonly host: string
  readonly port: number
}

/**
 * The certificates of one side, each the text of a PEM file or the path of one. Both sides show one: whoever holds a
 * certificate of this authority may run code on the cluster, and nobody else.
 */
export interface TlsOptions {
  /** The authority that signed everybody's certificate. */
  readonly ca: string | Uint8Array
  readonly cert: string | Uint8Array
  readonly key: string | Uint8Array
}

export interface Security {
  readonly tls?: TlsOptions | undefined
  /** Allows tcp to addresses that are not loopback: anybody on the way can then run code on the cluster. */
  readonly insecure?: boolean | undefined
}

/** `tls://host:8786`; a port that is missing is `port`, a scheme that is missing is tcp. */
export function parseAddress(text: string, port?: number): Address {
  const match = /^(?:([a-z]+):\/\/)?(\[[0-9a-fA-F:.%]+\]|[^:/\s[\]]*)(?::(\d{1,5}))?$/.exec(text)
  const scheme = match?.[1] ?? 'tcp'
  const number = match?.[3] === undefined ? port : Number(match[3])
  const host = match?.[2]?.replace(/^\[|\]$/g, '')
  if (!host || number === undefined || number > 65535 || (scheme !== 'tcp' && scheme !== 'tls'))
    throw new TsumbaError(
      `'${text}' is not the address of a scheduler or worker. Remedy: write tcp://HOST:PORT or tls://HOST:PORT`,
      'bad-address',
    )
  return { scheme, host, port: number }
}

export function formatAddress({ scheme, host, port }: Address): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(host)
}

/** Refuses what the user has not allowed, before a byte is sent. */
export function checkSecurity(address: Address, security: Security): void {
  const shown = formatAddress(address)
  if (address.scheme === 'tls' && security.tls === undefined)
    throw new TsumbaError(
      `${shown} needs certificates. Remedy: give tls: { ca, cert, key }, on the command line --tls-ca-file, --tls-cert and --tls-key`,
      'no-certificates',
    )
  if (address.scheme === 'tcp' && !isLoopback(address.host) && security.insecure !== true)
    throw new TsumbaError(
      `${shown} is neither encrypted nor on this machine: a graph is code, so anybody on the network between could run ` +
        'theirs. Remedy: use tls:// with certificates, or say insecure: true (--insecure) where the network itself is trusted',
      'insecure',
    )
}

export interface Certificates {
  readonly ca: string | Buffer
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

interface Read {
  readonly parts: Certificates
  readonly context: SecureContext
}

const read = new WeakMap<TlsOptions, Read>()

/** The certificates themselves, and the context of outgoing connections; files are read once. */
export function certificates(tls: TlsOptions): Read {
  const known = read.get(tls)
  if (known !== undefined) return known
  const parts = { ca: pem(tls.ca, 'ca'), cert: pem(tls.cert, 'cert'), key: pem(tls.key, 'key') }
  try {
    const made = { parts, context: createSecureContext(parts) }
    read.set(tls, made)
    return made
  } catch (error) {
    const text = (error as Error).message
    throw new TsumbaError(
      `the certificates cannot be used: ${text}. Remedy: ca and cert are PEM certificates, key is the key of cert`,
      'no-certificates',
      { cause: error },
    )
  }
}

function pem(value: string | Uint8Array, what: string): string | Buffer {
  if (typeof value !== 'string') return Buffer.from(value)
  if (value.includes('-----BEGIN')) return value
  if (existsSync(value)) return readFileSync(value)
  throw new TsumbaError(`tls.${what}: there is no file ${value}, and it is no PEM text either`, 'no-certificates')
}

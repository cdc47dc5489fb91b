/** An authority and certificates of it for tests of TLS, made by openssl; they are good for a day. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificates {
  readonly folder: string
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  remove(): void
}

/** Why there is no openssl here; undefined: there is. */
export function noOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'openssl is not on the path: no certificates for tests of TLS'
  }
}

/** Paths of PEM files: one authority, one certificate that serves either side. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'tsumba-tls-'))
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=tsumba-test-authority')
  run('req', ...key, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=tsumba-test')
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1']
  run('x509', '-req', '-in', 'request.pem', ...sign, '-out', 'cert.pem')
  return {
    folder,
    tls: { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

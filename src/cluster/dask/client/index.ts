/** What `Client.connect` needs of Dask. */

import type { Backend, ConnectOptions } from '../../backend.ts'
import { DaskBackend } from './backend.ts'

/**
 * A back end over a stock scheduler. Waits up to the timeout for one that is about to start.
 * @throws TsumbaError `unreachable`, `not-dask`, `tls`, `no-certificates`, `insecure`, `scheduler-version`
 */
export function connectDask(address: string, options: ConnectOptions = {}): Promise<Backend> {
  return DaskBackend.connect(address, options)
}

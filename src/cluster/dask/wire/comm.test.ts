import { createServer, connect as netConnect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Certificates, makeCertificates, noOpenssl } from '../../../../test/cluster/support/certificates.ts'
import { TsumbaError } from '../../../errors.ts'
import { fromWire, toWire } from '../values.ts'
import { parseAddress, type Security } from './address.ts'
import { Batch } from './batch.ts'
import { connect } from './connect.ts'
import { joined, type Message, Serialized } from './message.ts'
import { Pool } from './pool.ts'
import { NO_REPLY, Server, type ServerOptions } from './server.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

async function listen(options: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await Server.listen({ scheme: 'tcp', host: '127.0.0.1', handlers: {}, ...options })
  opened.push(server)
  return server
}

function pool(options: Security & { timeout?: number } = {}): Pool {
  const made = new Pool(options)
  opened.push(made)
  return made
}

/** A listener that is no peer of Dask's. */
async function stranger(greet: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  })
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

const big = Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 7) & 255)

async function exchange(server: Server, client: Pool, received: () => Serialized): Promise<void> {
  const value = new Serialized({ serializer: 'x' }, [big, big.subarray(1, 9)])
  expect(await client.call(server.address, { op: 'put', value })).toBe('OK')
  for (const frames of [received().frames, ((await client.call(server.address, { op: 'get' })) as Message)['value']]) {
    const list = frames instanceof Serialized ? frames.frames : (frames as Uint8Array[])
    expect(list.map((frame) => frame.length)).toEqual([big.length, 8])
    expect(Buffer.compare(list[0]!, big)).toBe(0)
  }
}

function keeper(): { handlers: ServerOptions['handlers']; value: () => Serialized } {
  let value: Serialized
  return {
    value: () => value,
    handlers: {
      put: (message) => {
        value = message['value'] as Serialized
        return 'OK'
      },
      get: () => ({ status: 'OK', value }),
      fail: () => {
        throw new RangeError('as asked')
      },
    },
  }
}

describe('remote calls', () => {
  it('carry values both ways and are answered in turn', async () => {
    const { handlers, value } = keeper()
    const server = await listen({ handlers: { ...handlers, echo: (message) => message['x'] } })
    const client = pool()
    await exchange(server, client, value)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, x) => client.call(server.address, { op: 'echo', x })),
    )
    expect(answers).toEqual(Array.from({ length: 50 }, (_, x) => x))
  })

  it('carry values in shared memory', async () => {
    const { handlers, value } = keeper()
    const server = await listen({ handlers, allocate: (bytes) => new SharedArrayBuffer(bytes) })
    const shared = new Uint8Array(new SharedArrayBuffer(big.length))
    shared.set(big)
    await pool().call(server.address, { op: 'put', value: new Serialized({}, [shared]) })
    const [region] = joined(value())
    expect(region!.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(Buffer.compare(new Uint8Array(region!.buffer), big)).toBe(0)
  })

  it('carry arrays over 4 GiB', { timeout: 120_000 }, async (ctx) => {
    if (!process.env['TSUMBA_TEST_LARGE']) return ctx.skip('takes 10 GB of memory: set TSUMBA_TEST_LARGE=1')
    const { handlers, value } = keeper()
    const server = await listen({ handlers })
    const large = new Float64Array(2 ** 29 + 5)
    for (let i = 0; i < large.length; i += 4096) large[i] = i
    large[large.length - 1] = -1
    await pool().call(server.address, { op: 'put', value: toWire(large) })
    const received = fromWire(value()) as Float64Array
    expect(received.length).toBe(large.length)
    for (let i = 0; i < large.length; i += 4096) if (received[i] !== i) expect(received[i]).toBe(i)
    expect(received.at(-1)).toBe(-1)
  })

  it('that fail say why', async () => {
    const server = await listen({ handlers: keeper().handlers })
    const client = pool()
    await expect(client.call(server.address, { op: 'fail' })).rejects.toThrow(/failed at 'fail': RangeError: as asked/)
    await expect(client.call(server.address, { op: 'missing' })).rejects.toThrow(/no handler for missing/)
    await expect(client.call(server.address, { op: 'constructor' })).rejects.toThrow(/no handler for constructor/)
  })

  it('end in time: when told, when the server ends, when the pool ends', async () => {
    const server = await listen({ handlers: { wait: () => new Promise(() => {}) } })
    const client = pool()
    const call = (options = {}) => client.call(server.address, { op: 'wait' }, options)
    await expect(call({ timeout: 50 })).rejects.toThrow(/did not answer 'wait' within 0.05 s/)
    const controller = new AbortController()
    const given = call({ signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(given).rejects.toThrow(/given up/)
    const [first, second] = [call(), call()]
    setTimeout(() => void server.close(), 50)
    await expect(first).rejects.toThrow(/ended/)
    await expect(second).rejects.toThrow(/ended/)
  })

  it('may have answers of their own and acknowledgements', async () => {
    let acknowledged: unknown
    const server = await listen({
      handlers: {
        get_data: async (_, comm) => {
          comm.write({ status: 'OK', data: {} })
          acknowledged = await comm.read()
          return NO_REPLY
        },
        ping: () => 'pong',
      },
    })
    const client = pool()
    await client.call(server.address, { op: 'get_data' }, { acknowledge: true })
    expect(await client.call(server.address, { op: 'ping' })).toBe('pong')
    expect(acknowledged).toBe('OK')
  })

  it('leave no connection behind', async () => {
    const server = await listen({ handlers: { ping: () => 'pong' } })
    const client = pool()
    await Promise.all(Array.from({ length: 10 }, () => client.call(server.address, { op: 'ping' })))
    client.close()
    await server.close()
    await expect(connect(server.address, { timeout: 1000 })).rejects.toMatchObject({ code: 'unreachable' })
  })
})

describe('streams', () => {
  it('go in lists and in order, and wait while the other side does not read', async () => {
    const seen: number[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const server = await listen({
      handlers: {
        stream: async (_, comm) => {
          await gate
          comm.listen((list) => seen.push(...(list as unknown as { n: number }[]).map(({ n }) => n)))
          await new Promise(() => {})
        },
      },
    })
    const comm = await connect(server.address)
    opened.push(comm)
    comm.write({ op: 'stream', reply: false })
    const batch = new Batch(comm)
    const filler = 'x'.repeat(50_000)
    for (let n = 0; n < 1000; n++) {
      batch.send({ n, filler })
      if (n % 10 === 0) await new Promise(setImmediate)
    }
    expect(batch.waiting).toBeGreaterThan(0)
    open()
    await batch.finish()
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1000)
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => n))
  })
})

describe('TLS', () => {
  const missing = noOpenssl()
  const made: Certificates[] = []
  const certificates = () => {
    const each = makeCertificates()
    made.push(each)
    return each.tls
  }
  afterEach(() => {
    for (const each of made.splice(0)) each.remove()
  })

  it('carries values both ways', async (ctx) => {
    if (missing) ctx.skip(missing)
    const tls = certificates()
    const { handlers, value } = keeper()
    const server = await listen({ scheme: 'tls', tls, handlers })
    expect(server.address).toMatch(/^tls:/)
    await exchange(server, pool({ tls }), value)
  })

  it('refuses certificates of another authority, and none', async (ctx) => {
    if (missing) ctx.skip(missing)
    const [tls, other] = [certificates(), certificates()]
    const server = await listen({ scheme: 'tls', tls, handlers: keeper().handlers })
    await expect(connect(server.address, { tls: other, timeout: 5000 })).rejects.toMatchObject({ code: 'tls' })
    // Trusts the server, but shows a certificate of its own.
    const mixed = { ca: tls.ca, cert: other.cert, key: other.key }
    await expect(connect(server.address, { tls: mixed, timeout: 5000 })).rejects.toMatchObject({ code: 'tls' })
    await expect(connect(server.address)).rejects.toMatchObject({ code: 'no-certificates' })
    await expect(connect(server.address, { tls: { ...tls, key: other.key } })).rejects.toMatchObject({
      code: 'no-certificates',
    })
    await expect(connect(server.address, { tls: { ...tls, ca: '/no/such/file' } })).rejects.toThrow(/no file/)
  })

  it('and tcp are told apart', async (ctx) => {
    if (missing) ctx.skip(missing)
    const tls = certificates()
    const secure = await listen({ scheme: 'tls', tls, handlers: {} })
    const open = await listen()
    const [asTcp, asTls] = [secure.address.replace('tls', 'tcp'), open.address.replace('tcp', 'tls')]
    await expect(connect(asTcp, { timeout: 5000 })).rejects.toThrow(/is no Dask scheduler.*tls:\/\//s)
    await expect(connect(asTls, { tls, timeout: 5000 })).rejects.toThrow(/does not speak TLS.*tcp/s)
  })
})

describe('addresses', () => {
  it('are read with their scheme, and refused without sense', () => {
    expect(parseAddress('tcp://h:1')).toEqual({ scheme: 'tcp', host: 'h', port: 1 })
    expect(parseAddress('h', 8786)).toEqual({ scheme: 'tcp', host: 'h', port: 8786 })
    expect(parseAddress('tls://[::1]:2')).toEqual({ scheme: 'tls', host: '::1', port: 2 })
    for (const text of ['', 'h', 'tcp://h', 'http://h:1', 'tcp://h:99999', 'tcp://a b:1', '::1:5'])
      expect(() => parseAddress(text)).toThrow(/is not the address/)
  })

  it('off this machine want encryption or a word', async () => {
    await expect(connect('tcp://192.0.2.1:8786')).rejects.toMatchObject({ code: 'insecure' })
    await expect(Server.listen({ scheme: 'tcp', host: '0.0.0.0', handlers: {} })).rejects.toMatchObject({
      code: 'insecure',
    })
  })

  it('where nobody or a stranger listens are told in time', async () => {
    const silent = await stranger(() => {})
    await expect(connect(`tcp://${silent}`, { timeout: 200 })).rejects.toMatchObject({ code: 'not-dask' })
    const http = await stranger((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
    await expect(connect(`tcp://${http}`, { timeout: 2000 })).rejects.toThrow(/is no Dask scheduler/)
    const started = Date.now()
    await expect(connect('tcp://127.0.0.1:1', { timeout: 300, retry: true })).rejects.toMatchObject({
      code: 'unreachable',
    })
    expect(Date.now() - started).toBeLessThan(2000)
  })

  it('are given up when told', async () => {
    const silent = await stranger(() => {})
    for (const address of [`tcp://${silent}`, 'tcp://127.0.0.1:1']) {
      const controller = new AbortController()
      const attempt = connect(address, { timeout: 20_000, retry: true, signal: controller.signal })
      setTimeout(() => controller.abort(), 100)
      const started = Date.now()
      await expect(attempt).rejects.toThrow(TsumbaError)
      expect(Date.now() - started).toBeLessThan(2000)
      await expect(connect(address, { signal: controller.signal })).rejects.toThrow(/given up|cannot be reached/)
    }
  })

  it('whose server starts later are found', async () => {
    const { address, close } = await listenOnce()
    await close()
    const comm = connect(address, { timeout: 5000, retry: true })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await listen({ port: parseAddress(address).port })
    opened.push(await comm)
  })
})

async function listenOnce(): Promise<{ address: string; close(): Promise<void> }> {
  const server = await Server.listen({ scheme: 'tcp', host: '127.0.0.1', handlers: {} })
  return { address: server.address, close: () => server.close() }
}

describe('a server', () => {
  it('survives strangers and peers that break off', async () => {
    const errors: Error[] = []
    const server = await listen({ handlers: keeper().handlers, onerror: (error) => errors.push(error) })
    const { port } = parseAddress(server.address)
    const socket = netConnect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(() => errors.map((error) => error.message).join()).toMatch(/not in the form of Dask/)
    const comm = await connect(server.address)
    comm.abort()
    await expect(pool().call(server.address, { op: 'fail' })).rejects.toThrow(/as asked/)
  })
})

import { describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import { addressOf, isLoopback } from './connect.ts'

const tls = { ca: 'a', cert: 'b', key: 'c' }
const codeOf = (text: unknown, options = {}) => {
  try {
    return addressOf(text, options)
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('an address', () => {
  it('is completed', () => {
    expect(addressOf('127.0.0.1', {})).toBe('tcp://127.0.0.1:8786')
    expect(addressOf(' tcp://localhost:99/ ', {})).toBe('tcp://localhost:99')
    expect(addressOf('scheduler', { tls })).toBe('tls://scheduler:8786')
    expect(addressOf('tcp://[::1]:80', {})).toBe('tcp://[::1]:80')
  })

  it('has to be one', () => {
    for (const text of ['', 'http://a:1', 'tcp://', 'a:b', 'a:70000', 'a:0', 'tcp://a b:1', undefined, 5, 'a/b']) {
      expect(codeOf(text, { insecure: true }), String(text)).toBe('address')
    }
  })

  it('of another machine needs TLS, unless told', () => {
    expect(codeOf('tcp://10.0.0.1:8786')).toBe('insecure')
    expect(codeOf('tcp://127.0.0.1.evil.example:8786')).toBe('insecure')
    expect(codeOf('tcp://10.0.0.1:8786', { insecure: true })).toBe('tcp://10.0.0.1:8786')
    expect(codeOf('tls://10.0.0.1:8786')).toBe('tls')
    expect(codeOf('tls://10.0.0.1:8786', { tls })).toBe('tls://10.0.0.1:8786')
    expect(codeOf('tcp://10.0.0.1:8786', { tls })).toBe('tls')
  })

  it('where nobody listens is an error within the timeout', async () => {
    const start = performance.now()
    const error: unknown = await Client.connect('tcp://127.0.0.1:1', { timeout: 1 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'TsumbaError', code: 'unreachable' })
    expect((error as Error).message).toContain('127.0.0.1:1')
    expect(performance.now() - start).toBeLessThan(20_000)
    await expect(Client.connect('nowhere at all')).rejects.toMatchObject({ code: 'address' })
    await expect(Client.connect('127.0.0.1', { timeout: -1 })).rejects.toThrow(/number of seconds/)
  })

  it.each(['127.0.0.1', '127.8.8.8', 'localhost', '[::1]', '::1', '[::ffff:127.0.0.1]'])(
    '%s is this machine',
    (host) => {
      expect(isLoopback(host)).toBe(true)
    },
  )
})

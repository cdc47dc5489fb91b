import { describe, expect, it } from 'vitest'
import { BoundsError, TsumbaError } from '../../errors.ts'
import { errorOf, KilledWorker } from './errors.ts'

const failure = (name: string, more: object = {}) => ({ name, message: 'no good', stack: 'at f (x.ts:1:2)', ...more })

describe('the error of a task', () => {
  it('is of the class that was thrown, with its text, stack and place', () => {
    const error = errorOf(failure('RangeError', { worker: 'tcp://a:1' }), 'f-1')
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ name: 'RangeError', message: 'no good', worker: 'tcp://a:1', key: 'f-1' })
    expect(error.stack).toBe('at f (x.ts:1:2)')
    expect(errorOf(failure('BoundsError'), 'f')).toBeInstanceOf(BoundsError)
  })

  it('keeps the name of a class that is not here', () => {
    const error = errorOf(failure('HeatError'), 'f')
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('HeatError: no good')
    expect(errorOf(failure('constructor'), 'f').name).toBe('constructor')
  })

  it('has its causes', () => {
    const error = errorOf(failure('Error', { cause: failure('TypeError') }), 'f')
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  it("is tsumba's own where a code says so", () => {
    const error = errorOf(failure('TsumbaError', { code: 'value' }), 'f')
    expect(error).toBeInstanceOf(TsumbaError)
    expect(error).toMatchObject({ code: 'value', message: 'no good' })
  })

  it('names the task that killed its workers', () => {
    const killed = errorOf(failure('KilledWorker', { code: 'killed-worker', worker: 'w' }), 'poison-7')
    expect(killed).toBeInstanceOf(KilledWorker)
    expect(killed).toMatchObject({ name: 'KilledWorker', code: 'killed-worker', key: 'poison-7', worker: 'w' })
    expect(killed.message).toContain('poison-7')
  })
})

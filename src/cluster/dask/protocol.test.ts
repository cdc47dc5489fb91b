import { describe, expect, it } from 'vitest'
import type { Task, TaskOptions } from '../task.ts'
import { encode } from '../travel/values.ts'
import { exceptionOf, failureOf } from './failures.ts'
import { checkVersion, runMessage, updateGraph, workOf } from './protocol.ts'
import { Pickled, type Serialized } from './wire/message.ts'
import { Call, Global } from './wire/pickle.ts'
import { unpickle } from './wire/pickle-read.ts'
import { pickle } from './wire/pickle-write.ts'

const fn = { id: 'f1', name: 'f', bytes: Buffer.from('x => x'.repeat(1000)) }
const task = (key: string, options: TaskOptions, dependencies: string[] = []): Task => ({
  key,
  fn,
  args: encode([key, new Float64Array([1, 2])]),
  dependencies,
  options,
})

function graphOf(message: Record<string, unknown>): { graph: Map<string, Call>; attributes: Map<string, Call> } {
  const [, graph, , attributes] = (unpickle((message['expr_ser'] as Serialized).frames[0]!) as Call).args
  return { graph: graph as Map<string, Call>, attributes: attributes as Map<string, Call> }
}

describe('graphs', () => {
  it('hold what our workers find and Python’s refuse', () => {
    const options = {}
    const message = updateGraph({ tasks: [task('a', options), task('b', options, ['a'])], wanted: ['b'], mixed: false })
    const { graph, attributes } = graphOf(message)
    expect([...graph.keys()]).toEqual(['a', 'b'])
    expect(String(graph.get('a')!.args[1])).toBe('builtins.__import__')
    expect(graph.get('b')!.args.at(-1)).toEqual(new Call(new Global('dask._task_spec', 'TaskRef'), ['a']))
    expect(attributes.size).toBe(0)
    const work = workOf(new Pickled(pickle(graph.get('b'))))!
    expect(work.fn).toEqual({ ...fn, bytes: expect.anything() })
    expect(Buffer.from(work.fn.bytes)).toEqual(Buffer.from(fn.bytes))
    expect(work.args.nbytes).toBe(task('b', options).args.nbytes)
    expect(work.args.frames.map((frame) => [...frame])).toEqual(
      task('b', options).args.frames.map((frame) => [...frame]),
    )
    expect(workOf(new Pickled(pickle(new Call(new Global('operator', 'add'), [1, 2]))))).toBeUndefined()
    // The function's text is there once.
    expect((message['expr_ser'] as Serialized).nbytes).toBeLessThan(fn.bytes.length * 1.5)
  })

  it('carry the options of all tasks once, and of single ones by their keys', () => {
    const all = { retries: 2, priority: 3, workers: ['w'], allowOtherWorkers: true, resources: { GPU: 1 } }
    const same = updateGraph({ tasks: [task('a', all), task('b', all)], wanted: ['b'], mixed: true })
    expect(same['annotations']).toEqual({
      retries: 2,
      priority: 3,
      workers: ['w'],
      allow_other_workers: true,
      resources: { GPU: 1, tsumba: 0 },
    })
    const mixed = updateGraph({ tasks: [task('a', { retries: 1 }), task('b', {})], wanted: ['b'], mixed: false })
    expect(mixed['annotations']).toEqual({})
    const { attributes } = graphOf(mixed)
    expect(attributes.get('__dask_annotations__')!.args[1]).toEqual(new Map([['retries', new Map([['a', 1]])]]))
  })

  it('go to workers as calls too', () => {
    const message = runMessage({ fn, args: encode([1]) })
    expect(workOf(message['args'])!.fn.id).toBe('f1')
  })
})

describe('versions', () => {
  const answer = (distributed: unknown) => ({ packages: { distributed } })
  it('before 2025.4.0 are refused', () => {
    for (const good of ['2025.4.0', '2025.4.1', '2025.10.0', '2026.1.0', '2026.8.0', '2025.4.0+12.gabc'])
      expect(checkVersion('tcp://h:1', answer(good))).toBe(good)
    for (const bad of ['2025.3.1', '2024.12.1', '2.30.1', '1.28.1'])
      expect(() => checkVersion('tcp://h:1', answer(bad))).toThrow(/tcp:\/\/h:1 runs distributed .*Remedy/)
    expect(() => checkVersion('tcp://h:1', answer(undefined))).toThrow(/does not say which version/)
    expect(() => checkVersion('tcp://h:1', null)).toThrow(/does not say which version/)
  })
})

describe('failures', () => {
  it('of ours come back as they were', () => {
    const failure = {
      name: 'RangeError',
      message: 'out',
      stack: 'RangeError: out\n at f',
      worker: 'w1',
      cause: undefined,
    }
    expect(failureOf({ exception: exceptionOf(failure) })).toEqual({
      name: 'RangeError',
      message: 'out',
      stack: failure.stack,
      worker: 'w1',
    })
  })

  it('of Python are read by their class and arguments', () => {
    const of = (name: string, ...args: unknown[]) => pickle(new Call(new Global('builtins', name), args))
    expect(failureOf({ exception: of('ValueError', 'bad value') })).toMatchObject({
      name: 'ValueError',
      message: 'bad value',
    })
    expect(failureOf({ exception: of('KeyError', 'k', 2) })).toMatchObject({ message: "'k', 2" })
    const killed = pickle(
      new Call(new Global('distributed.scheduler', 'KilledWorker'), ['task-1', { address: 'tcp://w:1' }, 3]),
    )
    expect(failureOf({ exception: killed })).toMatchObject({
      name: 'KilledWorker',
      code: 'killed-worker',
      worker: 'tcp://w:1',
      message: expect.stringMatching(/'task-1' was given to 4 workers.*tcp:\/\/w:1/),
    })
    expect(
      failureOf({ exception: of('ModuleNotFoundError', "No module named 'tsumba: runs only on a tsumba worker'") }),
    ).toMatchObject({
      code: 'python-worker',
    })
  })

  it('that cannot be read have a text all the same', () => {
    const exception = Buffer.from('no pickle')
    expect(failureOf({ exception, exception_text: 'Odd(1)', traceback_text: 'at x' })).toMatchObject({
      message: 'Odd(1)',
      stack: 'at x',
    })
    expect(failureOf({ exception: null }).message).toMatch(/cannot be read here/)
  })
})

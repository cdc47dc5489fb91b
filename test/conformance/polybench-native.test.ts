/** What holds C's and Numba's results of PolyBench against ours: it must see a single wrong bit. */

import { describe, expect, it } from 'vitest'
import { difference, dumped, parseDump } from '../../bench/polybench/native/agree.ts'
import { Conversation } from '../../bench/polybench/native/conversation.ts'

describe('the dump of a C program', () => {
  it('is read array by array, with every digit', () => {
    const text =
      '==BEGIN DUMP_ARRAYS==\nbegin dump: x\n 0.10000000000000001  -0 \n inf  -nan \nend   dump: x\n' +
      'begin dump: path 3 \n 999 \nend   dump: path\n==END   DUMP_ARRAYS==\n'
    expect(parseDump(text)).toEqual([
      { name: 'x', values: [0.1, -0, Infinity, NaN] },
      { name: 'path', values: [3, 999] },
    ])
  })

  it('is refused where something else than a number stands in it', () => {
    expect(() => parseDump('begin dump: x 1 oops \nend   dump: x')).toThrow('oops')
  })

  it('has only a triangle of what cholesky and nussinov compute', () => {
    const square = Float64Array.of(1, 2, 3, 4)
    expect(Array.from(dumped('cholesky', square))).toEqual([1, 3, 4])
    expect(Array.from(dumped('nussinov', square))).toEqual([1, 2, 4])
    expect(Array.from(dumped('lu', square))).toEqual([1, 2, 3, 4])
  })
})

describe('a difference', () => {
  const ours = [Float64Array.of(1, NaN), Float64Array.of(0)]

  it('is none where the bits are the same; NaNs are', () => {
    expect(difference([[1, NaN], [0]], ours)).toBeUndefined()
  })

  it('is one in the last bit, in the sign of zero, in length', () => {
    expect(difference([[1 + Number.EPSILON, NaN], [0]], ours)).toMatch(/^1 of 3 elements differ; element 0 of array 0/)
    expect(difference([[1, NaN], [-0]], ours)).toMatch(/^1 of 3 elements differ; element 0 of array 1/)
    expect(difference([[1, NaN, 2], [0]], ours)).toMatch(/3 elements/)
    expect(difference([[1, NaN]], ours)).toMatch(/1 arrays/)
  })
})

describe('a conversation with a process', () => {
  it('goes line by line', async () => {
    const echo = "process.stdin.on('data', (d) => process.stdout.write('got ' + d + '.' + String.fromCharCode(10)))"
    const process = new Conversation(globalThis.process.execPath, ['-e', echo])
    try {
      expect(await process.ask('1')).toEqual(['got 1'])
      expect(await process.ask('2')).toEqual(['got 2'])
    } finally {
      process.close()
    }
  })

  it('ends with what the process said last', async () => {
    const failing = new Conversation(process.execPath, ['-e', "console.error('no such kernel'); process.exit(1)"])
    await expect(failing.ask('1')).rejects.toThrow('no such kernel')
    await expect(failing.ask('2')).rejects.toThrow('no such kernel')
    const missing = new Conversation('/nonexistent/program')
    await expect(missing.ask('1')).rejects.toThrow('ENOENT')
  })
})

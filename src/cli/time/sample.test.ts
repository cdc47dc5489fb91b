import { describe, expect, it } from 'vitest'
import { sample } from './sample.ts'

const spin = (ms: number) => () => {
  for (const start = performance.now(); performance.now() - start < ms; );
}

describe('sample', () => {
  it('times calls in runs of a power of ten that takes 0.2 s', async () => {
    const [quick, slow] = await sample([spin(5), spin(250)], 3)
    // 100 where nothing else keeps the machine busy.
    expect(quick!.loops === 10 || quick!.loops === 100).toBe(true)
    expect(slow).toMatchObject({ runs: 3, loops: 1 })
    for (const [times, ms] of [
      [quick!, 5],
      [slow!, 250],
    ] as const) {
      expect(times.allMs).toHaveLength(3)
      expect(times.bestMs).toBeGreaterThanOrEqual(ms)
      expect(times.medianMs).toBeGreaterThanOrEqual(times.bestMs)
      expect(times.worstMs).toBeGreaterThanOrEqual(times.medianMs)
    }
  })

  it('takes turns, and lets the event loop have its own between batches', async () => {
    const order: string[] = []
    let turns = 0
    const beat = setInterval(() => turns++, 0)
    const noting = (name: string) => () => {
      if (order.at(-1) !== name) order.push(name)
      spin(30)()
    }
    await sample([noting('a'), noting('b')], 2)
    clearInterval(beat)
    // Ranging a, ranging b; run one a, b; run two b first.
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a'])
    expect(turns).toBeGreaterThan(20)
  })
})

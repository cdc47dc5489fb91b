import { defineConfig } from 'vitest/config'
import SkipReasons from './test/house/reporter.ts'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/capture/fixtures/**'],
    // Processes, not threads: kernels start worker threads of their own and grow a shared memory.
    pool: 'forks',
    // Kernels under test are small, and their parallel loops are to run on many threads all the same.
    env: { TSUMBA_GRAIN: '0' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    allowOnly: false,
    globalSetup: './test/house/build.ts',
    reporters: ['default', new SkipReasons()],
  },
})

import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'

/**
 * Closes a run with every skipped test and why it was skipped, and one line of counts. A test that gives no reason
 * (`ctx.skip('no GPU here')`) fails the run: a skip that nobody explains is a test that nobody misses.
 */
export default class SkipReasons implements Reporter {
  private filtered = false

  onInit(vitest: Vitest): void {
    this.filtered = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0)
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    const skipped = inState('skipped')
    // With -t, vitest reports every test that the pattern leaves out as skipped.
    if (!this.filtered) this.listSkipped(skipped)
    for (const module of broken) console.log(`failed to load: ${module.moduleId}`)
    const failed = inState('failed').length + broken.length
    console.log(`\n${inState('passed').length} passed, ${failed} failed, ${skipped.length} skipped`)
  }

  private listSkipped(skipped: readonly TestCase[]): void {
    if (skipped.length > 0) console.log('\nSkipped, and why:')
    for (const test of skipped) {
      const result = test.result()
      const reason = result.state === 'skipped' ? result.note : undefined
      console.log(`  ${test.module.relativeModuleId} > ${test.fullName}: ${reason ?? 'NO REASON GIVEN'}`)
      if (reason === undefined) process.exitCode = 1
    }
  }
}

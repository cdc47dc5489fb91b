#!/usr/bin/env node
/** The command line: each command has its folder, its options and its help. */

import { PACKAGE } from '../types.ts'
import { compare } from './compare/command.ts'
import { explain } from './explain/command.ts'
import { packageVersion } from './packageFiles.ts'
import { time } from './time/command.ts'
import { UsageError } from './usage.ts'
import { worker } from './worker/command.ts'

const COMMANDS: Record<string, { run(argv: readonly string[]): Promise<number>; about: string }> = {
  compare: { run: compare, about: 'run the example programs plain and compiled, check the answers, show the times' },
  time: { run: time, about: 'time a function of yours, plain and compiled, and check that the results agree' },
  explain: { run: explain, about: 'say what becomes of each loop of a function of yours, and why' },
  worker: { run: worker, about: 'join a Dask scheduler and run tasks for it' },
}

const help = (): string => `Usage: ${PACKAGE} <command> [options]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}

  --help       show this text, or after a command its own
  --version    show the version
`

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(help())
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    process.stdout.write(`${packageVersion()}\n`)
    return 0
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(`There is no command '${name}'. Remedy: choose from ${Object.keys(COMMANDS).join(', ')}.`)
  }
  return COMMANDS[name]!.run(rest)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${PACKAGE}: ${error.message}\n`)
  process.exitCode = 2
}

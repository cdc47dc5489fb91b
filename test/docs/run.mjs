/** Runs modules one after another in this process; prints, as JSON, what each of them wrote with console.log or error. */

import { format } from 'node:util'

const print = console.log
const printed = []
for (const file of process.argv.slice(2)) {
  const lines = []
  console.log = (...values) => lines.push(...format(...values).split('\n'))
  console.error = console.log
  try {
    await import(file)
  } catch (error) {
    lines.push(...`uncaught: ${error?.stack ?? error}`.split('\n'))
  }
  printed.push(lines)
}
print(JSON.stringify(printed))

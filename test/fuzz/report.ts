/** A difference in words: enough to reproduce it, and the file that keeps it from coming back. */

import { inputText, isArray, valueText } from './inputs.ts'
import type { Case, Difference, Ending } from './verdict.ts'

export function describe(program: Case, difference: Difference, origin: string): string {
  const { execution, expected, actual, module } = difference
  return [
    `${execution} differs (${origin})`,
    '',
    program.functions.join('\n'),
    '',
    ...program.inputs.map((input, k) => `argument ${k}: ${inputText(input)}`),
    '',
    ...optionsText(program).map((text) => `options: ${text}\n`),
    `expected: ${endingText(expected)}`,
    `     got: ${endingText(actual)}`,
    '',
    module,
    '',
    'As a regression test:',
    regressionText(program, execution),
  ].join('\n')
}

export function endingText({ outcome, args }: Ending): string {
  const after = args.flatMap((arg, k) => (isArray(arg) ? [`\n          argument ${k}: ${valueText(arg)}`] : []))
  return outcomeText(outcome) + after.join('')
}

function outcomeText(outcome: Ending['outcome']): string {
  switch (outcome.kind) {
    case 'value':
      return `returns ${valueText(outcome.value)}`
    case 'failure':
      return `fails: ${outcome.code}${outcome.index === undefined ? '' : ` ${outcome.index}`}`
    case 'endless':
      return 'does not end'
    case 'broken':
      return `throws ${outcome.error instanceof Error ? outcome.error.stack : String(outcome.error)}`
    default:
      return outcome satisfies never
  }
}

const optionsText = ({ options }: Case): string[] => {
  const on = Object.entries(options ?? {}).filter(([, value]) => value && String(value) !== '')
  const text = (value: unknown) => (Array.isArray(value) ? `[${value.map((v) => `'${v}'`).join(', ')}]` : String(value))
  return on.length > 0 ? [`{ ${on.map(([name, value]) => `${name}: ${text(value)}`).join(', ')} }`] : []
}

/** What a file of regressions/ holds. */
export function regressionText(program: Case, why: string): string {
  const functions = program.functions.map((text) => `    \`${text.split('\n').join('\n    ')}\`,`)
  return [
    "import type { Regression } from '../regression.ts'",
    '',
    'export default {',
    `  why: ${JSON.stringify(why)},`,
    '  functions: [',
    ...functions,
    '  ],',
    '  inputs: [',
    ...program.inputs.map((input) => `    ${inputText(input)},`),
    '  ],',
    ...optionsText(program).map((text) => `  options: ${text},`),
    '} satisfies Regression',
  ].join('\n')
}

/** What JavaScript has and kernels have not: why, and what to write instead. */

import type { Expression, Statement } from 'acorn'

export interface Refusal {
  readonly reason: string
  readonly remedy: string
}

const CLOSURE: Refusal = {
  reason: 'A function made inside the kernel cannot be compiled.',
  remedy:
    'Move it out of the kernel, to the top of the module, and pass what it uses as arguments: the call is compiled too.',
}
const CLASS: Refusal = {
  reason: 'Kernels have no classes.',
  remedy: 'Keep the numbers in variables and typed arrays, and move methods out of the kernel as plain functions.',
}
const STRING: Refusal = {
  reason: 'Kernels have no strings.',
  remedy: 'Let a number or a boolean stand for it; put texts together outside the kernel.',
}
const AWAIT: Refusal = {
  reason: 'A kernel computes without waiting.',
  remedy: 'Await outside the kernel and pass the result as an argument.',
}
const OBJECT: Refusal = {
  reason: 'Kernels have no objects of their own.',
  remedy: 'Use one variable a property, or typed arrays; to give several results, write them into an array argument.',
}

export type RefusedExpression =
  | 'ThisExpression'
  | 'ArrayExpression'
  | 'ObjectExpression'
  | 'FunctionExpression'
  | 'ArrowFunctionExpression'
  | 'YieldExpression'
  | 'TemplateLiteral'
  | 'TaggedTemplateExpression'
  | 'ClassExpression'
  | 'MetaProperty'
  | 'AwaitExpression'
  | 'ChainExpression'
  | 'ImportExpression'

export const EXPRESSIONS: Readonly<Record<RefusedExpression, Refusal>> & {
  readonly [K in Exclude<Expression['type'], RefusedExpression>]?: never
} = {
  ThisExpression: {
    reason: '`this` is not available inside a kernel.',
    remedy: 'Pass the values that you need as arguments.',
  },
  ArrayExpression: {
    reason: 'Array literals are not available inside a kernel.',
    remedy: 'Use separate variables, or a typed array: new Float64Array(n), then a[0] = …',
  },
  ObjectExpression: OBJECT,
  FunctionExpression: CLOSURE,
  ArrowFunctionExpression: CLOSURE,
  YieldExpression: {
    reason: 'A generator cannot be compiled.',
    remedy: 'Write the results into an array that the function returns.',
  },
  TemplateLiteral: STRING,
  TaggedTemplateExpression: STRING,
  ClassExpression: CLASS,
  MetaProperty: {
    reason: '`new.target` and `import.meta` are not available inside a kernel.',
    remedy: 'Pass the values that you need as arguments.',
  },
  AwaitExpression: AWAIT,
  ChainExpression: {
    reason: 'Optional chaining (?.) is not available: kernels have no null and no objects.',
    remedy: 'Write the access without ?, and check before the kernel that the value is there.',
  },
  ImportExpression: {
    reason: 'A kernel cannot import.',
    remedy: 'Import at the top of the module; kernels may call the imported functions.',
  },
}

export type RefusedStatement =
  | 'SwitchStatement'
  | 'ThrowStatement'
  | 'TryStatement'
  | 'WithStatement'
  | 'ForInStatement'
  | 'FunctionDeclaration'
  | 'ClassDeclaration'

export const STATEMENTS: Readonly<Record<RefusedStatement, Refusal>> & {
  readonly [K in Exclude<Statement['type'], RefusedStatement>]?: never
} = {
  SwitchStatement: {
    reason: '`switch` is not available inside a kernel.',
    remedy: 'Write if (x === 0) { … } else if (x === 1) { … } else { … }.',
  },
  ThrowStatement: {
    reason: 'A kernel cannot throw.',
    remedy: 'Check before the call, or return a number (such as -1 or NaN) that says what went wrong.',
  },
  TryStatement: {
    reason: 'A kernel cannot catch errors.',
    remedy: 'Put the try around the call of the compiled function.',
  },
  WithStatement: { reason: '`with` is not available inside a kernel.', remedy: 'Write the names out.' },
  ForInStatement: {
    reason: '`for…in` is not available inside a kernel.',
    remedy: 'Write for (let i = 0; i < a.length; i++) { … a[i] … }.',
  },
  FunctionDeclaration: CLOSURE,
  ClassDeclaration: CLASS,
}

/** What compilers for ES5 make of for…of. */
export const LOWERED_FOR_OF: Refusal = {
  reason: 'This for…of loop was rewritten into try and iterator calls by a compiler that targets ES5.',
  remedy: 'Compile with a target of ES2015 or later ("target": "es2022").',
}

export const FOR_OF: Refusal = {
  reason: 'for…of runs over prange(…) alone inside a kernel.',
  remedy: 'Use an index: for (let i = 0; i < a.length; i++) { … a[i] … }, or for (const i of prange(a.length)).',
}

export const DESTRUCTURING: Refusal = {
  reason: 'Destructuring is not available inside a kernel.',
  remedy: 'Declare and assign each variable by itself: const a = x[0]; const b = x[1].',
}

export const SPREAD: Refusal = {
  reason: 'Spreading (…x) is not available inside a kernel.',
  remedy: 'Write a loop over the elements, such as: for (let i = 0; i < x.length; i++) m = Math.max(m, x[i]).',
}

export const LITERALS: Readonly<Record<'string' | 'regex' | 'bigint' | 'null', Refusal>> = {
  string: STRING,
  regex: { reason: 'Kernels have no regular expressions.', remedy: 'Match outside the kernel and pass numbers in.' },
  bigint: {
    reason: 'BigInt is not available inside a kernel.',
    remedy: 'Use numbers: integers are exact up to 2^53.',
  },
  null: {
    reason: 'Kernels have no null.',
    remedy: 'Use NaN or a number such as -1 for "nothing"; an argument left out is undefined.',
  },
}

const OPERATORS: Readonly<Record<string, Refusal>> = {
  typeof: {
    reason: '`typeof` is not available: a kernel is compiled anew for each combination of argument types.',
    remedy: 'Leave the test out, or make it before the call.',
  },
  delete: { reason: '`delete` is not available inside a kernel.', remedy: 'Assign 0 or NaN to the element instead.' },
  in: {
    reason: '`in` is not available inside a kernel.',
    remedy: 'To test an index, write i >= 0 && i < a.length.',
  },
  instanceof: {
    reason: '`instanceof` is not available: a kernel is compiled anew for each combination of argument types.',
    remedy: 'Leave the test out, or make it before the call.',
  },
}

export const operatorRefusal = (operator: string): Refusal =>
  OPERATORS[operator] ?? { reason: `\`${operator}\` is not available inside a kernel.`, remedy: 'Write it otherwise.' }

const LOOP = 'Write the loop: for (let i = 0; i < a.length; i++) { … a[i] … }.'

const METHODS: Readonly<Record<string, string>> = {
  fill: 'Write the loop: for (let i = 0; i < a.length; i++) a[i] = value. A new array is all zeros already.',
  set: 'Write the loop: for (let i = 0; i < b.length; i++) a[i + offset] = b[i].',
  slice: 'Make a new array, new Float64Array(n), and copy in a loop.',
  subarray: 'Use the array itself with an offset, a[offset + i], or pass the subarray as an argument.',
  at: 'Write a[i], or a[a.length - i] from the end.',
  sort: 'Sort before or after the kernel, or write the sort as loops.',
  push: 'Typed arrays have a fixed length: count first, then new Float64Array(count) and a[k++] = value.',
  pop: 'Typed arrays have a fixed length: keep the number of elements in a variable.',
  call: 'Call the function itself: f(x).',
  apply: 'Call the function itself: f(x).',
  bind: 'Call the function itself: f(x).',
  toFixed: 'Format the result outside the kernel.',
  toString: 'Format the result outside the kernel.',
}
const LOOPS = ['map', 'forEach', 'reduce', 'reduceRight', 'filter', 'find', 'findIndex', 'findLast', 'some', 'every']
const MORE_LOOPS = ['indexOf', 'lastIndexOf', 'includes', 'copyWithin', 'reverse', 'join', 'entries', 'keys', 'values']
const loops = new Set([...LOOPS, ...MORE_LOOPS])

export const methodRefusal = (name: string): Refusal => ({
  reason: `The method \`.${name}()\` is not available inside a kernel.`,
  remedy:
    METHODS[name] ?? (loops.has(name) ? LOOP : 'Write what it computes as a plain function, f(x), and call that.'),
})

export const propertyRefusal = (name: string): Refusal => ({
  reason: `The property \`.${name}\` is not available inside a kernel: arrays have .length and [index].`,
  remedy: 'Pass its value as an argument.',
})

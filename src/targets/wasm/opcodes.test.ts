import { expect, it } from 'vitest'
import { Code } from './code.ts'
import { type Callee, encode } from './encode.ts'
import { MNEMONICS, type Opcode } from './opcodes.ts'

/** After `unreachable` the stack has whatever an instruction wants, so each can be validated alone. */
function isValid(mnemonic: string, o: Opcode): boolean {
  const callee: Callee = { name: 'f', signature: { params: ['i32'], results: [] } }
  const code = new Code(callee.signature)
  code.op('unreachable')
  switch (o.immediate) {
    case 'memory':
      code.memory(mnemonic, 8)
      break
    case 'laneMemory':
      code.laneMemory(mnemonic, 8, 1)
      break
    case 'lane':
      code.lane(mnemonic, 1)
      break
    case 'lanes':
      code.shuffle(Array.from({ length: 16 }, (_, k) => 2 * k))
      break
    default:
      code.op(mnemonic)
  }
  code.op('unreachable')
  return WebAssembly.validate(
    encode({ name: 'm', imports: [], functions: [code.finish(callee)], globals: [] }) as Uint8Array<ArrayBuffer>,
  )
}

/** Written by methods of their own, which every other test uses. */
const OWN = ['block', 'u32', 'i32', 'i64', 'f32', 'f64', 'v128']

it('every instruction has a number of its own, which the engine knows with its immediate', () => {
  const numbers = new Set<string>()
  for (const [mnemonic, o] of MNEMONICS) {
    expect(numbers, mnemonic).not.toContain(`${o.prefix} ${o.code}`)
    numbers.add(`${o.prefix} ${o.code}`)
    // Relaxed SIMD is an option of later engines; `else` and `end` stand within a block only.
    if (mnemonic.includes('relaxed') || mnemonic === 'else' || mnemonic === 'end' || OWN.includes(o.immediate)) continue
    expect(isValid(mnemonic, o), mnemonic).toBe(true)
  }
  expect(numbers.size).toBeGreaterThan(400)
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { candidates, findNumba, remedy } from './find.ts'

const folder = mkdtempSync(join(tmpdir(), 'python-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('candidates', () => {
  const env = { VIRTUAL_ENV: '/env', PATH: '/bin' }

  it('are the active environment and what the path has', () => {
    expect(candidates(undefined, {}, 'linux')).toEqual(['python3', 'python'])
    expect(candidates(undefined, env, 'linux')).toEqual([join('/env', 'bin', 'python'), 'python3', 'python'])
    expect(candidates(undefined, env, 'win32')[0]).toBe(join('/env', 'Scripts', 'python.exe'))
  })

  it('are one alone where somebody named it', () => {
    expect(candidates(undefined, { ...env, TSUMBA_PYTHON: '/my/python' })).toEqual(['/my/python'])
    expect(candidates('/given', { ...env, TSUMBA_PYTHON: '/my/python' })).toEqual(['/given'])
    expect(candidates(undefined, { TSUMBA_PYTHON: '' }, 'linux')).toEqual(['python3', 'python'])
  })
})

/** A program that acts as a Python of the given behaviour. */
function fakePython(name: string, body: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o755)
  return file
}

describe('findNumba', () => {
  it('takes the first that can import Numba, and says why the others cannot', async (test) => {
    if (process.platform === 'win32') test.skip('the stand-ins for Python are shell scripts')
    const without = fakePython('without', `echo "ModuleNotFoundError: No module named 'numba'" >&2; exit 1`)
    const broken = fakePython('broken', 'echo first >&2; echo "ImportError: libstdc++" >&2; exit 1')
    const good = fakePython('good', `echo '{"python": "3.11.0", "numba": "0.1", "numpy": "2.0"}'`)
    const missing = join(folder, 'missing')
    const unrunnable = join(folder, 'unrunnable')
    writeFileSync(unrunnable, '')

    expect(await findNumba([missing, without, good, broken])).toEqual({
      measured: true,
      python: good,
      versions: { python: '3.11.0', numba: '0.1', numpy: '2.0' },
    })
    const tried = await findNumba([missing, unrunnable, without, broken])
    expect(tried).toEqual({
      measured: false,
      reason:
        `no Python with Numba was found: ${missing} is not there, ${unrunnable} cannot be run, ` +
        `${without} has no Numba, ${broken} fails: ImportError: libstdc++`,
      remedy: remedy(),
    })
  })

  it('says what to type', () => {
    expect(remedy('linux')).toBe(
      'python3 -m venv numba-env, then numba-env/bin/pip install numba, ' +
        'and run again with --numba --python numba-env/bin/python',
    )
    expect(remedy('win32')).toMatch(/^py -m venv numba-env, then numba-env\\Scripts\\pip install numba/)
  })
})

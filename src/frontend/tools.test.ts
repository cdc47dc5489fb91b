import { describe, expect, it } from 'vitest'
import { bodyOf, functionFrom, refusalOf } from '../../test/support/kernels.ts'
import { prange } from '../prange.ts'

const lib = Object.freeze({ prange, sq: (v: number) => v * v })
const scope = {
  lib,
  prange,
  import_lib: lib,
  lib_1: lib,
  __vite_ssr_import_0__: lib,
  __vi_import_1__: lib,
  cov_1a2b: () => ({
    s: [0, 0, 0, 0, 0, 0, 0, 0],
    f: [0],
    b: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  }),
  __pow: Math.pow,
  __name: (f: unknown) => f,
}

const same = (tool: string, plain: string) => expect(bodyOf(tool, scope)).toBe(bodyOf(plain, scope))

describe('a kernel means the same after', () => {
  it.each([
    ['vitest', '(n) => { for (const i of (0,__vite_ssr_import_0__.prange)(n)) n; }'],
    ['vitest with vi.mock', '(n) => { for (const i of __vi_import_1__.prange(n)) n; }'],
    ['tsx', '(n) => { for (const i of (0, import_lib.prange)(n)) n; }'],
    ['tsc to CommonJS', '(n) => { for (const i of (0, lib_1.prange)(n)) n; }'],
    ['webpack', '(n) => { for (const i of Object(lib["prange"])(n)) n; }'],
  ])('%s', (_tool, text) => same(text, '(n) => { for (const i of prange(n)) n; }'))

  it('esbuild for es2015', () => {
    same('(v) => __pow(v, 2)', '(v) => v ** 2')
    same('(v) => { v = __pow(v, 2) }', '(v) => { v = v ** 2 }')
  })

  it('istanbul, in every position', () => {
    const c = 'cov_1a2b()'
    same(
      `(x, n = (${c}.b[0][0]++, x.length)) => { /* istanbul ignore next */ ${c}.f[0]++; const y = (${c}.s[0]++, 1);
        ${c}.s[1]++;
        for (const i of (${c}.s[2]++, (0,__vite_ssr_import_0__.prange)((${c}.s[3]++, n)))) { ${c}.s[4]++; x[i] = y }
        for (let i = (${c}.s[3]++, 0); i < n; i++) { ${c}.s[5]++; x[i] += (0, lib.sq)(i) }
        if ((${c}.b[1][0]++, n > 1) && (${c}.b[1][1]++, n < 5)) { ${c}.b[2][0]++; ${c}.s[6]++; n++ } else { ${c}.b[2][1]++ }
        ${c}.s[7]++;
        return n > 3 ? (${c}.b[2][0]++, n) : (${c}.b[2][1]++, -n) }`,
      `(x, n = x.length) => { const y = 1;
        for (const i of prange(n)) { x[i] = y }
        for (let i = 0; i < n; i++) { x[i] += lib.sq(i) }
        if (n > 1 && n < 5) { n++ }
        return n > 3 ? n : -n }`,
    )
  })

  it('istanbul’s older counters', () =>
    same('(n) => { cov_1a2b.f[0]++; cov_1a2b.s[0]++; return n }', '(n) => { return n }'))

  it('istanbul around ??', () => same('(n) => (cov_1a2b().b[0][0]++, n) ?? (cov_1a2b().b[0][1]++, 2)', '(n) => n ?? 2'))

  it('a counter of the user’s own is kept', () => {
    expect(bodyOf('(s) => { s[5]++ }', scope)).toBe('(s[5]++)')
  })
})

describe('what is gone for good', () => {
  it('a closure that esbuild named is still a closure', () => {
    const error = refusalOf(functionFrom('(n) => { const sq = __name((v) => v ** 2, "sq"); return sq(n) }', scope))
    expect(error.remedy).toMatch(/Move it out of the kernel/)
  })

  it('for…of after a compiler to ES5 asks for a newer target', () => {
    const text = `(n) => { var e_1, _a; try { for (var _b = __values(prange(n)), _c = _b.next(); !_c.done; _c = _b.next()) { n = _c.value } }
      catch (e) { e_1 = { error: e } } finally { if (e_1) throw e_1.error } }`
    expect(refusalOf(functionFrom(text, scope)).remedy).toMatch(/es2022/)
  })
})

/**
 * Whether the iterations of a prange are independent of each other. Proven here: no iteration reads or writes an
 * element that another writes, every local it assigns is its own or a reduction. What depends on whether two arrays
 * overlap is left to a check when the loop is entered.
 *
 * An index is written as stride · i + rest. If the rests of all accesses to an array lie within fewer than |stride|
 * values of each other, two iterations never meet: so `C[i * n + j]` with j in 0..n is told apart by rows.
 */

import type { Expr, Fn, For, Local, Module, Stmt } from '../ir/ir.ts'
import { assignedLocals, stmtBodies, stmtExprs, visitExpr, visitStmts } from '../ir/walk.ts'
import { Dependences } from './dependences.ts'
import { exposedReads } from './liveness.ts'
import {
  type Atom,
  add,
  atom,
  atomsOf,
  constant,
  equal,
  mul,
  type Poly,
  product,
  remainder,
  scale,
  show,
  split,
  sub,
  type Term,
} from './poly.ts'
import { canSplit, type Found, findReduction } from './reductions.ts'
import type { Fixed, Symbols } from './symbols.ts'

export interface Race {
  /** The place, where one access is to blame; else the loop's. */
  readonly site: number | undefined
  /** A local to blame, by the user's name. */
  readonly local: string | undefined
  readonly code: 'race' | 'race-variable' | 'exit'
  readonly reason: string
  readonly remedy: string
}

export interface Independence {
  readonly reductions: readonly Found[]
  /** Pairs of arrays that must not overlap. */
  readonly overlaps: readonly (readonly [Local, Local])[]
}

interface Access {
  readonly array: Local
  readonly index: Expr | undefined
  readonly kind: 'read' | 'write' | 'atomic'
  readonly site: number
  /** Loops between the prange and the access, the outermost first. */
  readonly inner: readonly For[]
}

/** An access of which the index is stride · i + rest. */
interface Place {
  readonly access: Access
  readonly rest: Poly
  /** The prange and the loops inside it. */
  readonly loops: readonly For[]
}

/** The prange under judgement. */
interface Region {
  readonly loop: For
  readonly outer: readonly For[]
  readonly fixed: Fixed
  readonly assigned: ReadonlySet<Local>
  readonly i: Atom
  readonly stride: Poly
}

const VERB = { read: 'reads', write: 'writes', atomic: 'updates' } as const
const isVariable = (local: Local, loops: readonly For[]): boolean => loops.some((l) => l.variable === local)

const isRace = (found: Race | Independence): found is Race => 'reason' in found

export { isRace }

const userName = (local: Local): string => local.name.replace(/\..*$/, '')

export class RaceAnalysis {
  private readonly module: Module
  private readonly symbols: Symbols
  private readonly independent: ReadonlySet<string>
  private readonly writing = new Map<string, boolean>()

  constructor(module: Module, fn: Fn, symbols: Symbols, independent: readonly string[]) {
    this.module = module
    this.symbols = symbols
    this.independent = new Set(independent)
    if (symbols.fn !== fn) throw new Error('symbols of another function')
  }

  /** `outer`: the loops around this one; `liveAfter`: what is read after it. */
  check(loop: For, outer: readonly For[], liveAfter: ReadonlySet<Local>): Race | Independence {
    const locals = this.locals(loop, liveAfter)
    if (isRace(locals)) return locals
    return this.arrays(loop, outer, locals.reductions)
  }

  /** What the loop's locals say of its iterations, whatever its arrays say. */
  locals(loop: For, liveAfter: ReadonlySet<Local>): Race | Independence {
    const reductions: Found[] = []
    const exposed = exposedReads(loop.body)
    for (const local of assignedLocals(loop.body)) {
      const read = exposed.has(local)
      if (!read && !liveAfter.has(local)) continue
      const name = userName(local)
      const found = findReduction(local, loop.body)
      if (found && canSplit(found)) {
        reductions.push(found)
        continue
      }
      return {
        site: undefined,
        local: name,
        code: 'race-variable',
        reason: read
          ? `\`${name}\` carries a value from one iteration of the prange to the next, so the iterations cannot run at the same time.`
          : `\`${name}\` is assigned in the prange and read after it, but which iteration is last is not defined there.`,
        remedy: read
          ? `Declare \`${name}\` inside the loop; or fold into it in one way only (\`${name} += …\`, \`${name} = Math.max(${name}, …)\`), which is a reduction; or use an ordinary for loop.`
          : `Declare \`${name}\` inside the loop, or compute it after the loop.`,
      }
    }
    return { reductions, overlaps: [] }
  }

  private arrays(loop: For, outer: readonly For[], reductions: readonly Found[]): Race | Independence {
    const made = new Set<Local>()
    visitStmts(loop.body, {
      stmt: (s) => {
        if (s.kind === 'alloc' && this.symbols.definition(s.local) === s) made.add(s.local)
        // A helper may give back what it was given.
        if (s.kind !== 'call' || s.args.some((arg) => arg.type.kind === 'array')) return
        for (const l of s.results) if (l.type.kind === 'array' && this.symbols.definition(l) === s) made.add(l)
      },
    })
    const assigned = assignedLocals(loop.body)
    const accesses = this.collect(loop.body, []).map((a) => ({ ...a, array: this.symbols.root(a.array) }))
    const byArray = new Map<Local, Access[]>()
    for (const access of accesses) {
      if (made.has(access.array)) continue
      byArray.set(access.array, [...(byArray.get(access.array) ?? []), access])
    }
    const written = [...byArray].filter(([, all]) => all.some((a) => a.kind !== 'read'))
    if (written.length === 0) return { reductions, overlaps: [] }

    const overlaps: [Local, Local][] = []
    for (const [array, all] of byArray) {
      if (!assigned.has(array)) continue
      const name = userName(array)
      return {
        site: all[0]!.site,
        local: name,
        code: 'race',
        reason:
          this.symbols.definition(array)?.kind === 'call'
            ? `The array that \`${name}\` gives may be one that it was given, so which array an iteration uses is not known when the loop starts.`
            : `The array variable \`${name}\` is assigned inside the prange, so which array an iteration uses is not known when the loop starts.`,
        remedy: `Choose the array before the loop, or make one inside each iteration (\`const ${name} = new Float64Array(n)\`).`,
      }
    }
    for (const [array, all] of written) {
      const race = this.trusted(array, all) ? undefined : this.oneArray(array, all, loop, outer)
      if (race && !this.neverMeet(all, loop, outer)) return race
      for (const [other] of byArray) {
        if (other === array || this.areApart(array, other)) continue
        if (overlaps.some(([a, b]) => (a === other && b === array) || (a === array && b === other))) continue
        overlaps.push([array, other])
      }
    }
    return { reductions, overlaps }
  }

  private trusted(array: Local, all: readonly Access[]): boolean {
    return (
      this.independent.has(userName(array)) || all.some((a) => this.independent.has(this.module.sites[a.site]!.subject))
    )
  }

  /** Arrays of different allocations never overlap, nor does a fresh one with an argument. */
  areApart(a: Local, b: Local): boolean {
    const fresh = (l: Local) => this.symbols.allocation(l) !== undefined
    const given = (l: Local) => this.symbols.fn.params.includes(l) && this.symbols.isStable(l)
    return (fresh(a) && (fresh(b) || given(b))) || (given(a) && fresh(b))
  }

  private collect(stmts: readonly Stmt[], inner: readonly For[]): Access[] {
    const found: Access[] = []
    for (const stmt of stmts) {
      if (stmt.kind === 'store') {
        found.push({ array: stmt.array, index: stmt.index, kind: 'write', site: stmt.site, inner })
      } else if (stmt.kind === 'do') {
        found.push({ array: stmt.array, index: stmt.index, kind: 'atomic', site: stmt.site, inner })
      } else if (stmt.kind === 'call') {
        for (const arg of stmt.args) {
          if (arg.kind !== 'local' || arg.type.kind !== 'array') continue
          const kind = this.writes(stmt.fn) ? 'write' : 'read'
          found.push({ array: arg.local, index: undefined, kind, site: stmt.site, inner })
        }
      }
      for (const e of stmtExprs(stmt)) {
        visitExpr(e, (node) => {
          if (node.kind === 'load') {
            found.push({ array: node.array, index: node.index, kind: 'read', site: node.site, inner })
          }
        })
      }
      const within = stmt.kind === 'for' ? [...inner, stmt] : inner
      for (const body of stmtBodies(stmt)) found.push(...this.collect(body, within))
    }
    return found
  }

  /** Whether a function stores into anything, itself or through what it calls. */
  private writes(name: string): boolean {
    const known = this.writing.get(name)
    if (known !== undefined) return known
    const reached = new Set<string>()
    let found = false
    const reach = (from: string) => {
      if (reached.has(from)) return
      reached.add(from)
      visitStmts(this.module.functions.find((f) => f.name === from)?.body ?? [], {
        stmt: (s) => {
          if (s.kind === 'store' || s.kind === 'do') found = true
          else if (s.kind === 'call') reach(s.fn)
        },
      })
    }
    reach(name)
    this.writing.set(name, found)
    return found
  }

  /** A race between accesses to one array, or undefined where there is none. */
  private oneArray(array: Local, all: readonly Access[], loop: For, outer: readonly For[]): Race | undefined {
    if (all.every((a) => a.kind === 'atomic')) return undefined
    const writer = all.find((a) => a.kind !== 'read' && a.index) ?? all.find((a) => a.index)
    const name = writer ? this.module.sites[writer.site]!.subject : userName(array)
    const race = (access: Access, reason: string): Race => ({
      site: access.site,
      local: userName(array),
      code: 'race',
      reason,
      remedy:
        'Write to places that belong to the iteration alone (an index made of the prange variable); ' +
        `update shared places with atomic.add(${name}, index, value); sum into a variable, which is a reduction; ` +
        `or, where you know better, say \`independent: ['${name}']\`.`,
    })
    const assigned = assignedLocals(loop.body)
    const fixed = this.symbols.fixedIn(loop)
    const i = this.symbols.atomOf(loop.variable)

    // A write shows the trouble best; a read is to blame only where the writes are in order.
    const ordered = [...all.filter((a) => a.kind !== 'read'), ...all.filter((a) => a.kind === 'read')]
    let stride: Poly | undefined
    const places: Place[] = []
    for (const access of ordered) {
      const index = access.index && this.symbols.poly(access.index, fixed)
      const parts = index && split(index, i)
      if (!parts || this.varies(index, new Set([...assigned].filter((l) => !isVariable(l, access.inner))))) {
        if (!access.index) return race(access, `What this call does with \`${name}\` is not known.`)
        return race(
          access,
          access.kind === 'read'
            ? `Other iterations write \`${name}\`, and which element this reads cannot be told from the prange variable.`
            : `Which element of \`${name}\` this ${VERB[access.kind]} cannot be told from the prange variable, so two iterations may ${access.kind === 'atomic' ? 'meet where another access is not atomic' : 'write the same one'}.`,
        )
      }
      if (parts.coefficient.length === 0) {
        return race(
          access,
          access.kind === 'read'
            ? `Every iteration reads this element of \`${name}\`, which another iteration writes.`
            : `Every iteration ${VERB[access.kind]} the same elements of \`${name}\`.`,
        )
      }
      if (stride && !equal(stride, parts.coefficient)) {
        return race(access, `Iterations step through \`${name}\` in different strides here and elsewhere in the loop.`)
      }
      stride = parts.coefficient
      places.push({ access, rest: parts.rest, loops: [loop, ...access.inner] })
    }
    if (!stride) return undefined
    const region: Region = { loop, outer, fixed, assigned, i, stride }
    const met = this.meeting(places, region)
    if (!met || this.columns(places, region)) return undefined
    if (met.unknown) {
      return race(met.access, `How far this reaches within one iteration of the prange on \`${name}\` is not known.`)
    }
    return race(
      met.access,
      met.access.kind === 'read'
        ? `An iteration may read the element of \`${name}\` that another iteration writes.`
        : `Two iterations may write the same element of \`${name}\`.`,
    )
  }

  /**
   * Whether no two iterations come to one element, by what has to be equal for them to: rows and columns each, within
   * the bounds of all loops (`corr[i * m + j]` and `corr[j * m + i]` with j from i + 1). It finds more than strides do,
   * and takes longer.
   */
  private neverMeet(all: readonly Access[], loop: For, outer: readonly For[]): boolean {
    const assigned = assignedLocals(loop.body)
    const fixed = this.symbols.fixedIn(loop)
    const places: { index: Poly; loops: readonly For[]; kind: Access['kind'] }[] = []
    for (const { index, inner, kind } of all) {
      const poly = index && this.symbols.poly(index, fixed)
      if (!poly || this.varies(poly, new Set([...assigned].filter((l) => !isVariable(l, inner))))) return false
      places.push({ index: poly, loops: inner, kind })
    }
    const dependences = new Dependences(this.symbols, loop, outer, fixed)
    return places.every((a, k) =>
      places.slice(k).every((b) => {
        const harmless = a.kind === b.kind && a.kind !== 'write'
        return harmless || dependences.areApart(a, b)
      }),
    )
  }

  /** An access by which two iterations may meet; undefined where the rests lie closer together than the stride. */
  private meeting(places: readonly Place[], region: Region): { access: Access; unknown: boolean } | undefined {
    const step = Math.abs(region.loop.step)
    // A symbolic stride may be of either sign: one of the two must serve for all.
    const met = this.clash(places, scale(region.stride, step), region)
    return met && this.clash(places, scale(region.stride, -step), region) && met
  }

  /**
   * Columns: an index modulo a row's length Q (the factor of an inner variable) tells the iterations apart, as in
   * `C[j * n + i]`. What is left without the multiples of Q lies within Q values, so equal indices are equal there.
   */
  private columns(places: readonly Place[], region: Region): boolean {
    const rows = new Map<string, Term>()
    for (const { rest, access } of places) {
      for (const { variable } of access.inner) {
        const factor = split(rest, this.symbols.atomOf(variable))?.coefficient
        const term = factor?.length === 1 ? factor[0]! : undefined
        if (term && term.coef > 0) rows.set(show(factor!), term)
      }
    }
    for (const row of rows.values()) {
      const left = places.map((p) => ({ ...p, rest: remainder(p.rest, row) }))
      const across = mul(region.stride, atom(region.i))
      const whole = left.map((p) => ({ ...p, rest: add(across, p.rest) }))
      if (!this.clash(whole, product(row), region) && !this.meeting(left, region)) return true
    }
    return false
  }

  /** Two places of which the rests may lie `size` or more apart. */
  private clash(
    places: readonly Place[],
    size: Poly,
    region: Region,
  ): { access: Access; unknown: boolean } | undefined {
    const { fixed, assigned } = region
    const ends: { place: Place; lo: Poly; hi: Poly }[] = []
    for (const place of places) {
      // The rest's bounds may depend on the prange variable (a triangle): its own range goes in as well.
      const lo = this.symbols.extreme(place.rest, 'least', place.loops, fixed)
      const hi = this.symbols.extreme(place.rest, 'most', place.loops, fixed)
      if (!lo || !hi || this.varies(lo, assigned) || this.varies(hi, assigned)) {
        return { access: place.access, unknown: true }
      }
      ends.push({ place, lo, hi })
    }
    for (const a of ends) {
      for (const b of ends) {
        if (a.place.access.kind === 'read' && b.place.access.kind === 'read') continue
        const room = sub(sub(size, constant(1)), sub(a.hi, b.lo))
        const running = [...new Set([...region.outer, ...a.place.loops, ...b.place.loops])]
        if (this.symbols.isNonNegative(room, [], fixed, running)) continue
        return { access: (a.place.access.kind === 'read' ? a : b).place.access, unknown: false }
      }
    }
    return undefined
  }

  /** Whether a polynomial mentions what an iteration gives a value to. */
  private varies(p: Poly, assigned: ReadonlySet<Local>): boolean {
    return [...atomsOf(p)].some((a) => {
      const source = this.symbols.source(a)
      return assigned.has('local' in source ? source.local : source.array)
    })
  }
}

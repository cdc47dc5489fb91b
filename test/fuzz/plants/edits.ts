/** Planted bugs in what makes vectors and moves accesses: a line of a pass or an emitter, as somebody might have written it. */

import type { Plant } from './plant.ts'

interface Row {
  readonly name: string
  readonly story: string
  /** Below src/. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const ROWS: readonly Row[] = [
  {
    name: 'remainder-one-early',
    story: 'the iterations that are left over begin with the last one of the lanes',
    file: 'passes/vectorise.ts',
    from: '{ ...remainder, lo: ref(rest), hi }',
    to: "{ ...remainder, lo: op('sub', ref(rest), num(INDEX, 1)), hi }",
  },
  {
    name: 'overlap-guard-dropped',
    story: 'lanes run though arguments overlap',
    file: 'passes/vectorise.ts',
    from: 'const guards = overlaps.map(([a, b]): Expr => overlap(a, b))',
    to: 'const guards: Expr[] = []',
  },
  {
    name: 'two-sums-in-turn',
    story: 'a sum that is added to in two places gets all lanes of the first before the second',
    file: 'passes/vectorise.ts',
    from: 'assignmentsTo(r.local, loop.body) > 1',
    to: 'assignmentsTo(r.local, loop.body) > 9',
  },
  {
    name: 'distance-off-by-one',
    story: 'what an iteration hands to the next but one counts as far enough away',
    file: 'analysis/distances.ts',
    from: 'Math.abs(turns) >= lanes',
    to: 'Math.abs(turns) >= 2',
  },
  {
    name: 'source-after-sink',
    story: 'a statement may take what a later one of the turn before has made',
    file: 'analysis/distances.ts',
    from: "source.place < sink.place ? 'apart' : 'value'",
    to: "source.place <= sink.place + 1 ? 'apart' : 'value'",
  },
  {
    name: 'store-without-mask',
    story: 'lanes that are off write what they have computed',
    file: 'passes/widen.ts',
    from: 'if (!active) return out',
    to: 'if (!active || !place.stride) return out',
  },
  {
    name: 'strided-store-without-mask',
    story: 'lanes that are off write what they have computed, where elements stand apart',
    file: 'passes/widen.ts',
    from: 'return { ...out, mask: on }',
    to: 'return out',
  },
  {
    name: 'sum-of-lanes-backwards',
    story: 'an ordered sum takes the last lane first',
    file: 'passes/widen.ts',
    from: 'const one = extract(ref(vector), lane)',
    to: 'const one = extract(ref(vector), count - 1 - lane)',
  },
  {
    name: 'sum-by-the-first-mask',
    story: 'of several vectors, all ask the mask of the first which lanes to add',
    file: 'passes/widen.ts',
    from: 'ifStmt(extract(ref(active[p]!), lane), [step])',
    to: 'ifStmt(extract(ref(active[0]!), lane), [step])',
  },
  {
    name: 'temporary-read-later',
    story: 'a local that lanes get under a mask loses what the others had, though it is read after',
    file: 'passes/widen.ts',
    from: 'if (countReads(region).get(local) !== this.reads.get(local)) return false',
    to: '',
  },
  {
    name: 'inner-mask-alone',
    story: 'a choice inside another one forgets which lanes came to it',
    file: 'passes/widen.ts',
    from: "(active ? op('and', ref(active[p]!), condition(p)) : condition(p))",
    to: 'condition(p)',
  },
  {
    name: 'break-ends-a-turn',
    story: 'lanes that leave a loop by `break` take part in its next turn again',
    file: 'passes/widen.ts',
    from: "if (kind === 'break' || !known.turn) leave.add(known.on)",
    to: 'if (!known.turn) leave.add(known.on)',
  },
  {
    name: 'ramp-of-ones',
    story: 'the second vector of a counter times three begins as if it counted by one',
    file: 'passes/lane-values.ts',
    from: "op('add', first, op('mul', by, num(type, shift)))",
    to: "op('add', first, num(type, shift))",
  },
  {
    name: 'stride-of-the-first',
    story: 'vectors after the first begin where elements would be if they stood side by side',
    file: 'passes/lane-values.ts',
    from: 'const away = constant * shift',
    to: 'const away = shift',
  },
  {
    name: 'maximum-from-zero',
    story: 'the greatest of integers is at least 0',
    file: 'passes/lane-folds.ts',
    from: 'value < 0 ? -end :',
    to: 'value < 0 ? 0 :',
  },
  {
    name: 'tree-lanes-swapped',
    story: 'the vectors of a tree come back in another order',
    file: 'passes/tree-vectors.ts',
    from: 'vectors.map((v, p) => store(held, num(INDEX, p * count),',
    to: 'vectors.map((v, p) => store(held, num(INDEX, ((p + 1) % vectors.length) * count),',
  },
  {
    name: 'narrow-inside',
    story: 'what is rounded to a float32 at the end is computed in float32 all along',
    file: 'passes/narrow.ts',
    from: "if (e.kind === 'op' && EXACT.has(e.op)) return single(e)",
    to: "if (e.kind === 'op') return single(e)",
  },
  {
    name: 'signs-of-short-vectors',
    story: 'two int32 lanes become int64 without their signs',
    file: 'targets/wasm/vector.ts',
    from: "'i32x2>i64x2': 'i64x2.extend_low_i32x4_s'",
    to: "'i32x2>i64x2': 'i64x2.extend_low_i32x4_u'",
  },
  {
    name: 'low-words-of-one-lane',
    story: 'two lanes of 64 bits become the two words of the first',
    file: 'targets/wasm/vector.ts',
    from: 'const LOW_WORDS = [0, 1, 2, 3, 8, 9, 10, 11,',
    to: 'const LOW_WORDS = [0, 1, 2, 3, 4, 5, 6, 7,',
  },
  {
    name: 'stride-of-run-time-once',
    story: 'with a stride that is known at run time, all lanes after the first are the second',
    file: 'targets/wasm/vector-memory.ts',
    from: 'if (lane > 1) {',
    to: 'if (lane > 99) {',
  },
  {
    name: 'expansion-guard-inverted',
    story: 'a Math function takes the way for rare arguments with the usual ones',
    file: 'passes/batch.ts',
    from: "out.push(ifStmt(op('not', fine), rare))",
    to: 'out.push(ifStmt(fine, rare))',
  },
  {
    name: 'rare-argument-of-the-first-lane',
    story: 'a rare argument in the second lane gets what the first lane gets',
    file: 'passes/batch.ts',
    from: "(arg.type.kind === 'vec' ? extract(arg, lane) : arg)",
    to: "(arg.type.kind === 'vec' ? extract(arg, 0) : arg)",
  },
  {
    name: 'three-axes-too-weak',
    story: 'an index of three loops counts as within its array where it is at their beginning',
    file: 'analysis/symbols.ts',
    from: "now = substitute(now, variable, rising === (which === 'least') ? span.lo : span.hi)",
    to: "now = substitute(now, variable, k >= 2 || rising === (which === 'least') ? span.lo : span.hi)",
  },
  {
    name: 'rows-one-apart',
    story: 'rows side by side are told apart one row too few',
    file: 'analysis/dependences.ts',
    from: 'below(add(place, distance), constant(this.rows))',
    to: 'below(add(place, distance), constant(this.rows - 1))',
  },
  {
    name: 'rows-left-over-forgotten',
    story: 'rows that do not fill a group are counted from one group later',
    file: 'passes/rows-write.ts',
    from: "op('shl', bits(ref(groups)), num(I32, shift))",
    to: "op('max', op('shl', bits(ref(groups)), num(I32, shift)), num(I32, 1))",
  },
  {
    name: 'known-after-a-store',
    story: 'an element is taken for what it was before another index, which may be the same, was stored to',
    file: 'passes/forward.ts',
    from: 'at.known = at.known.filter((k) => this.areApart(k, root, index, at))\n    if (!index',
    to: 'at.known = at.known.filter((k) => k.root !== root || k.index !== index)\n    if (!index',
  },
  {
    name: 'hidden-store-was-seen',
    story: 'a store is left out though a load between it and the next one looks at the element',
    file: 'passes/forward.ts',
    from: 'if (at.hidden.length > 0) at.hidden = at.hidden.filter',
    to: 'if (at.hidden.length > 9) at.hidden = at.hidden.filter',
  },
  {
    name: 'kept-without-wrapping',
    story: 'an element of eight bits is handed on as it was before it was stored',
    file: 'passes/forward.ts',
    from: "const KEPT: ReadonlySet<string> = new Set(['float64', 'float32', 'int32'])",
    to: "const KEPT: ReadonlySet<string> = new Set(['float64', 'float32', 'int32', 'int8', 'uint8', 'int16', 'uint16'])",
  },
  {
    name: 'hoisted-past-another-store',
    story: 'an element that a loop keeps in a local is changed there by another store',
    file: 'passes/hoist.ts',
    from: 'return equal(index, element.index) || meetings.areApart(element.index, index)',
    to: 'return true',
  },
  {
    name: 'apart-though-unasked',
    story: 'of the arrays that a nest stores into, only the first is asked about',
    file: 'analysis/apart.ts',
    from: 'for (const a of stored) {',
    to: 'for (const a of [...stored].slice(0, 1)) {',
  },
  {
    name: 'carried-too-soon',
    story: 'a load after the store of a turn sees what that turn stored, not the one before',
    file: 'passes/carry.ts',
    from: 'late: loads.some((l) => l.place > place)',
    to: 'late: false',
  },
  {
    name: 'turn-cut-out-runs-twice',
    story: 'the part behind the turn at which a loop is cut begins with that turn',
    file: 'passes/split.ts',
    from: "const next = op('add', turn, num(INDEX, 1))",
    to: 'const next = turn',
  },
  {
    name: 'block-alone-forgets',
    story: 'a sum that is one block, and not launched, forgets what it was before the loop',
    file: 'passes/parallelise.ts',
    from: 'assign(r.local, combine(r, ref(r.local), ref(own.get(r.local)!)))',
    to: 'assign(r.local, ref(own.get(r.local)!))',
  },
]

export const EDITS: readonly Plant[] = ROWS.map(({ name, story, file, from, to }) => ({
  name,
  story,
  depth: 'quick',
  bug: { kind: 'edit', file: `src/${file}`, from, to },
}))

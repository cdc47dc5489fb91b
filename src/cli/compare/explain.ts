/** What the figures say, in sentences made from the figures themselves. */

import { formatDuration } from '../../timeit.ts'
import type { CopyBandwidth } from './bandwidth.ts'
import type { Case } from './programs/program.ts'
import type { Ceiling, Row } from './rows.ts'
import { isNumba, type VariantName } from './variants.ts'

/** From this share of the copy bandwidth on, memory is what a program waits for. */
const MEMORY_BOUND = 0.5
/** Up to this share, memory hardly matters. */
const COMPUTE_BOUND = 0.1

const find = (rows: readonly Row[], variant: VariantName) => rows.find((row) => row.variant === variant)
const gigabytes = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e9).toPrecision(3)} GB/s`
export const percentage = (share: number): string =>
  `${share < 0.095 ? (100 * share).toPrecision(1) : Math.round(100 * share)} %`
const times = (factor: number): string => `${factor.toPrecision(3)}×`

/** What clusters spend on sending and bringing, and on computing. */
export function aboutTransfer(rows: readonly Row[]): string[] {
  return rows.flatMap(({ variant, transferMs, computeMs }) =>
    transferMs === undefined
      ? []
      : [`${variant}: ${formatDuration(transferMs)} of transfer, ${formatDuration(computeMs!)} of computing`],
  )
}

/** What the fastest variant of ours is bound by, and what moving the data elsewhere would cost. */
export function boundBy(program: Pick<Case, 'bytes'>, rows: readonly Row[], bandwidth: CopyBandwidth): string[] {
  // What does less work, or is not ours, says nothing about what binds ours.
  const measured = rows.filter(
    (row) =>
      row.shareOfCopyBandwidth !== null &&
      row.ok &&
      row.note === undefined &&
      row.transferMs === undefined &&
      !isNumba(row.variant),
  )
  if (measured.length === 0) return []
  const fastest = measured.reduce((a, b) => (b.bytesPerSecond! > a.bytesPerSecond! ? b : a))
  const share = fastest.shareOfCopyBandwidth!
  const used = `${fastest.variant} moves ${gigabytes(fastest.bytesPerSecond!)}, ${percentage(share)} of what copying does here`
  // To another device or process the bytes would first have to be copied, at best as fast as memory copies.
  const sendMs = (1e3 * program.bytes * 2) / bandwidth.oneThread
  const cost = `Sending its data to another process and back would cost ${formatDuration(sendMs)} for copying alone`
  const against = `the whole call takes ${formatDuration(fastest.medianMs!)}`
  if (share >= MEMORY_BOUND) return [`Bound by memory: ${used}. ${cost}; ${against}.`]
  if (share <= COMPUTE_BOUND) return [`Bound by arithmetic: ${used}.`]
  return [`Partly bound by memory: ${used}. ${cost}; ${against}.`]
}

export function aboutCeiling(ceiling: Ceiling): string {
  const { copies, speedup, parallelOverJit } = ceiling
  if (speedup === null) return `Ceiling: the independent copies of the job failed.`
  const reached =
    parallelOverJit === null
      ? ''
      : `; parallel is ${times(parallelOverJit)} as fast as jit, ${(parallelOverJit / speedup).toFixed(2)} of that`
  return `Ceiling: ${copies} independent copies of the job at once get ${times(speedup)} the work of one done${reached}.`
}

/**
 * The two questions about calculateScores, answered from the rows of its smallest and its largest share of the data:
 * does more data cost as much more time, and would optimising the function further gain much?
 */
export function aboutScores(rows: readonly Row[]): string[] {
  const percents = [...new Set(rows.map((row) => row.percent ?? 100))].sort((a, b) => a - b)
  const [small, large] = [percents[0]!, percents.at(-1)!]
  if (small === large) return []
  const at = (percent: number) => rows.filter((row) => row.percent === percent)
  return [...costOfData(at(small), at(large)), ...worthOfOptimising(at(small)), ...worthOfOptimising(at(large))]
}

function costOfData(small: readonly Row[], large: readonly Row[]): string[] {
  const dataFactor = large[0]!.n / small[0]!.n
  const grown = (['plain', 'jit', 'parallel'] as const).flatMap((variant) => {
    const [a, b] = [find(small, variant), find(large, variant)]
    if (!a?.medianMs || !b?.medianMs) return []
    const script = a.scriptMs && b.scriptMs ? ` (its whole script ${times(b.scriptMs / a.scriptMs)})` : ''
    return [`${variant} takes ${times(b.medianMs / a.medianMs)}${script}`]
  })
  if (grown.length === 0) return []
  const square = `Every row meets every other, so the work is ${times(dataFactor ** 2)}`
  return [
    `Does ${times(dataFactor)} the data cost ${times(dataFactor)} the time? No: ${grown.join(', ')}. ` +
      `${square}; starting and loading grow less.`,
  ]
}

/** Amdahl: what is left of the script when the function takes no time at all. */
function worthOfOptimising(rows: readonly Row[]): string[] {
  const fastest = rows
    .filter((row) => row.scriptMs && row.scriptKernelMs && row.ok)
    .reduce<Row | undefined>((a, b) => (a === undefined || b.scriptMs! < a.scriptMs! ? b : a), undefined)
  if (fastest === undefined) return []
  const { scriptMs, scriptKernelMs, percent, variant, n } = fastest
  const share = scriptKernelMs! / scriptMs!
  const limit = scriptMs! / (scriptMs! - scriptKernelMs!)
  const verdict = limit < 1.25 ? 'No' : limit < 2 ? 'A little' : 'Yes'
  return [
    `Would optimising the function further gain much on ${percent} % of the data (${n.toLocaleString('en-US')} rows)? ` +
      `${verdict}: the function is ${percentage(share)} of the fastest script (${variant}: ${formatDuration(scriptKernelMs!)} ` +
      `of ${formatDuration(scriptMs!)}), so with one that took no time the script would be ${times(limit)} as fast.`,
  ]
}

import type { Timing } from './steps.js'
import { printTable } from './table.js'

/**
 * What one framework did on a workload with so many steps in a call: the median of the rounds' medians, the mean of their means and the least
 * time, each with the number of threads that is better at it.
 */
interface Best {
  readonly peer: string
  readonly isa: string | undefined
  readonly workload: string
  readonly stepsPerCall: '1' | 'many'
  /** Of the median. */
  readonly threads: number
  readonly ms: number
  readonly mean_ms: number
  readonly min_ms: number
}

/** How many times faster than a peer layerwise is. */
export interface Ratio {
  readonly workload: string
  readonly peer: Best
  readonly layerwise: Best
  /** Of the medians. */
  readonly ratio: number
  readonly meanRatio: number
  readonly minimumRatio: number
}

/** What the timings of one workload say: layerwise, in calls of one step and of many, against each peer. */
export function ratios(timings: readonly Timing[]): Ratio[] {
  const bests = groups(timings, ({ peer, isa, stepsPerCall }) => `${peer} ${isa} ${stepsPerCall === 1}`).map(
    best,
  )
  const isOurs = ({ peer }: Best) => peer.startsWith('layerwise-')
  const peers = bests.filter((other) => !isOurs(other))
  return peers.flatMap((peer) =>
    bests.filter(isOurs).map((ours) => ({
      workload: ours.workload,
      peer,
      layerwise: ours,
      ratio: rounded(peer.ms / ours.ms),
      meanRatio: rounded(peer.mean_ms / ours.mean_ms),
      minimumRatio: rounded(peer.min_ms / ours.min_ms),
    })),
  )
}

function best(timings: readonly Timing[]): Best {
  const { peer, isa, workload, stepsPerCall } = timings[0] as Timing
  const byThreads = groups(timings, ({ threads }) => threads).map((rounds) => ({
    threads: (rounds[0] as Timing).threads,
    ms: median(rounds.map(({ ms }) => ms)),
    mean: mean(rounds.map(({ mean_ms }) => mean_ms)),
  }))
  const { threads, ms } = byThreads.reduce((a, b) => (b.ms < a.ms ? b : a))
  return {
    ...{ peer, isa, workload, threads, ms },
    stepsPerCall: stepsPerCall === 1 ? '1' : 'many',
    mean_ms: Math.min(...byThreads.map(({ mean }) => mean)),
    min_ms: Math.min(...timings.map(({ min_ms }) => min_ms)),
  }
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => unknown): Item[][] {
  const byKey = new Map<unknown, Item[]>()
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item])
  return [...byKey.values()]
}

/** The middle value, or the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] as number
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b) / values.length
}

function rounded(ratio: number): number {
  return Number(ratio.toFixed(2))
}

/** A line of JSON for each ratio, then a table for people. */
export function report(rows: readonly Ratio[]): void {
  for (const row of rows) console.log(JSON.stringify(row))
  const times = ({ ms, mean_ms, min_ms, threads }: Best) => [
    ...[ms, mean_ms, min_ms].map((time) => time.toFixed(3)),
    String(threads),
  ]
  printTable(
    [
      ...['workload', 'peer', 'ms', 'mean', 'min', 'threads'],
      ...['layerwise', 'steps a call', 'ms', 'mean', 'min', 'threads'],
      ...['ratio', 'of means', 'of minima'],
    ],
    rows.map(({ workload, peer, layerwise, ratio, meanRatio, minimumRatio }) => [
      ...[workload, peer.peer, ...times(peer)],
      ...[layerwise.isa ?? '', layerwise.stepsPerCall, ...times(layerwise)],
      ...[ratio, meanRatio, minimumRatio].map((value) => value.toFixed(2)),
    ]),
  )
}

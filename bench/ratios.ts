import type { Timing } from './steps.js'
import { printTable } from './table.js'

/** The best that one framework did on a workload with so many steps in a call, over all rounds. */
interface Best {
  readonly peer: string
  readonly workload: string
  readonly stepsPerCall: '1' | 'many'
  readonly threads: number
  readonly ms: number
  readonly min_ms: number
}

/** How many times faster than a peer layerwise is. */
export interface Ratio {
  readonly workload: string
  readonly peer: Best
  readonly layerwise: Best
  readonly ratio: number
  readonly minimumRatio: number
}

/** What the timings of one workload say: layerwise, in calls of one step and of many, against each peer. */
export function ratios(timings: readonly Timing[]): Ratio[] {
  const bests = groups(timings, ({ peer, stepsPerCall }) => `${peer} ${stepsPerCall === 1}`).map(best)
  const isOurs = ({ peer }: Best) => peer.startsWith('layerwise-')
  const peers = bests.filter((other) => !isOurs(other))
  return peers.flatMap((peer) =>
    bests.filter(isOurs).map((ours) => ({
      workload: ours.workload,
      peer,
      layerwise: ours,
      ratio: rounded(peer.ms / ours.ms),
      minimumRatio: rounded(peer.min_ms / ours.min_ms),
    })),
  )
}

/** What one framework did with the better number of threads; its least time may be with another number. */
function best(timings: readonly Timing[]): Best {
  const { peer, workload, stepsPerCall } = timings[0] as Timing
  const medians = groups(timings, ({ threads }) => threads).map((rounds) => ({
    threads: (rounds[0] as Timing).threads,
    ms: median(rounds.map(({ ms }) => ms)),
  }))
  return {
    peer,
    workload,
    stepsPerCall: stepsPerCall === 1 ? '1' : 'many',
    ...medians.reduce((a, b) => (b.ms < a.ms ? b : a)),
    min_ms: Math.min(...timings.map(({ min_ms }) => min_ms)),
  }
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => unknown): Item[][] {
  const byKey = new Map<unknown, Item[]>()
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item])
  return [...byKey.values()]
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b)
  return sorted[sorted.length >> 1] as number
}

function rounded(ratio: number): number {
  return Number(ratio.toFixed(2))
}

/** A table for people, and a last line of JSON. */
export function report(rows: readonly Ratio[]): void {
  const header = [
    'workload',
    'peer',
    'ms',
    'min',
    'threads',
    'layerwise ms',
    'min',
    'threads',
    'steps a call',
    'ratio',
    'of minima',
  ]
  const cells = rows.map(({ workload, peer, layerwise, ratio, minimumRatio }) => [
    ...[workload, peer.peer, peer.ms.toFixed(3), peer.min_ms.toFixed(3), String(peer.threads)],
    ...[layerwise.ms.toFixed(3), layerwise.min_ms.toFixed(3), String(layerwise.threads)],
    ...[layerwise.stepsPerCall, ratio.toFixed(2), minimumRatio.toFixed(2)],
  ])
  printTable(header, cells)
  console.log(JSON.stringify(rows))
}

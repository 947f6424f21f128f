import { openSync, writeSync } from 'node:fs'
import { loadAddon } from '../../ts/executors/addon.js'
import { campaign, Finding, type Range, type Tally } from './campaign.js'

/** What a child tells its parent. */
export type Report = { readonly tally: Tally } | { readonly index: number; readonly message: string }

const reportEvery = 10_000

const { range, positionFile } = JSON.parse(process.argv[2] as string) as {
  range: Range
  positionFile: string
}

// Errors are many here, and nobody reads where they come from.
Error.stackTraceLimit = 0

// The present position stands in a file, since a process that aborts or hangs sends no message any more.
const file = openSync(positionFile, 'w')
const position = new Float64Array(1)

try {
  let tried = 0
  const tally = await campaign(loadAddon(), range, (index, tally) => {
    position[0] = index
    writeSync(file, position, 0, 8, 0)
    if (++tried % reportEvery === 0) report({ tally })
  })
  report({ tally })
} catch (error) {
  if (!(error instanceof Finding)) throw error
  report({ index: error.index, message: error.message })
}
process.disconnect?.()

function report(message: Report): void {
  process.send?.(message)
}

import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Range, Tally } from './campaign.js'
import type { Report } from './child.js'

/** A child that stays at one mutant for so long hangs. */
const stallSeconds = 60

/** What went wrong, and at which mutant. */
export class Failure extends Error {
  constructor(
    readonly index: number,
    message: string,
  ) {
    super(message)
  }
}

/** A process that works through mutants under a watchdog. */
export class Child {
  tally: Tally = { accepted: 0, rejected: 0 }
  readonly ended: Promise<void>
  readonly #process: ChildProcess
  #stalledSince = performance.now()
  #lastPosition = -1

  constructor(
    range: Range,
    private readonly positionFile: string,
  ) {
    const script = fileURLToPath(new URL('./child.ts', import.meta.url))
    this.#process = fork(script, [JSON.stringify({ range, positionFile })])
    this.ended = new Promise((resolve, reject) => {
      let failure: Failure | undefined
      const watchdog = setInterval(() => {
        if (!this.#isStalled()) return
        failure = new Failure(this.#position(), `no end after ${stallSeconds} s`)
        this.#process.kill('SIGKILL')
      }, 1000)
      this.#process.on('message', (report: Report) => {
        if ('tally' in report) this.tally = report.tally
        else failure = new Failure(report.index, report.message)
      })
      this.#process.on('exit', (code, signal) => {
        clearInterval(watchdog)
        if (code !== 0) failure ??= new Failure(this.#position(), `the process ended with ${signal ?? code}`)
        failure ? reject(failure) : resolve()
      })
    })
  }

  #position(): number {
    try {
      return readFileSync(this.positionFile).readDoubleLE(0)
    } catch {
      return -1
    }
  }

  #isStalled(): boolean {
    const position = this.#position()
    if (position !== this.#lastPosition) {
      this.#lastPosition = position
      this.#stalledSince = performance.now()
    }
    return performance.now() - this.#stalledSince > stallSeconds * 1e3
  }
}

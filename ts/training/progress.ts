import type { Logs, TrainingParams } from './history.js'
import {
  describeLogs,
  drawLine,
  eraseLine,
  formatMilliseconds,
  formatTime,
  type Pieces,
  type ProgressStream,
  separator,
} from './progress-line.js'

const redrawMilliseconds = 50
/** If the first epoch takes at least this long, every epoch leaves its line on the terminal; else they follow each other in place. */
const keepMilliseconds = 500

/** Shows how a training goes: one live line on a terminal, elsewhere a plain line for each epoch. */
export class Progress {
  readonly #live: boolean
  readonly #started = performance.now()
  #epoch = 0
  #epochStarted = 0
  #drawn = -Infinity
  /** Whether the cursor is at the end of a line that is still being redrawn. */
  #open = false
  #keep: boolean | undefined

  constructor(
    private readonly params: TrainingParams,
    private readonly verbose: 0 | 1 | 2,
    private readonly stream: ProgressStream = process.stdout,
    /** Whether callbacks may write between epochs, so that the line has to make room. */
    private readonly shared = false,
  ) {
    this.#live = verbose === 1 && stream.isTTY === true
  }

  /** An epoch begins; `epoch` counts from 0. */
  begin(epoch: number): void {
    this.#epoch = epoch
    this.#epochStarted = performance.now()
  }

  /** `step` steps of the epoch are done. */
  update(step: number, logs: Logs): void {
    if (!this.#live || performance.now() - this.#drawn < redrawMilliseconds) return
    const { steps } = this.params
    const position = steps === null ? `step ${step}` : `${step}/${steps}`
    const share = steps === null ? undefined : step / steps
    const left = this.#timeLeft(share ?? 0)
    this.#draw({ ...this.#pieces(step, logs), position, time: left }, share)
  }

  /** The epoch is done after `steps` steps, validation included. */
  end(steps: number, logs: Logs): void {
    if (this.verbose === 0) return
    const elapsed = performance.now() - this.#epochStarted
    const pieces = { ...this.#pieces(steps, logs), time: formatTime(elapsed) }
    if (!this.#live) {
      const { title, position, rate, time, metrics } = pieces
      this.stream.write(`${[title, position, rate, time, ...metrics].join(separator)}\n`)
      return
    }
    this.#keep ??= elapsed >= keepMilliseconds
    const last = this.#epoch + 1 === this.params.epochs
    if (this.#keep || last) {
      this.#draw(this.#keep ? pieces : { ...pieces, time: formatTime(performance.now() - this.#started) }, 1)
      this.close()
    } else if (this.shared && this.#open) {
      this.stream.write(eraseLine)
      this.#open = false
    } else if (performance.now() - this.#drawn >= redrawMilliseconds) {
      this.#draw({ ...pieces, time: this.#timeLeft(1) }, 1)
    }
  }

  /** The training is over, perhaps early: the cursor goes to a line of its own. */
  close(): void {
    if (this.#open) this.stream.write('\n')
    this.#open = false
  }

  #pieces(steps: number, logs: Logs): Pieces {
    const { epochs } = this.params
    const elapsed = performance.now() - this.#epochStarted
    return {
      title: `Epoch ${String(this.#epoch + 1).padStart(String(epochs).length)}/${epochs}`,
      position: `${steps} steps`,
      rate: `${formatMilliseconds(elapsed / Math.max(1, steps))}/step`,
      time: '',
      metrics: describeLogs(logs),
    }
  }

  /** The time that the rest of the training will take, judged by the epochs so far and a share of this one. */
  #timeLeft(share: number): string {
    const done = this.#epoch + share
    if (done === 0) return ''
    return `${formatTime(((performance.now() - this.#started) * (this.params.epochs - done)) / done)} left`
  }

  #draw(pieces: Pieces, share: number | undefined): void {
    drawLine(this.stream, pieces, share)
    this.#drawn = performance.now()
    this.#open = true
  }
}

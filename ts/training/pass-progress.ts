import type { Logs } from './history.js'
import { describeLogs, drawLine, eraseLine, formatTime, type ProgressStream } from './progress-line.js'

const redrawMilliseconds = 50
/** A pass that is over before this leaves no trace. */
const patienceMilliseconds = 300

/** Shows on a terminal how an evaluation or a prediction goes, and takes the line away when it is over. */
export class PassProgress {
  readonly #started = performance.now()
  readonly #live: boolean
  #drawn = this.#started + patienceMilliseconds - redrawMilliseconds
  #open = false

  constructor(
    private readonly title: string,
    /** How many steps there are, where it is known. */
    private readonly steps: number | null,
    verbose: 0 | 1,
    private readonly stream: ProgressStream = process.stdout,
  ) {
    this.#live = verbose === 1 && stream.isTTY === true
  }

  /** `step` steps are done. */
  update(step: number, logs: Partial<Logs> = {}): void {
    const now = performance.now()
    if (!this.#live || now - this.#drawn < redrawMilliseconds) return
    const share = this.steps === null ? undefined : step / this.steps
    const time = share ? `${formatTime(((now - this.#started) * (1 - share)) / share)} left` : ''
    const position = this.steps === null ? `step ${step}` : `${step}/${this.steps}`
    drawLine(this.stream, { title: this.title, position, rate: '', time, metrics: describeLogs(logs) }, share)
    this.#drawn = now
    this.#open = true
  }

  close(): void {
    if (this.#open) this.stream.write(eraseLine)
    this.#open = false
  }
}

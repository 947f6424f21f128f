import { checkVerbose } from '../../options.js'

/** Whether a callback says what it does. */
export interface Verbosity {
  /** 0 (default): silent. 1: a line by console.log for what it does. */
  readonly verbose?: 0 | 1
}

export function checkVerbosity(op: string, { verbose = 0 }: Verbosity): void {
  checkVerbose(op, verbose, [0, 1])
}

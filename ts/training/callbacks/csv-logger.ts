import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { fail } from '../../errors.js'
import { checkBoolean, checkOptions } from '../../options.js'
import type { Logs } from '../history.js'
import type { Callback } from './callback.js'

export interface CsvLoggerConfig {
  readonly filename: string
  /** What stands between the values (default ','). */
  readonly separator?: string
  /** Whether rows are added to a file that is there, instead of replacing it (default false). */
  readonly append?: boolean
}

/** Rows as Python's csv module writes them in the dialect of Excel, which Keras takes. */
const endOfLine = '\r\n'

/**
 * Writes the logs of each epoch to a file of comma-separated values: the epoch, counted from 0, then the logs by their names in order.
 *
 * @param config filename; separator (default ','); append (default false)
 * @throws argument.type, argument.unknown; in training io.write
 *
 * @example
 * await model.fit(x, y, { epochs: 20, callbacks: lw.callbacks.csvLogger({ filename: 'training.csv' }) })
 */
export function csvLogger(config: CsvLoggerConfig): Callback {
  checkOptions('csvLogger', config, ['filename', 'separator', 'append'])
  const { filename, separator = ',', append = false } = config
  for (const [argument, got] of Object.entries({ filename, separator })) {
    if (typeof got === 'string' && got !== '') continue
    fail('argument.type', { op: 'csvLogger', argument, expected: 'a text', got })
  }
  checkBoolean('csvLogger', 'append', append)
  const quoted = (cell: unknown) => {
    const text = String(cell)
    return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const line = (cells: readonly unknown[]) => cells.map(quoted).join(separator) + endOfLine
  const write = async (writing: Promise<void>) =>
    writing.catch((error: Error) => fail('io.write', { path: filename, reason: error.message }))
  let names: readonly string[] | undefined
  let headed = false
  return {
    onTrainBegin: async () => {
      names = undefined
      headed = append && (await readFile(filename, 'utf8').catch(() => '')) !== ''
      if (!append) await write(writeFile(filename, ''))
    },
    onEpochEnd: async (epoch: number, logs: Logs) => {
      names ??= columnsOf(logs)
      const header = headed ? '' : line(['epoch', ...names])
      headed = true
      await write(appendFile(filename, header + line([epoch, ...names.map((name) => logs[name] ?? 'NA')])))
    },
  }
}

/** The logs' names in order. Where none is of a validation, one may follow in a later epoch, so there is room for it. */
function columnsOf(logs: Logs): string[] {
  const names = Object.keys(logs).sort()
  const validated = names.some((name) => name.startsWith('val_'))
  return validated ? names : [...names, ...names.map((name) => `val_${name}`)]
}

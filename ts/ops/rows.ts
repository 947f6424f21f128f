import type { Storage } from '../dtype.js'

/** For each row its maximum and the sum of exp(x - maximum). */
export function forEachRow(
  x: Storage,
  columns: number,
  visit: (start: number, maximum: number, total: number) => void,
): void {
  for (let start = 0; start < x.length; start += columns) {
    let maximum = -Infinity
    for (let j = 0; j < columns; j++) maximum = Math.max(maximum, x[start + j] as number)
    let total = 0
    for (let j = 0; j < columns; j++) total += Math.exp((x[start + j] as number) - maximum)
    visit(start, maximum, total)
  }
}

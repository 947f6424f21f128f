import { readFileSync } from 'node:fs'

/** A list of numbers in a fixture, where those that JSON lacks are text. */
export type Numbers = readonly (number | string)[]

/** The entries of one of the files that make.py wrote. */
export function readFixture<Entry>(name: string): readonly Entry[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8')
  return (JSON.parse(text) as { entries: readonly Entry[] }).entries
}

export function toFloat64(numbers: Numbers): Float64Array {
  return Float64Array.from(numbers, Number)
}

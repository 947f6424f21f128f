import type { Random } from '../random.js'
import type { Json, ProgramText } from './program-text.js'

/** What does not belong where it will stand. */
const strangers: readonly Json[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 64,
  -(2 ** 63),
  '',
  'float32',
  'matmul',
  'constructor',
  '\u0000',
  '\ud800',
  'é'.repeat(100),
  [],
  [[]],
  {},
  { op: 'add' },
]

/** Tokens that make a text another one, or no JSON at all. */
const tokens = [
  '-',
  '0',
  '9',
  '1e999',
  '.5',
  'NaN',
  'null',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\u0000',
  '\\',
  '\ufeff',
]

/** Replaces, removes, doubles or exchanges something at a random place of the tree. */
export function damageTree(program: ProgramText, random: Random): void {
  let parent = program as unknown as Record<string, Json>
  for (;;) {
    const keys = Object.keys(parent)
    if (keys.length === 0) return
    const key = random.pick(keys)
    const child = parent[key]
    if (typeof child === 'object' && child !== null && Object.keys(child).length > 0 && random.chance(0.85)) {
      parent = child as Record<string, Json>
      continue
    }
    change(parent, key, random)
    return
  }
}

/** An array is taken as a record of its positions. */
function change(parent: Record<string, Json>, key: string, random: Random): void {
  const kind = random.below(5)
  if (kind <= 1) parent[key] = random.pick(strangers)
  else if (kind === 2) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete parent[key]
  } else if (kind === 3) {
    if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(parent[key]))
    else parent[`${key}${random.pick(['', 'x', ' '])}x`] = parent[key] as Json
  } else {
    const other = random.pick(Object.keys(parent))
    const [a, b] = [parent[key] as Json, parent[other] as Json]
    parent[key] = b
    parent[other] = a
  }
}

/** Cuts, repeats, overwrites or nests some characters. */
export function damageText(text: string, random: Random): string {
  const start = random.below(text.length + 1)
  const end = Math.min(text.length, start + 1 + random.below(random.chance(0.9) ? 8 : text.length))
  switch (random.below(6)) {
    case 0:
      return text.slice(0, start) + text.slice(end)
    case 1:
      return text.slice(0, end) + text.slice(start)
    case 2:
      return text.slice(0, start) + random.pick(tokens) + text.slice(start)
    case 3:
      return text.slice(0, start) + String.fromCharCode(random.below(128)) + text.slice(start + 1)
    case 4:
      return (
        text.slice(0, start) +
        random.pick(['[', '{"a":', '-']).repeat(1 << random.below(14)) +
        text.slice(end)
      )
    default: {
      // Another number in the place of one.
      const digits = [...text.matchAll(/\d+/g)]
      if (digits.length === 0) return text
      const { index, 0: number } = random.pick(digits)
      const other = random.pick([
        '0',
        '1',
        '2',
        '7',
        '-1',
        '1.0',
        '1e2',
        '4294967296',
        '18446744073709551616',
      ])
      return text.slice(0, index) + other + text.slice(index + number.length)
    }
  }
}

import { LayerwiseError } from '../errors.js'

/**
 * JSON from a file that is not trusted. Where JSON.parse would be lenient, it refuses: a key that stands twice in one object, and the key
 * __proto__, which could reach the prototypes of objects.
 *
 * @param refuse raises an error; the detail follows the name of the text
 */
export function parseJson(text: string, refuse: (detail: string) => never): unknown {
  let parsed: unknown
  let keys = -1 // The root is visited too, under a key of its own.
  try {
    parsed = JSON.parse(text, function (this: unknown, key, value: unknown) {
      if (!Array.isArray(this)) keys++
      return key === '__proto__' ? refuse("has the key '__proto__'") : value
    })
  } catch (error) {
    if (error instanceof LayerwiseError) throw error
    if (error instanceof RangeError) return refuse('is nested too deeply')
    return refuse(`is not valid JSON (${(error as Error).message})`)
  }
  return countKeys(text) === keys ? parsed : refuse('has a key that stands twice in one object')
}

/** The number of keys in valid JSON, repeated ones too: outside of strings, each has its colon. */
function countKeys(text: string): number {
  let keys = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') inString = !inString
    else if (inString && character === '\\') i++
    else if (!inString && character === ':') keys++
  }
  return keys
}

const used = new Map<string, number>()

/** A name for an object of a class: 'dense', 'dense_1', 'dense_2', … */
export function uniqueName(className: string): string {
  const base = className.charAt(0).toLowerCase() + className.slice(1)
  const count = used.get(base) ?? 0
  used.set(base, count + 1)
  return count === 0 ? base : `${base}_${count}`
}

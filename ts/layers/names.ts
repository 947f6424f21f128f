const used = new Map<string, number>()

/** A name for an object of a class: 'dense', 'dense_1', 'dense_2', … */
export function uniqueName(className: string): string {
  const base = camelCase(className)
  const count = used.get(base) ?? 0
  used.set(base, count + 1)
  return count === 0 ? base : `${base}_${count}`
}

/** A layer's name; without the number, if it is one that {@link uniqueName} gave. */
export function baseName(layer: { readonly name: string }): string {
  const { name } = layer
  const base = camelCase(layer.constructor.name)
  return name.startsWith(`${base}_`) && /^\d+$/.test(name.slice(base.length + 1)) ? base : name
}

function camelCase(className: string): string {
  return className.charAt(0).toLowerCase() + className.slice(1)
}

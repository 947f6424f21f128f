/** Words that Keras writes in capitals of their own, as our names have them at their beginning. */
const irregular: Readonly<Record<string, string>> = {
  AdamW: 'adamw',
  ELU: 'elu',
  IoU: 'iou',
  L1L2: 'l1l2',
  PReLU: 'prelu',
  RMSprop: 'rmsprop',
  ReLU: 'relu',
}

/**
 * How layerwise spells a name of Keras, and the only place that says so: snake_case joined ('leaky_relu' → 'leakyRelu'), CamelCase with a
 * small first word, of capitals as a whole where it is an abbreviation ('LeakyReLU' → 'leakyReLU', 'CSVLogger' → 'csvLogger'), and a small d
 * after a number ('Conv2D' → 'conv2d').
 */
export function camelCase(name: string): string {
  if (Object.hasOwn(irregular, name)) return irregular[name] as string
  if (name.includes('_') || name === name.toLowerCase()) {
    return name.replace(/_+(.)/g, (_, letter: string) => (/\d/.test(letter) ? letter : letter.toUpperCase()))
  }
  return name
    .replace(/^([A-Z]+(?=[A-Z][a-z])|[A-Z]+\d*$|[A-Z])/, (word) => word.toLowerCase())
    .replace(/(\d)D/g, '$1d')
}

import { fail } from '../errors.js'

/** One axis or several; negative ones count from the back. */
export type Axes = number | readonly number[]

/** Raises unless `axis` is an integer or an array of different ones. */
export function checkAxes(op: string, axis: unknown): void {
  const axes = [axis].flat()
  if (axes.length > 0 && axes.every(Number.isInteger) && new Set(axes).size === axes.length) return
  fail('argument.range', {
    op,
    argument: 'axis',
    expected: 'an axis or an array of different axes',
    got: axis,
  })
}

/**
 * Axes counted from the front, ascending, for an input of a layer.
 *
 * @throws layer.input when the input lacks one
 */
export function axesOf(layer: string, axis: Axes, shape: readonly (number | null)[]): number[] {
  const rank = shape.length
  const axes = [axis].flat().map((given) => (given < 0 ? given + rank : given))
  if (axes.some((each) => each < 0 || each >= rank) || new Set(axes).size !== axes.length) {
    fail('layer.input', { layer, expected: `an input with the axes ${axis}`, got: shape })
  }
  return axes.sort((a, b) => a - b)
}

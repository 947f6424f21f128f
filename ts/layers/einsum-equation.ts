import { fail } from '../errors.js'
import type { Shape } from '../shape.js'
import type { PartialShape } from './placeholder.js'

/** The labels of the axes of a layer's input, kernel, output and bias, and where an ellipsis stands in input and output. */
export interface EinsumEquation {
  readonly input: string
  readonly kernel: string
  readonly output: string
  readonly bias: string | undefined
  readonly ellipsis: 'left' | 'right' | 'none'
}

/**
 * @throws argument.range
 */
export function parseEquation(equation: unknown, biasAxes: unknown): EinsumEquation {
  const refuse = (argument: string, expected: string, got: unknown): never =>
    fail('argument.range', { op: 'einsumDense', argument, expected, got })
  const shape = /^(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?$/
  const [, left, input, right, kernel, leftOut, output, rightOut] = shape.exec(String(equation)) ?? []
  const valid =
    input &&
    kernel &&
    output &&
    left === leftOut &&
    right === rightOut &&
    !(left && right) &&
    [...output].every((label) => (input + kernel).includes(label)) &&
    [...kernel].every((label) => (input + output).includes(label)) &&
    [input, kernel, output].every((labels) => new Set(labels).size === labels.length)
  if (!valid) {
    const expected =
      "of the form 'ab,bc->ac', with an ellipsis first or last in both input and output, or in none"
    return refuse('equation', expected, equation)
  }
  const known =
    biasAxes === undefined ||
    (typeof biasAxes === 'string' && [...biasAxes].every((label) => output.includes(label)))
  if (!known) refuse('biasAxes', `labels of the output '${output}'`, biasAxes)
  const ellipsis = left ? 'left' : right ? 'right' : 'none'
  return { input, kernel, output, bias: (biasAxes as string | undefined) || undefined, ellipsis }
}

/** The shapes of the weights, the axes of the kernel that it shares with the input alone, and the extents that the input must keep. */
export interface EinsumWeights {
  readonly kernel: Shape
  readonly bias: Shape | undefined
  readonly fansIn: readonly number[]
  readonly inputAxes: Readonly<Record<number, number>>
}

/**
 * What an equation makes of an input's shape.
 *
 * @param outputShape without the batch and the axes of the ellipsis
 * @throws layer.input
 */
export function einsumWeights(
  layer: string,
  equation: EinsumEquation,
  outputShape: readonly (number | null)[],
  inputShape: PartialShape,
): EinsumWeights {
  const { input, kernel, output, bias, ellipsis } = equation
  const elided = inputShape.length - input.length
  const refuse = (expected: string): never => fail('layer.input', { layer, expected, got: inputShape })
  if (elided < 0 || (ellipsis === 'none' && elided > 0)) {
    refuse(
      `an input with the axes ${ellipsis === 'left' ? '...' : ''}${input}${ellipsis === 'right' ? '...' : ''}`,
    )
  }
  const [before, after] = ellipsis === 'left' ? [elided, 0] : [0, elided]
  // The batch is the first axis of all, and stands within an ellipsis on the left.
  const first = before > 0 ? before : 1
  const wholeOutput: PartialShape = [
    ...inputShape.slice(0, first),
    ...outputShape,
    ...inputShape.slice(input.length + before),
  ]
  if (wholeOutput.length !== before + output.length + after) {
    const argument = 'outputShape'
    const expected = `an extent for each axis of the output '${output}' but the batch`
    fail('argument.range', { op: 'einsumDense', argument, expected, got: outputShape })
  }
  const extentIn = (label: string) => inputShape[input.indexOf(label) + before] ?? null
  const extentOut = (label: string) => wholeOutput[output.indexOf(label) + before] ?? null
  const agree = (label: string, given: number | null, made: number | null) => {
    if (given === null || made === null || given === made) return
    refuse(`an input whose axis '${label}' has the extent ${made}`)
  }
  const extentOf = (label: string): number => {
    const given = input.includes(label) ? extentIn(label) : null
    const made = output.includes(label) ? extentOut(label) : null
    return made ?? given ?? refuse(`an input whose extent along axis '${label}' is known`)
  }
  for (const label of input) if (output.includes(label)) agree(label, extentIn(label), extentOut(label))
  const firstBias = bias ? Math.min(...[...bias].map((label) => output.indexOf(label))) : output.length
  const biasShape = [...output.slice(firstBias)].map((label) => (bias?.includes(label) ? extentOf(label) : 1))
  const inner = [...kernel].filter((label) => input.includes(label))
  return {
    kernel: [...kernel].map(extentOf),
    bias: bias ? [...biasShape, ...Array<number>(after).fill(1)] : undefined,
    fansIn: [...kernel].flatMap((label, axis) => (output.includes(label) ? [] : [axis])),
    inputAxes: Object.fromEntries(inner.map((label) => [input.indexOf(label) + before, extentOf(label)])),
  }
}

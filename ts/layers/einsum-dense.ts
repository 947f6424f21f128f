import type { Activation } from '../activations/activation.js'
import { type ActivationName, getActivation } from '../activations/registry.js'
import type { ConstraintIdentifier } from '../constraints/registry.js'
import { fail } from '../errors.js'
import type { Initializer } from '../initializers/initializer.js'
import { getInitializer, type InitializerIdentifier } from '../initializers/registry.js'
import { add, einsum, reshape, transpose } from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { RegularizerIdentifier } from '../regularizers/registry.js'
import type { Tensor } from '../tensor.js'
import type { Variable } from '../variable.js'
import { type EinsumEquation, einsumWeights, parseEquation } from './einsum-equation.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'
import { settingsConfig, type WeightSettings, weightSettingNames, weightSettings } from './weight-settings.js'

export interface EinsumDenseConfig extends LayerConfig {
  /** Of the input, the kernel and the output, such as 'abc,cd->abd'; `...` may begin or end both input and output. */
  readonly equation: string
  /** The output's shape without the batch and without the axes of an ellipsis; null takes the input's extent. */
  readonly outputShape: number | readonly (number | null)[]
  /** A name or a function (default 'linear'). */
  readonly activation?: ActivationName | Activation
  /** The labels of the output's axes that the bias has, such as 'd' (default: no bias). */
  readonly biasAxes?: string
  /** Default 'glorotUniform', between the axes that the kernel shares with the input and those that it shares with the output. */
  readonly kernelInitializer?: InitializerIdentifier
  /** Default 'zeros'. */
  readonly biasInitializer?: InitializerIdentifier
  /** Default none, like the following ones. */
  readonly kernelRegularizer?: RegularizerIdentifier
  readonly biasRegularizer?: RegularizerIdentifier
  readonly kernelConstraint?: ConstraintIdentifier
  readonly biasConstraint?: ConstraintIdentifier
}

/** The initializers by default. */
const weights = { kernel: 'glorotUniform', bias: 'zeros' } as const

/** activation(einsum(equation, x, kernel) + bias). Weights: kernel, with the axes that the equation gives it, and bias. */
export class EinsumDense extends Layer {
  static readonly className = 'einsumDense'
  readonly equation: string
  readonly outputShape: readonly (number | null)[]
  readonly biasAxes: string | undefined
  readonly activation: Activation
  kernel!: Variable
  bias: Variable | undefined
  readonly #parsed: EinsumEquation
  readonly #activation: ActivationName | Activation
  readonly #settings: Readonly<Record<keyof typeof weights, WeightSettings>>

  constructor(config: EinsumDenseConfig) {
    const own = ['equation', 'outputShape', 'activation', 'biasAxes', ...weightSettingNames(weights)]
    checkOptions('einsumDense', config, [...layerOptions, ...own])
    super(config)
    const { equation, outputShape, activation = 'linear', biasAxes } = config
    const extents: readonly unknown[] = [outputShape].flat()
    if (!extents.every((extent) => extent === null || (Number.isInteger(extent) && (extent as number) > 0))) {
      const expected = 'a positive integer, or an array of them and of null'
      fail('argument.range', { op: 'einsumDense', argument: 'outputShape', expected, got: outputShape })
    }
    this.#parsed = parseEquation(equation, biasAxes)
    this.equation = equation
    this.outputShape = [outputShape].flat()
    this.biasAxes = biasAxes
    this.activation = getActivation(activation)
    this.#activation = activation
    this.#settings = weightSettings(config, weights)
  }

  override build(inputShape: PartialShape): void {
    const shapes = einsumWeights(this.name, this.#parsed, this.outputShape, inputShape)
    this.inputSpec = { rank: inputShape.length, axes: shapes.inputAxes }
    const { kernel, bias } = this.#settings
    const initializer = betweenAxes(getInitializer(kernel.initializer ?? 'glorotUniform'), shapes.fansIn)
    this.kernel = this.addWeight({ name: 'kernel', shape: shapes.kernel, ...kernel, initializer })
    if (shapes.bias) this.bias = this.addWeight({ name: 'bias', shape: shapes.bias, ...bias })
  }

  override call(x: Tensor): Tensor {
    const product = einsum(this.equation, x, this.kernel)
    return this.activation(this.bias ? add(product, this.bias) : product)
  }

  override getConfig(): Record<string, unknown> {
    const { equation, outputShape, biasAxes } = this
    return {
      ...super.getConfig(),
      equation,
      outputShape,
      activation: this.#activation,
      ...(biasAxes !== undefined && { biasAxes }),
      ...settingsConfig(this.#settings),
    }
  }
}

/** The initializers whose numbers depend on how many inputs and outputs a kernel connects. */
const scaling = new Set<unknown>([
  'glorotNormal',
  'glorotUniform',
  'heNormal',
  'heUniform',
  'lecunNormal',
  'lecunUniform',
  'varianceScaling',
])

/** An initializer that counts some axes of a kernel as its inputs and the others as its outputs. */
function betweenAxes(initializer: Initializer, inputs: readonly number[]): Initializer {
  if (!scaling.has((initializer as { className?: unknown }).className)) return initializer
  return (shape) => {
    const outputs = shape.map((_, axis) => axis).filter((axis) => !inputs.includes(axis))
    const order = [...inputs, ...outputs]
    const size = (axes: readonly number[]) =>
      axes.reduce((product, axis) => product * (shape[axis] as number), 1)
    const matrix = initializer([size(inputs), size(outputs)])
    const parted = reshape(
      matrix,
      order.map((axis) => shape[axis] as number),
    )
    return transpose(
      parted,
      order.map((_, axis) => order.indexOf(axis)),
    )
  }
}

/**
 * A dense layer of any equation: the input and a kernel multiplied and summed by `lw.ops.einsum`, a bias added, an activation.
 *
 * @throws argument.range, argument.unknown, name.unknown; layer.input where the input does not fit the equation
 *
 * @example
 * lw.layers.einsumDense({ equation: 'abc,cd->abd', outputShape: [null, 64], biasAxes: 'd' })   // dense over [batch, steps, features]
 * lw.layers.einsumDense({ equation: '...x,xhd->...hd', outputShape: [8, 16] })   // features to 8 heads of 16
 */
export function einsumDense(config: EinsumDenseConfig): EinsumDense {
  return new EinsumDense(config)
}

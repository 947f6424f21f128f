import { fail } from '../errors.js'
import * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { isShapeList } from './input-spec.js'
import { type CallOptions, type InputShape, Layer, type LayerConfig, layerOptions } from './layer.js'
import type { Mask } from './mask.js'
import type { PartialShape } from './placeholder.js'

/**
 * The base of the layers that make one tensor of several, element by element. Samples broadcast; those of lower rank get new axes after the
 * batch.
 */
abstract class Merge extends Layer {
  override supportsMasking = true

  constructor(op: string, config: LayerConfig) {
    checkOptions(op, config, layerOptions)
    super(config)
  }

  /** How many inputs it takes; by default any number. */
  protected get arity(): number | undefined {
    return undefined
  }

  protected override checkInputShape(inputShape: InputShape): void {
    const { arity } = this
    const fits =
      isShapeList(inputShape) && inputShape.length === (arity ?? inputShape.length) && broadcast(inputShape)
    if (fits) return
    const expected = `an array of ${arity ?? 'one or more'} inputs of one batch whose samples broadcast`
    fail('layer.input', { layer: this.name, expected, got: inputShape })
  }

  /** `masks` are of the inputs' ranks less the last axis; undefined where an input carries none. */
  protected abstract merge(inputs: readonly Tensor[], masks: readonly Mask[]): Tensor

  override call(inputs: readonly Tensor[], { mask }: CallOptions): Tensor {
    const rank = Math.max(...inputs.map((input) => input.rank))
    const aligned = inputs.map((input) => {
      const [batch, ...sample] = input.shape as [number, ...number[]]
      return ops.reshape(input, [batch, ...Array<number>(rank - input.rank).fill(1), ...sample])
    })
    const masks = inputs.map((input, i) =>
      input.rank === rank ? (mask as readonly Mask[] | undefined)?.[i] : undefined,
    )
    return this.merge(aligned, masks)
  }

  /** A step counts where it does in one of the inputs, if all carry masks. */
  override computeMask(_inputs: readonly Tensor[], masks: readonly Mask[] | undefined): Mask {
    if (!masks?.every((mask) => mask !== undefined)) return undefined
    return (masks as readonly Tensor[]).reduce((x, y) => ops.logicalOr(x, y))
  }
}

/** Whether samples of these shapes broadcast, and the batches are the same. */
function broadcast(shapes: readonly PartialShape[]): boolean {
  const agree = (extents: readonly (number | null | undefined)[]) =>
    new Set(extents.filter((extent) => extent !== null && extent !== undefined)).size <= 1
  const samples = shapes.map((shape) => shape.slice(1))
  const rank = Math.max(...samples.map((sample) => sample.length))
  const axes = Array.from({ length: rank }, (_, axis) => samples.map((sample) => sample.at(-1 - axis)))
  return (
    shapes.every((shape) => shape.length > 0) &&
    agree(shapes.map(([batch]) => batch)) &&
    axes.every((extents) => agree(extents.filter((extent) => extent !== 1)))
  )
}

/** Merges inputs two by two. Where a step of one of two does not count, the other's stands for it. */
function mergeUnmasked(
  inputs: readonly Tensor[],
  masks: readonly Mask[],
  merge: (x: Tensor, y: Tensor) => Tensor,
): Tensor {
  const counting = inputs.map(({ shape }, i) => {
    const mask = masks[i]
    return mask && ops.broadcastTo(ops.expandDims(mask, -1), shape)
  })
  let [merged, mergedCounting] = [inputs[0] as Tensor, counting[0]]
  for (let i = 1; i < inputs.length; i++) {
    const [input, inputCounting] = [inputs[i] as Tensor, counting[i]]
    const next = inputCounting ? ops.where(inputCounting, input, merged) : input
    merged = merge(mergedCounting ? ops.where(mergedCounting, merged, next) : merged, next)
    mergedCounting = mergedCounting && inputCounting && ops.logicalOr(mergedCounting, inputCounting)
  }
  return merged
}

/** The sum of its inputs. */
export class Add extends Merge {
  static readonly className = 'add'

  constructor(config: LayerConfig = {}) {
    super('add', config)
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((x, y) => ops.add(x, y))
  }
}

/** The difference of its two inputs. */
export class Subtract extends Merge {
  static readonly className = 'subtract'

  constructor(config: LayerConfig = {}) {
    super('subtract', config)
  }

  protected override get arity(): number {
    return 2
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((x, y) => ops.subtract(x, y))
  }
}

/** The product of its inputs. */
export class Multiply extends Merge {
  static readonly className = 'multiply'

  constructor(config: LayerConfig = {}) {
    super('multiply', config)
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((x, y) => ops.multiply(x, y))
  }
}

/** The mean of its inputs. */
export class Average extends Merge {
  static readonly className = 'average'

  constructor(config: LayerConfig = {}) {
    super('average', config)
  }

  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.divide(
      inputs.reduce((x, y) => ops.add(x, y)),
      inputs.length,
    )
  }
}

/** The largest of its inputs. */
export class Maximum extends Merge {
  static readonly className = 'maximum'

  constructor(config: LayerConfig = {}) {
    super('maximum', config)
  }

  protected override merge(inputs: readonly Tensor[], masks: readonly Mask[]): Tensor {
    return mergeUnmasked(inputs, masks, ops.maximum)
  }
}

/** The smallest of its inputs. */
export class Minimum extends Merge {
  static readonly className = 'minimum'

  constructor(config: LayerConfig = {}) {
    super('minimum', config)
  }

  protected override merge(inputs: readonly Tensor[], masks: readonly Mask[]): Tensor {
    return mergeUnmasked(inputs, masks, ops.minimum)
  }
}

/**
 * The sum of its inputs, element by element. Samples broadcast; those of lower rank get new axes after the batch.
 *
 * @throws argument.unknown
 *
 * @example
 * lw.layers.add().apply([x, y])   // x [batch, 5, 3] and y [batch, 3] give [batch, 5, 3]
 */
export function add(config: LayerConfig = {}): Add {
  return new Add(config)
}

/** The first of its two inputs less the second, element by element; broadcasts as {@link add}. */
export function subtract(config: LayerConfig = {}): Subtract {
  return new Subtract(config)
}

/** The product of its inputs, element by element; broadcasts as {@link add}. */
export function multiply(config: LayerConfig = {}): Multiply {
  return new Multiply(config)
}

/** The mean of its inputs, element by element; broadcasts as {@link add}. */
export function average(config: LayerConfig = {}): Average {
  return new Average(config)
}

/** The largest of its inputs, element by element; broadcasts as {@link add}. */
export function maximum(config: LayerConfig = {}): Maximum {
  return new Maximum(config)
}

/** The smallest of its inputs, element by element; broadcasts as {@link add}. */
export function minimum(config: LayerConfig = {}): Minimum {
  return new Minimum(config)
}

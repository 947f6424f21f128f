import { fail } from '../errors.js'
import { pad, slice } from '../ops/index.js'
import { checkFormat, type DataFormat } from '../ops/windows.js'
import { checkOptions } from '../options.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { InputShape } from './layer.js'
import { Layer, type LayerConfig, layerOptions } from './layer.js'
import type { PartialShape } from './placeholder.js'

/** What is added to or taken from the sides of spatial axes: one number for all, one for each axis, or [before, behind] for each. */
export type Margins = number | readonly (number | readonly [before: number, behind: number])[]

type Sides = readonly (readonly [before: number, behind: number])[]

/** The sides of each axis. One axis takes [before, behind] itself, as in Keras. */
function sidesOf(op: string, argument: string, given: unknown, spatial: number): Sides {
  const isAmount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0
  const refuse = (): never => {
    const each =
      spatial === 1 ? '[before, behind]' : `an array of ${spatial} numbers or pairs [before, behind]`
    const expected = `an integer from 0 on, or ${each}`
    return fail('argument.range', { op, argument, expected, got: given })
  }
  const side = (value: unknown): readonly [number, number] => {
    if (isAmount(value)) return [value as number, value as number]
    if (Array.isArray(value) && value.length === 2 && value.every(isAmount))
      return value as [number, number] & number[]
    return refuse()
  }
  if (isAmount(given)) return Array.from({ length: spatial }, () => side(given))
  if (!Array.isArray(given)) return refuse()
  if (spatial === 1 && given.length === 2) return [side(given)]
  return given.length === spatial ? given.map(side) : refuse()
}

/** Keras's form of the sides: those of one axis stand without a list around them. */
const plain = (sides: Sides) => (sides.length === 1 ? (sides[0] as readonly number[]) : sides)

abstract class MarginLayer extends Layer {
  readonly dataFormat: DataFormat
  protected readonly sides: Sides

  constructor(
    config: LayerConfig & { readonly dataFormat?: DataFormat },
    factory: string,
    protected readonly spatial: number,
    readonly option: 'padding' | 'cropping',
    byDefault: Margins,
    options: readonly string[] = ['dataFormat'],
  ) {
    checkOptions(factory, config, [...layerOptions, option, ...options])
    super(config)
    const { dataFormat = 'channelsLast' } = config
    checkFormat(factory, 'valid', dataFormat, spatial)
    const given = (config as Readonly<Record<string, unknown>>)[option] ?? byDefault
    this.sides = sidesOf(factory, option, given, spatial)
    this.dataFormat = dataFormat
    this.inputSpec = { rank: spatial + 2 }
  }

  /** The sides of all axes. */
  protected get allSides(): Sides {
    const none = [0, 0] as const
    return this.dataFormat === 'channelsLast' ? [none, ...this.sides, none] : [none, none, ...this.sides]
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat, option, sides } = this
    return { ...super.getConfig(), [option]: plain(sides), dataFormat }
  }
}

abstract class ZeroPadding extends MarginLayer {
  override call(x: Tensor): Tensor {
    return pad(x, this.allSides)
  }
}

abstract class Cropping extends MarginLayer {
  protected override checkInputShape(inputShape: InputShape): void {
    super.checkInputShape(inputShape)
    const shape = inputShape as PartialShape
    const fits = this.allSides.every(
      ([before, behind], axis) => before + behind < (shape[axis] ?? Infinity) || before + behind === 0,
    )
    if (fits) return
    const expected = `an input that is larger than what is cropped, ${JSON.stringify(plain(this.sides))}`
    fail('layer.input', { layer: this.name, expected, got: shape })
  }

  override call(x: Tensor): Tensor {
    const sides = this.allSides
    const extents: Shape = x.shape.map((extent, axis) => extent - sides[axis]![0] - sides[axis]![1])
    return slice(
      x,
      sides.map(([before]) => before),
      extents,
    )
  }
}

export interface ZeroPaddingConfig extends LayerConfig {
  /** The zeros around the spatial axes (default 1). */
  readonly padding?: Margins
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

export interface CroppingConfig extends LayerConfig {
  /** What is cut from the spatial axes (default 1 for one and three axes, 0 for two, as in Keras). */
  readonly cropping?: Margins
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

export class ZeroPadding1d extends ZeroPadding {
  static readonly className = 'zeroPadding1d'

  constructor(config: ZeroPaddingConfig = {}) {
    super(config, 'zeroPadding1d', 1, 'padding', 1)
  }
}

export class ZeroPadding2d extends ZeroPadding {
  static readonly className = 'zeroPadding2d'

  constructor(config: ZeroPaddingConfig = {}) {
    super(config, 'zeroPadding2d', 2, 'padding', 1)
  }
}

export class ZeroPadding3d extends ZeroPadding {
  static readonly className = 'zeroPadding3d'

  constructor(config: ZeroPaddingConfig = {}) {
    super(config, 'zeroPadding3d', 3, 'padding', 1)
  }
}

export class Cropping1d extends Cropping {
  static readonly className = 'cropping1d'

  constructor(config: Omit<CroppingConfig, 'dataFormat'> = {}) {
    super(config, 'cropping1d', 1, 'cropping', 1, [])
  }

  override getConfig(): Record<string, unknown> {
    const { dataFormat: _, ...config } = super.getConfig()
    return config
  }
}

export class Cropping2d extends Cropping {
  static readonly className = 'cropping2d'

  constructor(config: CroppingConfig = {}) {
    super(config, 'cropping2d', 2, 'cropping', 0)
  }
}

export class Cropping3d extends Cropping {
  static readonly className = 'cropping3d'

  constructor(config: CroppingConfig = {}) {
    super(config, 'cropping3d', 3, 'cropping', 1)
  }
}

/**
 * Zeros before and behind the steps of sequences [batch, steps, channels].
 *
 * @param config padding (1; [before, behind]), dataFormat ('channelsLast')
 * @throws argument.range, argument.type, argument.unknown
 *
 * @example
 * lw.layers.zeroPadding1d({ padding: [2, 0] })
 */
export function zeroPadding1d(config: ZeroPaddingConfig = {}): ZeroPadding1d {
  return new ZeroPadding1d(config)
}

/**
 * Zeros around images [batch, height, width, channels].
 *
 * @param config padding (1; [height, width] or [[top, bottom], [left, right]]), dataFormat ('channelsLast')
 * @throws as `zeroPadding1d`
 *
 * @example
 * lw.layers.zeroPadding2d({ padding: [[0, 1], [0, 1]] })
 */
export function zeroPadding2d(config: ZeroPaddingConfig = {}): ZeroPadding2d {
  return new ZeroPadding2d(config)
}

/**
 * Zeros around volumes [batch, depth, height, width, channels].
 *
 * @param config padding (1), dataFormat ('channelsLast')
 * @throws as `zeroPadding1d`
 *
 * @example
 * lw.layers.zeroPadding3d({ padding: [0, 1, 1] })
 */
export function zeroPadding3d(config: ZeroPaddingConfig = {}): ZeroPadding3d {
  return new ZeroPadding3d(config)
}

/**
 * Leaves out steps at the start and the end of sequences [batch, steps, channels].
 *
 * @param config cropping (1; [before, behind])
 * @throws argument.range, argument.type, argument.unknown; layer.input when nothing would be left
 *
 * @example
 * lw.layers.cropping1d({ cropping: [2, 0] })
 */
export function cropping1d(config: Omit<CroppingConfig, 'dataFormat'> = {}): Cropping1d {
  return new Cropping1d(config)
}

/**
 * Leaves out the margins of images [batch, height, width, channels].
 *
 * @param config cropping (0; [height, width] or [[top, bottom], [left, right]]), dataFormat ('channelsLast')
 * @throws as `cropping1d`
 *
 * @example
 * lw.layers.cropping2d({ cropping: [[0, 1], [2, 2]] })
 */
export function cropping2d(config: CroppingConfig = {}): Cropping2d {
  return new Cropping2d(config)
}

/**
 * Leaves out the margins of volumes [batch, depth, height, width, channels].
 *
 * @param config cropping (1), dataFormat ('channelsLast')
 * @throws as `cropping1d`
 *
 * @example
 * lw.layers.cropping3d({ cropping: 2 })
 */
export function cropping3d(config: CroppingConfig = {}): Cropping3d {
  return new Cropping3d(config)
}

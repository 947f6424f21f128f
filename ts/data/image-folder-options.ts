import { fail } from '../errors.js'
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkInterval,
  checkOptions,
  checkPath,
} from '../options.js'
import { checkSeed } from '../random.js'
import {
  type ColorMode,
  colorModes,
  type ImageFormat,
  type Interpolation,
  interpolations,
} from './image-decoder.js'

export interface ImageFolderOptions {
  /**
   * 'inferred' (default): each folder within is a class. null: images without classes. An array: the class number of each image, in the
   * order of their paths.
   */
  readonly labels?: 'inferred' | null | readonly number[]
  /**
   * 'int' (default): class numbers, int32 [n]. 'categorical': one-hot rows, float32 [n, classes]. 'binary': float32 [n, 1], for two classes.
   * null: images alone.
   */
  readonly labelMode?: 'int' | 'categorical' | 'binary' | null
  /** Which folders are classes, in this order (default: all, sorted). */
  readonly classNames?: readonly string[]
  /** 'rgb' (default), 'rgba' or 'grayscale'. */
  readonly colorMode?: ColorMode
  /** Images of a batch (default 32); null gives single images. */
  readonly batchSize?: number | null
  /** Height and width, or both in one number (default [256, 256]). */
  readonly imageSize?: readonly [height: number, width: number] | number
  /** Whether each pass takes the images in a new random order (default true). The validation part keeps the order of a split. */
  readonly shuffle?: boolean
  /** Makes the order and the split repeatable (default: drawn from what `lw.seed` started). */
  readonly seed?: number
  /** The share of images that is kept for validation: the last ones, after shuffling where that is on. */
  readonly validationSplit?: number
  /** Which part of a split to give; 'both' gives an array of the two. */
  readonly subset?: 'training' | 'validation' | 'both'
  /** 'bilinear' (default), 'nearest', 'bicubic', 'lanczos3' or 'mitchellcubic'. All but 'nearest' take means of what they shrink. */
  readonly interpolation?: Interpolation
  /** Whether images of another aspect ratio are cropped at the sides, not stretched (default false). */
  readonly cropToAspectRatio?: boolean
  /** Whether images of another aspect ratio get black margins, and are not stretched (default false). */
  readonly padToAspectRatio?: boolean
  /** What the names of images end with (default .avif, .gif, .jpeg, .jpg, .png, .tif, .tiff and .webp). */
  readonly extensions?: readonly string[]
  /** 'error' (default): a file that cannot be decoded raises image.invalid. 'skip': it is left out, with a warning that names it. */
  readonly onCorrupt?: 'error' | 'skip'
}

const known: Readonly<Record<keyof ImageFolderOptions, true>> = {
  labels: true,
  labelMode: true,
  classNames: true,
  colorMode: true,
  batchSize: true,
  imageSize: true,
  shuffle: true,
  seed: true,
  validationSplit: true,
  subset: true,
  interpolation: true,
  cropToAspectRatio: true,
  padToAspectRatio: true,
  extensions: true,
  onCorrupt: true,
}

const imageExtensions = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp']

/** As many as sharp reads of a file. */
const mostPixels = 16383 ** 2

/** The options, checked and with their defaults. */
export function checkImageFolderOptions(op: string, folder: unknown, options: ImageFolderOptions) {
  checkOptions(op, options, Object.keys(known))
  const { labels = 'inferred', batchSize = 32, imageSize = 256, shuffle = true, seed, subset } = options
  const { extensions = imageExtensions, interpolation = 'bilinear', colorMode = 'rgb' } = options
  const { cropToAspectRatio = false, padToAspectRatio = false, validationSplit = 0 } = options
  const refuse = (argument: string, expected: string, got: unknown): never =>
    fail('argument.type', { op, argument, expected, got })
  const { labelMode = 'int', onCorrupt = 'error' } = options
  checkPath(op, folder, 'folder')
  if (labelMode !== null) checkChoice(op, 'labelMode', labelMode, ['int', 'categorical', 'binary'])
  checkChoice(op, 'colorMode', colorMode, Object.keys(colorModes))
  checkChoice(op, 'interpolation', interpolation, Object.keys(interpolations))
  if (subset !== undefined) checkChoice(op, 'subset', subset, ['training', 'validation', 'both'])
  checkChoice(op, 'onCorrupt', onCorrupt, ['error', 'skip'])
  const isClass = (label: unknown) => Number.isInteger(label) && (label as number) >= 0
  if (labels !== 'inferred' && labels !== null && !(Array.isArray(labels) && labels.every(isClass))) {
    refuse('labels', "'inferred', null or an array of class numbers from 0", labels)
  }
  if (options.classNames !== undefined) {
    if (!isTexts(options.classNames)) refuse('classNames', 'an array of names of folders', options.classNames)
    if (labels !== 'inferred')
      refuse('classNames', "left out unless labels are 'inferred'", options.classNames)
  }
  if (!isTexts(extensions)) refuse('extensions', "an array of texts such as '.png'", extensions)
  const size = typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize
  if (!Array.isArray(size) || size.length !== 2)
    refuse('imageSize', '[height, width] or one number', imageSize)
  const [height, width] = size as [number, number]
  for (const extent of [height, width]) checkInteger(op, 'imageSize', extent, 1)
  if (height * width > mostPixels) {
    const expected = `of at most ${mostPixels} pixels`
    fail('argument.range', { op, argument: 'imageSize', expected, got: imageSize })
  }
  if (batchSize !== null) checkInteger(op, 'batchSize', batchSize, 1)
  if (seed !== undefined) checkSeed(op, seed)
  for (const argument of ['shuffle', 'cropToAspectRatio', 'padToAspectRatio'] as const)
    checkBoolean(op, argument, options[argument])
  if (cropToAspectRatio && padToAspectRatio)
    refuse('padToAspectRatio', 'left out beside cropToAspectRatio', true)
  checkInterval(op, 'validationSplit', validationSplit, { minimum: 0, limit: 1 })
  if (validationSplit > 0 !== (subset !== undefined)) {
    refuse('subset', 'given together with validationSplit: one says how much, the other which part', subset)
  }
  if (subset && subset !== 'both' && shuffle && seed === undefined) {
    refuse('seed', "given, so that 'training' and 'validation' split the images alike", seed)
  }
  const fit = cropToAspectRatio ? 'cover' : padToAspectRatio ? 'contain' : 'fill'
  const format: ImageFormat = { height, width, colorMode, interpolation, fit }
  const endings = extensions.map((extension) => extension.toLowerCase())
  return {
    labels,
    labelMode: labels === null ? null : labelMode,
    batchSize,
    shuffle,
    seed,
    validationSplit,
    subset,
    onCorrupt,
    extensions: endings,
    format,
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string')

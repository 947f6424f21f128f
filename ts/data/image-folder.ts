import { availableParallelism } from 'node:os'
import { fail } from '../errors.js'
import { permutation } from '../random.js'
import { storageOf, Tensor } from '../tensor.js'
import { Dataset } from './dataset.js'
import { imageDecoder, loadSharp } from './image-decoder.js'
import { type ImageFile, listImages } from './image-files.js'
import { checkImageFolderOptions, type ImageFolderOptions } from './image-folder-options.js'
import { fromGenerator } from './sources.js'
import { filtered, mapped } from './stages.js'

/** Batches that are decoded while one is in use. */
const batchesAhead = 2
const op = 'imageFolder'

/** A dataset of images that knows their classes and files. */
export class ImageDataset<Element = readonly [images: Tensor, labels: Tensor]> extends Dataset<Element> {
  constructor(
    images: Dataset<Element>,
    /** What the labels mean; empty where there are none. */
    readonly classNames: readonly string[],
    /** The files, in the order of their paths or of the split. */
    readonly filePaths: readonly string[],
  ) {
    super(() => images[Symbol.asyncIterator](), images.cardinality)
  }

  override toString(): string {
    const { classNames, filePaths } = this
    const classes = classNames.length > 0 ? ` of ${classNames.length} classes` : ''
    return `ImageDataset of ${filePaths.length} images${classes}`
  }
}

type Unlabelled = { readonly labels: null } | { readonly labelMode: null }
type Both = { readonly subset: 'both' }
type Pair<Images> = readonly [training: Images, validation: Images]

/**
 * A dataset of the images in a folder, which holds a folder for each class: batches [x, y] of x uint8 [n, height, width, channels], from 0 to 255, and y
 * int32 [n], the number of the class. Its `classNames` are the names of the folders, sorted. Files are decoded while they are needed, on other
 * threads than JavaScript's, two batches ahead of the one that is in use. Photographs are turned upright, as their EXIF data say.
 *
 * Decoding needs the package sharp: `npm install sharp`. The options are those of Keras's image_dataset_from_directory, where images are float32.
 *
 * @throws peer.missing, images.none, io.read, argument.*; image.invalid, during a pass
 *
 * @example
 * const [train, validation] = lw.data.imageFolder('flowers', {
 *   imageSize: [180, 180], validationSplit: 0.2, subset: 'both', seed: 1,
 * })
 * train.classNames   // ['daisy', 'rose', 'tulip']
 * await model.fit(train, { epochs: 10, validationData: validation })
 */
export function imageFolder(
  folder: string,
  options: ImageFolderOptions & Both & Unlabelled,
): Pair<ImageDataset<Tensor>>
export function imageFolder(folder: string, options: ImageFolderOptions & Both): Pair<ImageDataset>
export function imageFolder(folder: string, options: ImageFolderOptions & Unlabelled): ImageDataset<Tensor>
export function imageFolder(folder: string, options?: ImageFolderOptions): ImageDataset
export function imageFolder(folder: string, options: ImageFolderOptions = {}): unknown {
  const settings = checkImageFolderOptions(op, folder, options)
  const { labels, labelMode, extensions, shuffle, seed, validationSplit, subset, batchSize, onCorrupt } =
    settings
  const decode = imageDecoder(loadSharp(op), settings.format)
  const { files, classNames } = listImages(op, folder, labels, extensions, options.classNames)
  const labelOf = labelMode === null ? undefined : labeller(labelMode, classNames)

  const dataset = (part: readonly ImageFile[], shuffles: boolean) => {
    const inOrder = fromGenerator(() => part, { cardinality: part.length })
    const ordered = shuffles ? inOrder.shuffle(part.length, seed === undefined ? {} : { seed }) : inOrder
    const read = async (file: ImageFile) => {
      const image = await decode(file.path)
      return labelOf ? [image, labelOf(file.label)] : image
    }
    const images = decoded(ordered, read, onCorrupt === 'skip')
    const batches = batchSize === null ? images : images.batch(batchSize).prefetch(batchesAhead)
    const paths = part.map(({ path }) => path)
    return new ImageDataset(batches as Dataset<unknown>, labelOf ? classNames : [], paths)
  }

  if (subset === undefined) return dataset(files, shuffle)
  const rows = shuffle
    ? storageOf(permutation(files.length, seed === undefined ? {} : { seed }))
    : files.keys()
  const order = Array.from(rows, (row) => files[row] as ImageFile)
  const at = files.length - Math.floor(validationSplit * files.length)
  if (at === files.length) {
    const expected = `a share that gives at least one of ${files.length} images`
    fail('argument.range', { op, argument: 'validationSplit', expected, got: validationSplit })
  }
  const training = () => dataset(order.slice(0, at), shuffle)
  const validation = () => dataset(order.slice(at), false)
  return subset === 'both' ? [training(), validation()] : subset === 'training' ? training() : validation()
}

/** Some images at a time are decoded; those that cannot be are left out, if that is asked for. */
function decoded(
  files: Dataset<ImageFile>,
  read: (file: ImageFile) => Promise<unknown>,
  skips: boolean,
): Dataset<unknown> {
  const atATime = Math.max(2, availableParallelism())
  if (!skips) return new Dataset(() => mapped(files, read, atATime), files.cardinality)
  const warned = new Set<string>()
  const readable = (file: ImageFile) =>
    read(file).catch((error: Error) => {
      if (!warned.has(file.path))
        process.emitWarning(`${op}: ${error.message} It is left out.`, 'LayerwiseWarning')
      warned.add(file.path)
    })
  const isThere = async (image: unknown) => image !== undefined
  return new Dataset(() => filtered(mapped(files, readable, atATime), isThere), null)
}

/** The tensor of a class number. */
function labeller(
  mode: 'int' | 'categorical' | 'binary',
  { length }: readonly string[],
): (label: number) => Tensor {
  if (mode === 'binary' && length !== 2) {
    fail('argument.range', {
      op,
      argument: "labelMode 'binary'",
      expected: 'left out unless there are two classes',
      got: `${length} classes`,
    })
  }
  return (label) => {
    if (mode === 'int') return new Tensor([], 'int32', new Int32Array([label]))
    if (mode === 'binary') return new Tensor([1], 'float32', new Float32Array([label]))
    return new Tensor([length], 'float32', new Float32Array(length).fill(1, label, label + 1))
  }
}

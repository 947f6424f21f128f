/** Readers of data and datasets, as `lw.data`. */
export type { Samples } from './arrays.js'
export { type Cifar, type CifarOptions, cifar } from './cifar.js'
export type { Batched } from './collate.js'
export { type BatchElementsOptions, Dataset, type MapOptions, type ShuffleOptions } from './dataset.js'
export { idx } from './idx.js'
export { ImageDataset, imageFolder } from './image-folder.js'
export type { ImageFolderOptions } from './image-folder-options.js'
export { fromGenerator, fromTensorSlices, type GeneratorOptions, type Slices } from './sources.js'

/** Ops of images, as `lw.ops.image`: keras.ops.image's names in camelCase. */
export { type AffineTransformOptions, affineTransform } from './affine-transform.js'
export { hsvToRgb, rgbToGrayscale, rgbToHsv } from './colour.js'
export { type ExtractPatchesOptions, extractPatches, extractPatches3d } from './extract-patches.js'
export { type GaussianBlurOptions, gaussianBlur } from './gaussian-blur.js'
export type { ImageOptions } from './images.js'
export type { FillMode, FillOptions, TransformOptions } from './interpolate.js'
export { mapCoordinates } from './map-coordinates.js'
export { type ResizeOptions, resize } from './resize.js'

/** Ops of images, as `lw.ops.image`: keras.ops.image's names in camelCase. */
export { type AffineTransformOptions, affineTransform } from './affine-transform.js'
export { type ExtractPatchesOptions, extractPatches, extractPatches3d } from './extract-patches.js'
export type { FillMode, FillOptions } from './interpolate.js'
export { mapCoordinates } from './map-coordinates.js'

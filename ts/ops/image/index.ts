/** Ops of images, as `lw.ops.image`: keras.ops.image's names in camelCase. */
export { type AffineTransformOptions, affineTransform } from './affine-transform.js'
export type { FillMode, FillOptions } from './interpolate.js'
export { mapCoordinates } from './map-coordinates.js'

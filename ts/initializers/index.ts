/** The initializers, as `lw.initializers`. */
export { constant, type Initializer, identity, ones, zeros } from './initializer.js'
export { type OrthogonalConfig, orthogonal } from './orthogonal.js'
export {
  type RandomInitializerConfig,
  type RandomNormalConfig,
  type RandomUniformConfig,
  randomNormal,
  randomUniform,
  truncatedNormal,
} from './random.js'
export type { InitializerIdentifier, InitializerName } from './registry.js'
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  type VarianceScalingConfig,
  varianceScaling,
} from './variance-scaling.js'

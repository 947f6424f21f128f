/** The initializers, as `lw.initializers`. */
export {
  glorotUniform,
  heNormal,
  type Initializer,
  ones,
  type RandomInitializerConfig,
  zeros,
} from './initializers.js'
export type { InitializerIdentifier, InitializerName } from './registry.js'

/** All ops, as `lw.ops`: keras.ops' names in camelCase. */
export * from './array.js'
export * from './binary.js'
export * from './compare.js'
export * from './gather.js'
export * from './join.js'
export * from './matmul.js'
export * from './nn.js'
export * from './pad.js'
export * from './random.js'
export * from './reduce.js'
export * from './slice.js'
export * from './slice-update.js'
export * from './split.js'
export * from './unary.js'

export type Ops = typeof import('./index.js')

export { cond, switch } from './conditional.js'
export { foriLoop, whileLoop } from './loop.js'
export { map, type ScanOptions, scan } from './scan.js'
export { vectorizedMap } from './vectorized-map.js'

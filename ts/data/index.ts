/** Readers of data, as `lw.data`. */
export { idx } from './idx.js'

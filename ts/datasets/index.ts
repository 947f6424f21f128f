/** The data sets that come with the package, as `lw.datasets`. */
export type { Samples } from '../data/arrays.js'
export { digits } from './digits.js'

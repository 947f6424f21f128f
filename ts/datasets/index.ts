/** The data sets that come with the package, as `lw.datasets`. */
export { type Dataset, digits } from './digits.js'

/** Random numbers, as `lw.random`. */
export { beta, categorical, dropout, gamma, shuffle } from './distributions.js'
export {
  bernoulli,
  normal,
  permutation,
  RandomGenerator,
  randint,
  type Seed,
  truncatedNormal,
  uniform,
} from './random.js'

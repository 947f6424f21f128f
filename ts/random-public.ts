/** Random numbers, as `lw.random`. */
export {
  bernoulli,
  normal,
  permutation,
  RandomGenerator,
  type Seed,
  truncatedNormal,
  uniform,
} from './random.js'

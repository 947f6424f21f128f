/** Random numbers, as `lw.random`. */
export { bernoulli, permutation, RandomGenerator, type Seed, truncatedNormal, uniform } from './random.js'

/** Mean and variance of what comes in batches, of several features at once. */
export class RunningMoments {
  readonly mean: Float64Array
  readonly variance: Float64Array
  #count = 0

  constructor(features: number) {
    this.mean = new Float64Array(features)
    this.variance = new Float64Array(features)
  }

  /** How many values of each feature there were. */
  get count(): number {
    return this.#count
  }

  /**
   * Adds a batch of `count` values of each feature: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample
   * variances" (1979), divided by the counts.
   */
  add(mean: ArrayLike<number>, variance: ArrayLike<number>, count: number): void {
    if (count === 0) return
    this.#count += count
    const share = count / this.#count
    for (let i = 0; i < this.mean.length; i++) {
      const difference = mean[i]! - this.mean[i]!
      this.mean[i]! += difference * share
      const between = difference * difference * share * (1 - share)
      this.variance[i] = this.variance[i]! * (1 - share) + variance[i]! * share + between
    }
  }
}

/** The high 32 bits of the product of two unsigned 32-bit integers, through halves that are exact in float64. */
export function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = (middle & 0xffff) + aLow * bHigh
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)
}

/**
 * One block of Philox 4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). Four words
 * that depend on counter and key alone, so any element of any stream can be computed without those before it.
 */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0) as [number, number, number, number]
  let [k0, k1] = key.map((word) => word >>> 0) as [number, number]
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0)
    const high1 = multiplyHigh(0xcd9e8d57, c2)
    const low0 = Math.imul(0xd2511f53, c0) >>> 0
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** Word number i of a stream at a step, read block by block. */
export function wordReader(key: ArrayLike<number>, step: number, stream: number): (i: number) => number {
  let block = -1
  let words = [0, 0, 0, 0]
  return (i) => {
    if (i >>> 2 !== block) {
      block = i >>> 2
      words = philox([block, 0, step, stream], [key[0] as number, key[1] as number])
    }
    return words[i & 3] as number
  }
}

import { Random } from '../random.js'

/** No inputs, variables or outputs are made that have more bytes together. */
export const mostBytes = 1 << 17

const specials = [NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-39, 3.4e38, -3.4e38, 1, -1, 2 ** 31, 0.5]
const extremes = [0, -1, 1, 2, 3, 7, 255, 256, 2 ** 31 - 1, -(2 ** 31), 65_536]

/** Each is twice as long as the longest data, which are cut from it at a random place. */
const poolBytes = 2 * mostBytes

const ordinary: Readonly<Record<string, Uint8Array>> = {
  float32: floats((i) => 2 * Math.sin(i)),
  int32: integers((i) => i % 3),
  bool: bytes((i) => i % 2),
  uint8: bytes((i) => i % 251),
}

const special: Readonly<Record<string, Uint8Array>> = {
  ...ordinary,
  float32: floats((i) => specials[i % specials.length] as number),
  int32: integers((i) => extremes[i % extremes.length] as number),
}

const random = new Random(0, 0)
const noise = bytes(() => random.below(256))

/** The bytes of a tensor: mostly numbers such as a program expects, else special ones or noise. */
export function elements(dtype: string, size: number, random: Random): Uint8Array {
  const kind = random.below(8)
  const pool = kind < 6 ? ordinary[dtype] : kind === 6 ? special[dtype] : noise
  const start = 4 * random.below(mostBytes / 4)
  return (pool as Uint8Array).slice(start, start + size)
}

function floats(element: (i: number) => number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: poolBytes / 4 }, (_, i) => element(i)).buffer)
}

function integers(element: (i: number) => number): Uint8Array {
  return new Uint8Array(Int32Array.from({ length: poolBytes / 4 }, (_, i) => element(i)).buffer)
}

function bytes(element: (i: number) => number): Uint8Array {
  return Uint8Array.from({ length: poolBytes }, (_, i) => element(i))
}

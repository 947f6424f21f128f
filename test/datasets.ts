import * as lw from '../ts/index.js'

const { fromGenerator } = lw.data

/** 0 … n - 1. */
export const numbers = (n: number) =>
  fromGenerator(() => Array.from({ length: n }, (_, i) => i), { cardinality: n })

/** A source that tells how much was taken from it and whether it was closed. */
export function watched(n = Infinity) {
  const state = { taken: 0, opened: 0, closed: 0 }
  const dataset = fromGenerator(async function* () {
    state.opened++
    try {
      for (let i = 0; i < n; i++) {
        state.taken++
        yield i
      }
    } finally {
      state.closed++
    }
  })
  return { state, dataset }
}

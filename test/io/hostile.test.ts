import { expect, it } from 'vitest'
import * as lw from '../../ts/index.js'
import { withWeightBudget } from '../../ts/layers/weight-budget.js'
import { Random } from '../random.js'

const { dense, dropout } = lw.layers

function createModel(): lw.Model {
  const a = lw.input({ shape: [3], name: 'a' })
  const b = lw.input({ shape: [3], name: 'b' })
  const inner = lw.sequential({
    name: 'inner',
    layers: [dense({ units: 3, inputShape: [3] }), dropout({ rate: 0.5 })],
  })
  const sum = lw.layers.add().apply([inner.apply(a), inner.apply(b)])
  const regularized = dense({ units: 2, activation: 'softmax', kernelRegularizer: lw.regularizers.l2() })
  return lw.model({ inputs: { a, b }, outputs: [regularized.apply(sum), sum] })
}

const replacements = [
  null,
  true,
  -1,
  0,
  2.5,
  7,
  2 ** 31,
  1e300,
  '',
  'dense',
  '__proto__',
  'constructor',
  [],
  {},
  [[0]],
]

/** The same JSON with one value replaced, left out, doubled or moved to another place. */
function damage(json: unknown, random: Random): unknown {
  const copy = structuredClone(json)
  const places: (readonly [holder: Record<string, unknown>, key: string])[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key])
      visit((node as Record<string, unknown>)[key])
    }
  }
  visit(copy)
  const [holder, key] = random.pick(places)
  const [other, otherKey] = random.pick(places)
  const kind = random.below(5)
  if (kind < 2) holder[key] = random.pick(replacements)
  else if (kind === 2 && Array.isArray(holder)) holder.splice(Number(key), 1)
  else if (kind === 2) delete holder[key]
  else if (kind === 3 && Array.isArray(holder)) holder.push(holder[Number(key)])
  else if (kind === 3) holder[`${key}s`] = holder[key]
  else holder[key] = structuredClone(other[otherKey])
  return copy
}

it('whatever JSON says, a model comes of it or an error of ours, and nothing else changes', () => {
  const json = JSON.parse(JSON.stringify(createModel()))
  const random = new Random(11)
  let [models, errors] = [0, 0]
  for (let i = 0; i < 400; i++) {
    let damaged = damage(json, random)
    if (random.chance(0.3)) damaged = damage(damaged, random)
    try {
      const model = withWeightBudget(1000, () => lw.modelFromJSON(damaged))
      expect(model).toBeInstanceOf(lw.Model)
      models++
    } catch (error) {
      expect(error, JSON.stringify(damaged)).toBeInstanceOf(lw.LayerwiseError)
      errors++
    }
  }
  expect(models).toBeGreaterThan(20)
  expect(errors).toBeGreaterThan(200)
  expect(Object.keys(Object.prototype)).toEqual([])
})

import { fail } from '../errors.js'
import { type Shape, sizeOf } from '../shape.js'

let budget: { elements: number } | undefined

/**
 * Runs a function in which layers may make weights of so many elements in all: those that a file holds values for. Their initial values do
 * not matter then.
 */
export function withWeightBudget<R>(elements: number, body: () => R): R {
  const former = budget
  budget = { elements }
  try {
    return body()
  } finally {
    budget = former
  }
}

/**
 * Takes a weight from the budget, before anything is allocated for it.
 *
 * @returns whether there is one, so that the weight's value will be set later
 * @throws io.size
 */
export function takeFromBudget(weight: string, shape: Shape): boolean {
  if (!budget) return false
  budget.elements -= sizeOf(shape)
  if (budget.elements < 0) fail('io.size', { weight, shape })
  return true
}

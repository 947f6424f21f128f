import { eventLoopTurn } from '../event-loop.js'
import { executor } from '../executors/choice.js'
import type { Plan } from '../executors/executor.js'
import type { Jitted } from '../graph/jit.js'
import { Tensor } from '../tensor.js'
import { leavesOf } from '../tree.js'

/** How long one call of the executor should take: long enough to make its cost vanish, short enough to log and to stop. */
const targetMilliseconds = 50

/**
 * How long the event loop may wait for its turn. Calls that are over sooner stay on this thread, unless they would wait for another run:
 * handing them to another one and back would take a good part of their time.
 */
const holdMilliseconds = 2

/** What calls of a plan have shown. */
interface Pace {
  /** The most steps of a call. */
  readonly steps: number
  /** Of a step, in the last call. */
  readonly milliseconds: number
}

const paces = new WeakMap<Plan, Pace>()

/** When the event loop last had its turn. */
let turn = -Infinity

/** How many of the remaining steps the next call of a program should make, by what its last call took: at first one. */
export function stepsOfCall<Args extends unknown[]>(
  program: Jitted<Args, unknown>,
  args: Args,
  remaining: number,
): number {
  if (remaining <= 1) return remaining
  const pace = paces.get(program.plan(...args))
  if (!pace) return 1
  const ideal = Math.floor(targetMilliseconds / Math.max(pace.milliseconds, 1e-6))
  return Math.min(Math.max(ideal, 1), pace.steps * 8, remaining)
}

/** Runs one call of a program, on the thread that its last call suggests: its results in order. */
export async function runCall<Args extends unknown[]>(
  program: Jitted<Args, unknown>,
  args: Args,
  steps?: number,
): Promise<readonly Tensor[]> {
  let plan = program.plan(...args)
  const inputs = leavesOf(args).filter((leaf) => leaf instanceof Tensor)
  const expected = (steps ?? 1) * (paces.get(plan)?.milliseconds ?? Infinity)
  if (expected < holdMilliseconds && performance.now() + expected - turn >= holdMilliseconds) {
    await eventLoopTurn()
    turn = performance.now()
    // The turn may have closed the plan, by making many others.
    plan = program.plan(...args)
  }
  const brief = expected < holdMilliseconds && !executor().busy
  const start = performance.now()
  const results = brief ? plan.runSync(inputs, steps) : await plan.run(inputs, steps)
  const end = performance.now()
  if (!brief) turn = end
  const most = Math.max(steps ?? 1, paces.get(plan)?.steps ?? 0)
  paces.set(plan, { steps: most, milliseconds: (end - start) / (steps ?? 1) })
  return results
}

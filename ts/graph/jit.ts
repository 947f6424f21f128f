import { Cache } from '../cache.js'
import { fail } from '../errors.js'
import { executor } from '../executors/choice.js'
import { type Executor, type MatmulPrecision, matmulPrecisions, type Plan } from '../executors/executor.js'
import { checkOptions, failName } from '../options.js'
import { finishRandomness } from '../random.js'
import { shapeKey } from '../shape.js'
import { createTensor, Tensor } from '../tensor.js'
import { describeTree, leavesOf, mapTree } from '../tree.js'
import { buildProgram } from './program.js'
import { activeTrace, recordInto, refusePromise, Trace } from './trace.js'

/** How many plans a jitted function keeps: one for each set of argument shapes. */
const planCapacity = 16

export interface JitOptions {
  /** How accurate its matrix products and convolutions are (default 'highest'). */
  readonly matmulPrecision?: MatmulPrecision
}

/** A function that was compiled by {@link jit}. */
export interface Jitted<Args extends unknown[], Result> {
  /** Runs it on the calling thread. Inside another traced function it becomes part of that one, and takes its precision. */
  (...args: Args): Result
  /**
   * Runs it without blocking the event loop. With `steps`, it runs that many times in one call, with the same arguments: variables carry
   * over from step to step, and each result has a leading axis of `steps`.
   */
  run(args: Args, options?: { readonly steps?: number }): Promise<Result>
  /** The plan for these arguments: its instructions, memory and fusions. */
  plan(...args: Args): Plan
}

/** A traced function: its plan, and how to make its result from the plan's outputs. */
interface Compiled {
  readonly plan: Plan
  readonly restore: (outputs: readonly Tensor[]) => unknown
}

/**
 * Compiles a function of tensors. At the first call with arguments of some shapes the function is traced: it runs once on symbolic
 * tensors, its ops become a program, and later calls run the program alone.
 *
 * Arguments are tensors or numbers, in arrays and objects; the function sees both as tensors. Anything else, such as a variable, a layer or a
 * string, is a constant of the trace, and another one means another trace. Other tensors and settings that the function reaches are fixed
 * when it is traced; state belongs in variables.
 *
 * @throws trace.read when the function reads a symbolic value, trace.async, trace.output, argument.type; name.unknown for the precision
 *
 * @example
 * const scaled = lw.jit((x: lw.Tensor, factor: number) => lw.ops.multiply(lw.ops.tanh(x), factor))
 * scaled(lw.tensor([1, 2]), 3)
 * await scaled.run([lw.tensor([1, 2]), 3])   // off the JavaScript thread
 */
export function jit<Args extends unknown[], Result>(
  f: (...args: Args) => Result,
  options: JitOptions = {},
): Jitted<Args, Result> {
  if (typeof f !== 'function') {
    fail('argument.type', { op: 'jit', argument: 'its argument', expected: 'a function', got: f })
  }
  checkOptions('jit', options, ['matmulPrecision'])
  const { matmulPrecision = 'highest' } = options
  if (!matmulPrecisions.includes(matmulPrecision)) {
    failName('matmul precision', matmulPrecision, matmulPrecisions)
  }
  const caches = new WeakMap<Executor, Cache<Compiled>>()
  const compiledFor = (args: Args): { compiled: Compiled; inputs: Tensor[] } => {
    const current = executor()
    let cache = caches.get(current)
    if (!cache) {
      cache = new Cache(planCapacity, ({ plan }) => plan.close())
      caches.set(current, cache)
    }
    const { inputs, key } = describe('jit', args, current.float64)
    return { compiled: cache.get(key, () => compile('jit', current, args, f, matmulPrecision)), inputs }
  }
  const call = (...args: Args): Result => {
    if (activeTrace()) return f(...withTensors(args))
    const { compiled, inputs } = compiledFor(args)
    return compiled.restore(compiled.plan.runSync(inputs)) as Result
  }
  return Object.assign(call, {
    run: async (args: Args, options: { readonly steps?: number } = {}): Promise<Result> => {
      if (!Array.isArray(args)) {
        fail('argument.type', { op: 'run', argument: 'args', expected: 'an array of arguments', got: args })
      }
      checkOptions('run', options, ['steps'])
      const { steps } = options
      const { compiled, inputs } = compiledFor(args)
      return compiled.restore(await compiled.plan.run(inputs, steps)) as Result
    },
    plan: (...args: Args): Plan => compiledFor(args).compiled.plan,
  })
}

/** Traces a function and runs it once, or lets it become part of the active trace. */
export function runOnce(
  op: string,
  args: readonly unknown[],
  f: (args: readonly unknown[]) => unknown,
): unknown {
  if (activeTrace()) return f(withTensors(args))
  const current = executor()
  const { plan, restore } = compile(op, current, args, (...symbolic) => f(symbolic))
  try {
    return restore(plan.runSync(describe(op, args, current.float64).inputs))
  } finally {
    plan.close()
  }
}

/** The tensors among the arguments, and a text that is equal when the same program serves. */
function describe(op: string, args: readonly unknown[], float64: boolean): { inputs: Tensor[]; key: string } {
  const inputs: Tensor[] = []
  const key = describeTree(args, (leaf) => {
    const input = typeof leaf === 'number' ? createTensor(leaf, [], 'float32', float64) : leaf
    if (input instanceof Tensor) {
      inputs.push(input)
      return `${input.dtype}${shapeKey(input.shape)}`
    }
    if (ArrayBuffer.isView(input)) {
      const expected = 'tensors, numbers or constants (lw.tensor makes a tensor of a typed array)'
      fail('argument.type', { op, argument: 'the arguments', expected, got: input })
    }
    if ((typeof input === 'object' && input !== null) || typeof input === 'function') {
      return `object ${identity(input)}`
    }
    return `${typeof input} ${JSON.stringify(String(input))}`
  })
  return { inputs, key }
}

const identities = new WeakMap<object, number>()
let objectsSeen = 0

function identity(object: object): number {
  let number = identities.get(object)
  if (number === undefined) {
    number = objectsSeen++
    identities.set(object, number)
  }
  return number
}

/** Arguments as a traced function sees them: numbers are tensors there. */
function withTensors<Args extends readonly unknown[]>(args: Args): Args {
  const { float64 } = executor()
  return mapTree(args, (leaf) =>
    typeof leaf === 'number' ? createTensor(leaf, [], 'float32', float64) : leaf,
  ) as Args
}

function compile<Args extends readonly unknown[]>(
  op: string,
  current: Executor,
  args: Args,
  f: (...args: Args) => unknown,
  matmulPrecision?: MatmulPrecision,
): Compiled {
  const trace = new Trace()
  const result = recordInto(trace, () => {
    const symbolic = mapTree(args, (leaf) => {
      if (typeof leaf === 'number') return trace.input([], 'float32')
      return leaf instanceof Tensor ? trace.input(leaf.shape, leaf.dtype) : leaf
    }) as Args
    const returned = f(...symbolic)
    refusePromise(op, returned)
    finishRandomness(trace)
    return returned
  })
  const leaves = leavesOf(result ?? [])
  for (const leaf of leaves) if (!(leaf instanceof Tensor)) fail('trace.output', { op, got: leaf })
  const plan = current.compile(buildProgram(trace, leaves as Tensor[]), matmulPrecision)
  return {
    plan,
    restore: (outputs) => {
      if (result === undefined) return undefined
      let next = 0
      return mapTree(result, () => outputs[next++])
    },
  }
}

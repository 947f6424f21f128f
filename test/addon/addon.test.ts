import { afterEach, expect, test } from 'vitest'
import { type CompileOptions, loadAddon, type NativeStore } from '../../ts/executors/addon.js'

const addon = loadAddon()
const { isas, isa, threads } = addon.info()
const budget = addon.memoryBudget()

afterEach(() => {
  addon.setIsa(isa)
  addon.setThreads(threads)
  addon.setMemoryBudget(budget)
})

function float32(...elements: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(elements).buffer)
}

/** A plan over a variable of two elements, at first 1 and 2, that adds its input to it in every step. */
function adder(store: NativeStore, options: CompileOptions = {}) {
  const type = { dtype: 'float32', shape: [2] }
  const program = {
    version: 2,
    values: [type, type, type],
    inputs: [0],
    variables: [1],
    constants: [],
    instructions: [{ op: 'add', inputs: [0, 1], outputs: [2], attributes: {} }],
    outputs: [2],
    updates: [{ variable: 0, value: 2 }],
  }
  const variable = store.variable('float32', [2], float32(1, 2))
  return {
    variable,
    plan: store.compile(JSON.stringify(program), new Uint8Array(0), [variable], options),
  }
}

/** The code and fields of the error that a call raises, or that its promise is rejected with. */
async function errorOf(call: () => unknown): Promise<Record<string, unknown>> {
  try {
    await call()
  } catch (error) {
    return JSON.parse((error as Error).message) as Record<string, unknown>
  }
  throw new Error('there was no error')
}

test.each(isas)('runs steps on %s, and variables carry over', async (name) => {
  addon.setIsa(name)
  const { plan, variable } = adder(new addon.NativeStore())
  const [output, value] = [new Float32Array(4), new Float32Array(2)]
  plan.runSync([float32(1, 1)], [new Uint8Array(output.buffer)], 2)
  expect([...output]).toEqual([2, 3, 3, 4])
  await plan.run([float32(1, 1)], [new Uint8Array(output.buffer)], 2)
  expect([...output]).toEqual([4, 5, 5, 6])
  variable.read(new Uint8Array(value.buffer))
  expect([...value]).toEqual([5, 6])
  variable.write(float32(0, 0))
  plan.runSync([float32(1, 1)], [new Uint8Array(output.buffer, 0, 8)], 1)
  expect([...output]).toEqual([1, 1, 5, 6])
  expect(JSON.parse(plan.info())).toMatchObject({ isa: name, instructions: [{ name: 'add' }] })
})

test('takes the arrays of tensors as they are, at any place of a buffer', async () => {
  const { plan, variable } = adder(new addon.NativeStore())
  const buffer = new ArrayBuffer(64)
  const input = new Float32Array(buffer, 8, 2).fill(1)
  const output = new Float32Array(buffer, 24, 4)
  plan.runSync([input], [output], 2)
  expect([...new Float32Array(buffer)]).toEqual([0, 0, 1, 1, 0, 0, 2, 3, 3, 4, 0, 0, 0, 0, 0, 0])
  await plan.run([input], [output], 2)
  expect([...output]).toEqual([4, 5, 5, 6])
  variable.write(new Float32Array(buffer, 8, 2))
  variable.read(new Float32Array(buffer, 40, 2))
  expect([...new Float32Array(buffer, 32)]).toEqual([5, 6, 1, 1, 0, 0, 0, 0])
  const over = { code: 'run.invalid', detail: 'output 0 overlaps an input or another output' }
  expect(await errorOf(() => plan.runSync([input], [new Float32Array(buffer, 12, 2)], 1))).toEqual(over)
})

test('profiles steps, and refuses what a run refuses', async () => {
  const { plan, variable } = adder(new addon.NativeStore())
  const { instructions, step } = JSON.parse(plan.profile([float32(1, 1)], 3))
  expect(instructions).toMatchObject([{ name: 'add', flops: 2, bytes: 24 }])
  expect(instructions[0].minimum).toBeLessThanOrEqual(step.mean)
  const value = new Float32Array(2)
  variable.read(new Uint8Array(value.buffer))
  expect([...value]).toEqual([4, 5])
  expect(await errorOf(() => plan.profile([float32(1)], 1))).toMatchObject({ code: 'run.invalid' })
  expect(await errorOf(() => plan.profile([float32(1, 1)], 0))).toMatchObject({ code: 'run.invalid' })
  expect(await errorOf(() => plan.profile([float32(1, 1)], 2 ** 52))).toMatchObject({ code: 'run.invalid' })
})

const memory = new Uint8Array(16)
test.each([
  ['no inputs', [], [float32(0, 0)], 1],
  ['a short input', [float32(1)], [float32(0, 0)], 1],
  ['a long output', [float32(1, 1)], [float32(0, 0, 0)], 1],
  ['fewer outputs than steps', [float32(1, 1)], [float32(0, 0)], 2],
  ['no steps', [float32(1, 1)], [float32(0, 0)], 0],
  ['half a step', [float32(1, 1)], [float32(0, 0)], 0.5],
  ['infinitely many steps', [float32(1, 1)], [float32(0, 0)], Number.POSITIVE_INFINITY],
  ['memory that is not aligned', [new Uint8Array(new ArrayBuffer(12), 2, 8)], [float32(0, 0)], 1],
  ['an output over an input', [memory.subarray(0, 8)], [memory.subarray(4, 12)], 1],
  ['another kind of array', [new Float64Array(1)], [float32(0, 0)], 1],
])('refuses %s', async (_, inputs, outputs, steps) => {
  const { plan } = adder(new addon.NativeStore())
  expect(await errorOf(() => plan.runSync(inputs, outputs, steps))).toMatchObject({ code: 'run.invalid' })
  expect(await errorOf(() => plan.run(inputs, outputs, steps))).toMatchObject({ code: 'run.invalid' })
})

test('a run on another thread refuses memory that could go away', async () => {
  const { plan } = adder(new addon.NativeStore())
  const Resizable = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer
  const detached = float32(1, 1)
  structuredClone(detached.buffer, { transfer: [detached.buffer as ArrayBuffer] })
  for (const input of [
    new Uint8Array(new Resizable(8, { maxByteLength: 16 })),
    new Uint8Array(new SharedArrayBuffer(8)),
    detached,
  ]) {
    const error = await errorOf(() => plan.run([input], [float32(0, 0)], 1))
    expect(error).toMatchObject({ code: 'run.invalid' })
  }
})

test('a panic in a kernel is an error, and the process goes on', async () => {
  const store = new addon.NativeStore()
  const faulty = adder(store, { fault: 'add' }).plan
  const expected = { code: 'kernel.panic', op: 'add', message: 'a kernel panics on purpose' }
  expect(await errorOf(() => faulty.runSync([float32(1, 1)], [float32(0, 0)], 1))).toEqual(expected)
  expect(await errorOf(() => faulty.run([float32(1, 1)], [float32(0, 0)], 1))).toEqual(expected)
  await adder(store).plan.run([float32(1, 1)], [float32(0, 0)], 1)
})

test('closed handles say so', async () => {
  const { plan, variable } = adder(new addon.NativeStore())
  variable.close()
  plan.runSync([float32(1, 1)], [float32(0, 0)], 1)
  plan.close()
  plan.close()
  expect(await errorOf(() => variable.read(float32(0, 0)))).toEqual({ code: 'closed' })
  expect(await errorOf(() => plan.runSync([float32(1, 1)], [float32(0, 0)], 1))).toEqual({ code: 'closed' })
  expect(await errorOf(() => plan.run([float32(1, 1)], [float32(0, 0)], 1))).toEqual({ code: 'closed' })
  expect(await errorOf(() => plan.info())).toEqual({ code: 'closed' })
})

test('what goes over the memory budget is refused', async () => {
  const store = new addon.NativeStore()
  addon.setMemoryBudget(1000)
  const error = await errorOf(() => store.variable('float32', [1000], new Uint8Array(4000)))
  expect(error).toEqual({ code: 'memory.budget', needed: 4000, budget: 1000 })
  addon.setMemoryBudget(10_000)
  store.variable('float32', [1000], new Uint8Array(4000))
})

test('a value must have the bytes of its type', async () => {
  const store = new addon.NativeStore()
  expect(await errorOf(() => store.variable('float32', [3], float32(1)))).toMatchObject({
    code: 'run.invalid',
  })
  expect(await errorOf(() => store.variable('float16', [3], float32(1)))).toMatchObject({
    code: 'run.invalid',
  })
  expect(await errorOf(() => adder(store).variable.write(float32(1)))).toMatchObject({
    code: 'variable.mismatch',
  })
})

test('settings are checked', async () => {
  expect(await errorOf(() => addon.setIsa('sse9'))).toMatchObject({ code: 'run.invalid' })
  expect(await errorOf(() => addon.setThreads(0))).toMatchObject({ code: 'run.invalid' })
  expect(await errorOf(() => addon.setMemoryBudget(-1))).toMatchObject({ code: 'run.invalid' })
  addon.setThreads(3)
  expect(addon.info().threads).toBe(3)
})

test('a long run lets the runs of others go on', async () => {
  const steps = 2_000_000
  const long = adder(new addon.NativeStore())
  const short = adder(new addon.NativeStore())
  let ended = false
  const run = long.plan.run([float32(1, 1)], [new Uint8Array(8 * steps)], steps).then(() => {
    ended = true
  })
  await short.plan.run([float32(1, 1)], [float32(0, 0)], 1)
  long.variable.read(float32(0, 0))
  expect(ended).toBe(false)
  await run
})

import { grad } from '../../ts/graph/autodiff.js'
import * as ops from '../../ts/ops/index.js'
import type { SampleArray } from '../../ts/ops/record.js'
import { integers, uniform } from '../../ts/ops/samples.js'
import * as random from '../../ts/random.js'
import type { Tensor } from '../../ts/tensor.js'
import { variable } from '../../ts/variable.js'
import type { Case } from './cases.js'
import { reference32, type TensorFunction, traceProgram, withExecutor } from './program.js'

const sizes = [
  [1, 1, 1],
  [5, 3, 7],
  [6, 8, 33],
  [2, 24, 130],
] as const

/** Branches and loops, alone, within each other and differentiated. */
export function controlPrograms(): Case[] {
  return [
    ...sizes.flatMap(([length, rows, units]) => [
      recurrence(length, rows, units, false),
      recurrence(length, rows, units, true),
      gates(length, rows, units),
    ]),
    ...[-1, 0, 1, 2, 3].map(branches),
    ...[0, 1, 4].map(repetition),
    nested(),
    variablesAndRandomNumbers(),
    curvature(),
  ]
}

function controlCase(label: string, f: TensorFunction, inputs: readonly SampleArray[]): Case {
  const program = traceProgram(reference32, f, inputs)
  const initial = program.variables.map(({ variable }) => variable.read())
  const workload = { program, inputs, initial, steps: initial.length > 0 ? 3 : 1 }
  return { row: 'control flow', kind: 'program', label, workload }
}

/** A recurrent layer: all states, the last one, and the gradients with respect to weights, inputs and first state. */
function recurrence(length: number, rows: number, units: number, reverse: boolean): Case {
  const inputs = [
    uniform([length, rows, units], -1, 1, 1),
    uniform([rows, units], -1, 1, 2),
    uniform([units, units], -1 / units, 1 / units, 3),
    uniform([units], -1, 1, 4),
  ]
  const run = ([xs, first, kernel, bias]: readonly Tensor[]) =>
    ops.scan(
      (state: Tensor, x: Tensor) => {
        const next = ops.tanh(ops.add(ops.add(ops.matmul(state, kernel!), bias!), x))
        return [next, next] as const
      },
      first!,
      xs!,
      { reverse },
    )
  const loss = (given: readonly Tensor[]) => {
    const [last, all] = run(given)
    return ops.add(ops.sum(ops.square(last)), ops.mean(all))
  }
  const f: TensorFunction = (given) => [...run(given), ...grad(loss)(given)]
  return controlCase(`recurrence of ${length}, ${rows} and ${units}${reverse ? ', reverse' : ''}`, f, inputs)
}

/** Two carries and several results from elementwise work alone, of which not all is used. */
function gates(length: number, rows: number, units: number): Case {
  const inputs = [uniform([length, rows, units], -1, 1, 1), uniform([units], -1, 1, 2)]
  const run = ([xs, decay]: readonly Tensor[]) =>
    ops.scan(
      ({ cell, peak }: { cell: Tensor; peak: Tensor }, { x }: { x: Tensor }) => {
        const gate = ops.sigmoid(ops.multiply(x, decay!))
        const next = ops.add(ops.multiply(cell, gate), ops.multiply(x, ops.subtract(1, gate)))
        return [{ cell: next, peak: ops.maximum(peak, ops.max(next)) }, [ops.exp(next), x]] as const
      },
      { cell: ops.broadcastTo(0, [rows, units]), peak: -10 },
      { x: xs! },
    )
  const loss = (given: readonly Tensor[]) => {
    const [{ cell, peak }, [grown]] = run(given)
    return ops.add(ops.multiply(ops.sum(cell), peak), ops.sum(grown!))
  }
  const f: TensorFunction = (given) => {
    const [{ cell, peak }, stacked] = run(given)
    return [cell, peak, ...stacked, ...grad(loss)(given)]
  }
  return controlCase(`gates of ${length}, ${rows} and ${units}`, f, inputs)
}

/** A branch chosen by number, and gradients through it. */
function branches(index: number): Case {
  const inputs = [
    { shape: [], dtype: 'int32', values: [index] } as const,
    uniform([9, 5], -1, 1, 1),
    uniform([5, 5], -1, 1, 2),
  ]
  const choose = ([number, x, y]: readonly Tensor[]) =>
    ops.switch(
      number!,
      [
        (a: Tensor, b: Tensor) => ops.matmul(a, b),
        (a: Tensor) => ops.tanh(a),
        (a: Tensor, b: Tensor) => ops.multiply(ops.softmax(a), ops.sum(b)),
      ],
      x!,
      y!,
    )
  const f: TensorFunction = (given) => [
    choose(given),
    ...grad((wrt: readonly Tensor[]) => ops.sum(ops.square(choose([given[0]!, ...wrt]))))(given.slice(1)),
    ops.cond(
      ops.less(given[0]!, 1),
      () => ops.exp(given[1]!),
      () => given[1]!,
    ),
  ]
  return controlCase(`branch ${index}`, f, inputs)
}

/** A loop whose condition counts. */
function repetition(times: number): Case {
  const inputs = [
    { shape: [], dtype: 'int32', values: [times] } as const,
    uniform([17, 17], -0.3, 0.3, 1),
    uniform([17], -1, 1, 2),
  ]
  const f: TensorFunction = ([limit, matrix, x]) =>
    ops.whileLoop(
      (i: Tensor) => ops.less(i, limit!),
      (i: Tensor, power: Tensor, total: Tensor) => [
        ops.add(i, 1),
        ops.matmul(power, matrix!),
        ops.add(total, ops.matmul(power, x!)),
      ],
      [ops.cast(0, 'int32'), matrix!, x!] as [Tensor, Tensor, Tensor],
    )
  return controlCase(`${times} repetitions`, f, inputs)
}

/** Loops in loops in branches, with gradients. */
function nested(): Case {
  const inputs = [uniform([3, 4, 5], -1, 1, 1), integers([3], 0, 2, 2), uniform([5], -1, 1, 3)]
  const run = ([xs, kinds, w]: readonly Tensor[]) =>
    ops.map(
      ([rows, kind]: readonly Tensor[]) =>
        ops.cond(
          ops.equal(kind!, 0),
          () =>
            ops.scan(
              (sum: Tensor, row: Tensor) => {
                const next = ops.add(sum, ops.multiply(row, w!))
                return [
                  next,
                  ops.foriLoop(0, 3, (i, v) => ops.add(ops.cast(i, 'float32'), ops.tanh(v)), next),
                ]
              },
              w!,
              rows!,
            )[1] as Tensor,
          () => ops.multiply(rows!, w!),
        ),
      [xs!, kinds!],
    )
  const f: TensorFunction = ([xs, kinds, w]) => [
    run([xs!, kinds!, w!]),
    ...grad(([x, v]: readonly Tensor[]) => ops.sum(ops.square(run([x!, kinds!, v!]))))([xs!, w!]),
  ]
  return controlCase('loops within branches within loops', f, inputs)
}

/** Variables that change within loops and branches, and random numbers that are new in each iteration. */
function variablesAndRandomNumbers(): Case {
  const [count, sum, generator] = withExecutor(reference32, () => [
    variable(0),
    variable([0, 0, 0]),
    new random.RandomGenerator(5),
  ])
  const f: TensorFunction = ([xs]) => {
    const noisy = ops.map((x: Tensor) => {
      sum.assign(ops.add(sum, x))
      ops.cond(
        ops.less(ops.max(x), 0.5),
        () => count.assign(ops.add(count, 1)),
        () => {},
      )
      return ops.multiply(x, random.uniform([3], { seed: generator }))
    }, xs!)
    return [noisy, count.read(), random.uniform([2], { seed: generator })]
  }
  return controlCase('variables and random numbers', f, [uniform([6, 3], -1, 1, 1)])
}

/** The second derivatives of a scan. */
function curvature(): Case {
  const loss = ([xs, w]: readonly Tensor[]) =>
    ops.sum(
      ops.square(
        ops.scan(
          (state: Tensor, x: Tensor) => {
            const next = ops.tanh(ops.multiply(ops.add(state, x), w!))
            return [next, next] as const
          },
          ops.multiply(0, w!),
          xs!,
        )[1],
      ),
    )
  const f: TensorFunction = (given) =>
    grad((at: readonly Tensor[]) => {
      const [dx, dw] = grad(loss)(at) as readonly Tensor[]
      return ops.add(ops.sum(ops.square(dx!)), ops.sum(dw!))
    })(given)
  return controlCase('curvature of a scan', f, [uniform([5, 4], -1, 1, 1), uniform([4], 0.5, 1, 2)])
}

import { fail } from '../errors.js'
import type { Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput } from './apply.js'
import { reshape } from './array.js'
import { toTensors } from './broadcast.js'
import { contract, finish, type Labelled, sumOut } from './contraction.js'
import { diagonal } from './diagonal.js'
import { composition, type Sample } from './record.js'
import { integers, sample, uniform } from './samples.js'

/** The labels of each operand's axes and of the result's; an axis under an ellipsis is named by its distance from the ellipsis's end. */
interface Equation {
  readonly operands: readonly (readonly string[])[]
  readonly result: readonly string[]
}

const cases: readonly (readonly [string, readonly Shape[]])[] = [
  [
    'ij,jk->ik',
    [
      [3, 5],
      [5, 4],
    ],
  ],
  [
    'ij,jk',
    [
      [3, 5],
      [5, 4],
    ],
  ],
  [
    'ij,kj->ki',
    [
      [3, 5],
      [4, 5],
    ],
  ],
  [
    'ji,jk->ik',
    [
      [5, 3],
      [5, 4],
    ],
  ],
  [
    'bij,bjk->bik',
    [
      [2, 3, 5],
      [2, 5, 4],
    ],
  ],
  [
    'bhqd,bhkd->bhqk',
    [
      [2, 3, 4, 5],
      [2, 3, 2, 5],
    ],
  ],
  [
    'bqhd,bkhd->bhqk',
    [
      [2, 4, 3, 5],
      [2, 2, 3, 5],
    ],
  ],
  [
    'abc,cd->abd',
    [
      [2, 3, 4],
      [4, 5],
    ],
  ],
  [
    'acb,dbc->ad',
    [
      [2, 3, 4],
      [5, 4, 3],
    ],
  ],
  ['i,i->', [[7], [7]]],
  ['i,j->ji', [[3], [4]]],
  ['i,i->i', [[5], [5]]],
  ['ii->i', [[4, 4]]],
  ['ii', [[4, 4]]],
  ['iji->j', [[3, 5, 3]]],
  ['ba', [[2, 3]]],
  ['ij->', [[3, 4]]],
  ['ij->j', [[3, 4]]],
  [
    '...ij,...jk->...ik',
    [
      [2, 3, 5],
      [5, 4],
    ],
  ],
  [
    '...ij,...jk',
    [
      [2, 1, 3, 5],
      [3, 5, 4],
    ],
  ],
  ['...i->i...', [[2, 3, 4]]],
  [
    'i...,i...->...',
    [
      [3, 1],
      [3, 4],
    ],
  ],
  ['...,...->...', [[1], [3]]],
  ['ij,j,k->ik', [[3, 4], [4], [5]]],
  [
    'ij,jk,kl->il',
    [
      [2, 30],
      [30, 3],
      [3, 4],
    ],
  ],
  [
    'ijk,jl,kl->il',
    [
      [2, 3, 4],
      [3, 5],
      [4, 5],
    ],
  ],
  [
    'ij,ij,ij->i',
    [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
  ],
  [' i j , j -> i ', [[3, 4], [4]]],
  [
    'ij,jk->ik',
    [
      [3, 0],
      [0, 4],
    ],
  ],
  [
    'bi,bj->bij',
    [
      [2, 3],
      [2, 4],
    ],
  ],
  ['ij,k->', [[3, 4], [5]]],
]

/** Records carry numbers, so the equations of the samples are named by theirs. */
composition<{ equation: number }>({
  name: 'einsum',
  compose: (inputs, { equation }) => einsum((cases[equation] as (typeof cases)[number])[0], ...inputs),
  attributes: { equation: 'integer' },
  samples: () => [
    ...cases.map(
      ([equation, shapes], i): Sample =>
        sample(
          `${equation} of ${JSON.stringify(shapes)}`,
          shapes.map((shape, stream) => uniform(shape, -2, 2, stream)),
          { equation: i },
        ),
    ),
    sample('integers', [integers([3], -9, 9), integers([4], -9, 9, 1)], {
      equation: cases.findIndex(([equation]) => equation === 'i,j->ji'),
    }),
  ],
  errors: [
    { label: 'too few operands', run: ({ einsum }) => einsum('ij,jk->ik', [[1]]), code: 'argument.range' },
    { label: 'no operands', run: ({ einsum }) => einsum('ij'), code: 'argument.type' },
    { label: 'another rank', run: ({ einsum }) => einsum('ij->i', [1]), code: 'shape.mismatch' },
    {
      label: 'extents that differ',
      run: ({ einsum }) => einsum('ij,jk->ik', [[1, 2]], [[1]]),
      code: 'shape.mismatch',
    },
    { label: 'extents of one operand', run: ({ einsum }) => einsum('ii', [[1, 2]]), code: 'shape.mismatch' },
    { label: 'a label from nowhere', run: ({ einsum }) => einsum('i->j', [1]), code: 'argument.range' },
    {
      label: 'a label twice in the result',
      run: ({ einsum }) => einsum('i->ii', [1]),
      code: 'argument.range',
    },
    { label: 'other signs', run: ({ einsum }) => einsum('i*->i', [1]), code: 'argument.range' },
    { label: 'two arrows', run: ({ einsum }) => einsum('i->i->i', [1]), code: 'argument.range' },
    {
      label: 'an ellipsis that is lost',
      run: ({ einsum }) => einsum('...i->i', [[1]]),
      code: 'argument.range',
    },
    { label: 'two ellipses', run: ({ einsum }) => einsum('...i...', [[1]]), code: 'argument.range' },
  ],
  tolerance: { relative: 4e-6 },
  torch: `torch.einsum(${JSON.stringify(cases.map(([equation]) => equation.replaceAll(' ', '')))}[equation], *inputs)`,
})

/**
 * Einstein's summation: the products of the operands' elements, summed over the axes that the result does not name. Repeated labels
 * of one operand take its diagonal, `...` stands for axes that broadcast, and without `->` the result has the labels that occur once,
 * in alphabetical order, after those of the ellipsis. Several operands are multiplied in pairs, the cheapest first, and each pair is one
 * matrix product where it has a sum.
 *
 * @param equation such as 'ij,jk->ik'
 * @param operands float32, as many as the equation has; up to 8 axes in every intermediate result
 * @throws argument.range where the equation is none, shape.mismatch where the operands do not fit it
 *
 * @example
 * lw.ops.einsum('bij,bjk->bik', a, b)   // the products of batches of matrices
 * lw.ops.einsum('ii', a)                // the trace
 */
export function einsum(equation: string, ...operands: readonly TensorInput[]): Tensor {
  if (typeof equation !== 'string') {
    const expected = "text such as 'ij,jk->ik'"
    fail('argument.type', { op: 'einsum', argument: 'the equation', expected, got: equation })
  }
  const tensors = toTensors('einsum', operands)
  return applyComposition(`einsum ${equation}`, tensors, (inputs) => sumProducts(equation, inputs))
}

function sumProducts(text: string, inputs: readonly Tensor[]): Tensor {
  const equation = parse(
    text,
    inputs.map(({ rank }) => rank),
  )
  const extents = extentsOf(text, equation, inputs)
  const extent = (label: string) => extents.get(label) as number
  const operands = inputs.map((tensor, i) =>
    withoutRepeats(withoutBroadcasts({ tensor, labels: equation.operands[i] as readonly string[] })),
  )
  while (operands.length > 1) {
    const [i, j] = cheapestPair(operands, extent)
    const [b, a] = [operands.splice(j, 1)[0], operands.splice(i, 1)[0]] as [Labelled, Labelled]
    const kept = new Set([...operands.flatMap(({ labels }) => labels), ...equation.result])
    const needed = (one: Labelled, other: Labelled) => sumOut(one, new Set([...kept, ...other.labels]))
    const wanted = operands.length === 0 ? equation.result : []
    operands.push(contract(needed(a, b), needed(b, a), kept, wanted))
  }
  const result = sumOut(operands[0] as Labelled, new Set(equation.result))
  return finish(result, equation.result, extent)
}

function invalid(text: string, expected: string): never {
  return fail('argument.range', { op: 'einsum', argument: 'the equation', expected, got: text })
}

function parse(text: string, ranks: readonly number[]): Equation {
  const [left, right, ...more] = text.replaceAll(' ', '').split('->')
  const terms = (left as string).split(',')
  if (more.length > 0) invalid(text, 'one with one arrow at most')
  if (terms.length !== ranks.length) invalid(text, `one of ${ranks.length} operands, as are given`)
  for (const term of [...terms, right ?? '']) {
    if (!/^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(term)) {
      invalid(text, 'made of letters and at most one ellipsis (...) for each operand')
    }
  }
  const operands = terms.map((term, i) => {
    const hidden = (ranks[i] as number) - term.replace('...', '').length
    if (hidden < 0 || (hidden > 0 && !term.includes('...'))) {
      const expected = `operand ${i} of rank ${term.length}, as '${term}' says`
      const got = [Array.from({ length: ranks[i] as number }, () => null)]
      fail('shape.mismatch', { op: `einsum '${text}'`, expected, got })
    }
    return labelsOf(term, hidden)
  })
  const all = operands.flat()
  const depth = all.filter((label) => label.startsWith('.')).map((label) => Number(label.slice(1)))
  const hidden = Math.max(0, ...depth)
  if (right === undefined) {
    const once = all.filter(
      (label) => !label.startsWith('.') && all.indexOf(label) === all.lastIndexOf(label),
    )
    return { operands, result: labelsOf(`...${once.sort().join('')}`, hidden) }
  }
  const result = labelsOf(right, hidden)
  if (hidden > 0 && !right.includes('...')) invalid(text, 'one whose result has the ellipsis of its operands')
  if (new Set(result).size !== result.length) invalid(text, 'one whose result names each axis once')
  const unknown = result.find((label) => !all.includes(label))
  if (unknown) invalid(text, `one whose operands have the '${unknown}' of its result`)
  return { operands, result }
}

function labelsOf(term: string, hidden: number): string[] {
  const [before, after] = term.split('...') as [string, string | undefined]
  if (after === undefined) return [...before]
  return [...before, ...Array.from({ length: hidden }, (_, i) => `.${hidden - i}`), ...after]
}

/** The extent of each label; those of an ellipsis may be 1 in some operands. */
function extentsOf(text: string, { operands }: Equation, inputs: readonly Tensor[]): Map<string, number> {
  const extents = new Map<string, number>()
  operands.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const extent = (inputs[i] as Tensor).shape[axis] as number
      const known = extents.get(label) ?? extent
      const broadcasts = label.startsWith('.') && (known === 1 || extent === 1)
      if (known !== extent && !broadcasts) {
        const expected = label.startsWith('.')
          ? 'axes under the ellipsis that broadcast'
          : `one extent for all axes '${label}'`
        const got = inputs.map(({ shape }) => shape)
        fail('shape.mismatch', { op: `einsum '${text}'`, expected, got })
      }
      extents.set(label, known === 1 ? extent : known)
    })
  })
  return extents
}

/** Axes of extent 1 under an ellipsis are left out: the result repeats them. */
function withoutBroadcasts({ tensor, labels }: Labelled): Labelled {
  const kept = labels.flatMap((label, axis) =>
    label.startsWith('.') && tensor.shape[axis] === 1 ? [] : [axis],
  )
  return {
    tensor: reshape(
      tensor,
      kept.map((axis) => tensor.shape[axis] as number),
    ),
    labels: kept.map((axis) => labels[axis] as string),
  }
}

/** Of axes with one label the diagonal. */
function withoutRepeats({ tensor, labels }: Labelled): Labelled {
  const axis2 = labels.findIndex((label, i) => labels.indexOf(label) < i)
  if (axis2 === -1) return { tensor, labels }
  const label = labels[axis2] as string
  const axis1 = labels.indexOf(label)
  const rest = labels.filter((_, i) => i !== axis1 && i !== axis2)
  return withoutRepeats({ tensor: diagonal(tensor, { axis1, axis2 }), labels: [...rest, label] })
}

/** The two operands whose product adds least to what is in memory. */
function cheapestPair(operands: readonly Labelled[], extent: (label: string) => number): [number, number] {
  let best: [number, number] = [0, 1]
  let least = Infinity
  const size = (labels: Iterable<string>) =>
    [...labels].reduce((product, label) => product * extent(label), 1)
  for (let j = 1; j < operands.length; j++) {
    for (let i = 0; i < j; i++) {
      const [a, b] = [operands[i], operands[j]] as [Labelled, Labelled]
      const others = operands.filter((_, k) => k !== i && k !== j).flatMap(({ labels }) => labels)
      const result = new Set([...a.labels, ...b.labels])
      const summed = [...result].filter(
        (label) => a.labels.includes(label) && b.labels.includes(label) && !others.includes(label),
      )
      const growth = size(result) / size(summed) - size(a.labels) - size(b.labels)
      if (growth < least) [best, least] = [[i, j], growth]
    }
  }
  return best
}

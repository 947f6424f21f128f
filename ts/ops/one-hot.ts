import type { Dtype } from '../dtype.js'
import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import { normalizeAxis } from '../shape.js'
import { type Tensor, tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { expandDims } from './axes.js'
import { cast, equal } from './compare.js'
import { composition } from './record.js'
import { integers, sample } from './samples.js'

composition<{ numClasses: number; axis: number }>({
  name: 'oneHot',
  compose: ([x], { numClasses, axis }) => oneHot(x as Tensor, numClasses, { axis }),
  attributes: { numClasses: 'integer', axis: 'integer' },
  samples: () => [
    sample('labels', [integers([9], 0, 5)], { numClasses: 5, axis: -1 }),
    sample('the first axis', [integers([2, 3], 0, 4)], { numClasses: 4, axis: 0 }),
  ],
  errors: [{ label: 'float labels', run: ({ oneHot }) => oneHot([0.5], 2), code: 'dtype.mismatch' }],
  tolerance: 'exact',
  torch: 'torch.nn.functional.one_hot(a.long(), numClasses).movedim(-1, axis)',
})

/**
 * For each int32 label `numClasses` numbers along a new axis, 1 at the label and 0 elsewhere; labels outside give zeros.
 *
 * @param options axis: where the new axis stands (default: the last); dtype: default float32
 *
 * @example
 * lw.ops.oneHot(lw.tensor(new Int32Array([1, 0])), 3)   // [[0, 1, 0], [1, 0, 0]]
 */
export function oneHot(
  x: TensorInput,
  numClasses: number,
  options: { readonly axis?: number; readonly dtype?: Dtype } = {},
): Tensor {
  checkOptions('oneHot', options, ['axis', 'dtype'])
  const { axis = -1, dtype = 'float32' } = options
  const labels = toTensor('oneHot', x)
  if (labels.dtype !== 'int32')
    fail('dtype.mismatch', { op: 'oneHot', expected: 'int32', got: [labels.dtype] })
  checkInteger('oneHot', 'numClasses', numClasses, 1)
  const at = normalizeAxis('oneHot', axis, labels.rank + 1)
  return applyComposition(`oneHot ${numClasses} ${at} ${dtype}`, [labels], ([input]) => {
    const shape = [numClasses, ...labels.shape.slice(at).map(() => 1)]
    const classes = tensor(
      Int32Array.from({ length: numClasses }, (_, i) => i),
      shape,
    )
    return cast(equal(expandDims(input as Tensor, at), classes), dtype)
  })
}

import { fail } from '../errors.js'
import { checkInteger, checkOptions } from '../options.js'
import type { Tensor } from '../tensor.js'
import { applyComposition, type TensorInput, toTensor } from './apply.js'
import { reshape, transpose } from './array.js'
import { composition } from './record.js'
import { booleans, integers, kerasFormat, sample, uniform } from './samples.js'
import { checkDataFormat, type DataFormat } from './windows.js'

/** Where the channels of {@link depthToSpace} and {@link spaceToDepth} stand. */
interface DataFormatOptions {
  /** Default 'channelsLast'. */
  readonly dataFormat?: DataFormat
}

type BlockAttributes = { blockSize: number; dataFormat: string }
const attributes = { blockSize: 'integer', dataFormat: 'name' } as const
const [last, first] = [{ dataFormat: 'channelsLast' }, { dataFormat: 'channelsFirst' }]

composition<BlockAttributes>({
  name: 'depthToSpace',
  compose: ([x], { blockSize, dataFormat }) =>
    depthToSpace(x as Tensor, blockSize, { dataFormat: dataFormat as DataFormat }),
  attributes,
  samples: () => [
    sample('channels last', [uniform([2, 3, 4, 8])], { blockSize: 2, ...last }),
    sample('channels first', [uniform([2, 8, 3, 4])], { blockSize: 2, ...first }),
    sample('blocks of nine', [uniform([2, 1, 2, 18])], { blockSize: 3, ...last }),
    sample('int32', [integers([1, 2, 3, 4], -9, 9)], { blockSize: 2, ...last }),
    sample('bool', [booleans([1, 4, 2, 3])], { blockSize: 2, ...first }),
    sample('large', [uniform([4, 9, 10, 64])], { blockSize: 4, ...last }),
  ],
  errors: [
    {
      label: 'channels that are no blocks',
      run: ({ depthToSpace, zeros }) => depthToSpace(zeros([2, 3, 4, 6]), 2),
      code: 'shape.mismatch',
    },
    {
      label: 'rank 3',
      run: ({ depthToSpace, zeros }) => depthToSpace(zeros([3, 4, 4]), 2),
      code: 'shape.mismatch',
    },
    {
      label: 'blocks of one',
      run: ({ depthToSpace, zeros }) => depthToSpace(zeros([2, 3, 4, 4]), 1),
      code: 'argument.range',
    },
    {
      label: 'another format',
      run: ({ depthToSpace, zeros }) =>
        depthToSpace(zeros([2, 3, 4, 4]), 2, { dataFormat: 'NHWC' as DataFormat }),
      code: 'argument.type',
    },
  ],
  tolerance: 'exact',
  torch: `keras.ops.depth_to_space(a, blockSize, ${kerasFormat})`,
})

/**
 * Lays the channels of each pixel out as a block of pixels: [batch, height, width, channels] becomes [batch, height · b, width · b,
 * channels / b²], with the rows of a block in the outer part of the channels. With the channels first the block is in their inner part, as
 * in Keras, where it is PyTorch's pixel shuffle. The inverse of {@link spaceToDepth}.
 *
 * @param blockSize b, 2 or more
 * @param options dataFormat
 * @throws shape.mismatch, argument.range, argument.type
 *
 * @example
 * lw.ops.depthToSpace([[[[1, 2, 3, 4]]]], 2)   // [[[[1], [2]], [[3], [4]]]]
 */
export function depthToSpace(x: TensorInput, blockSize: number, options: DataFormatOptions = {}): Tensor {
  const { value, dataFormat } = prepare('depthToSpace', x, blockSize, options)
  const [batch, height, width, channels] = extentsOf(value, dataFormat)
  if (channels % blockSize ** 2 !== 0) {
    const expected = `channels that ${blockSize ** 2}, the pixels of a block, divide`
    fail('shape.mismatch', { op: 'depthToSpace', expected, got: [value.shape] })
  }
  const depth = channels / blockSize ** 2
  const [tall, wide] = [height * blockSize, width * blockSize]
  return applyComposition(`depthToSpace ${blockSize} ${dataFormat}`, [value], ([input]) => {
    if (dataFormat === 'channelsLast') {
      const blocks = reshape(input as Tensor, [batch, height, width, blockSize, blockSize, depth])
      return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [batch, tall, wide, depth])
    }
    const blocks = reshape(input as Tensor, [batch, depth, blockSize, blockSize, height, width])
    return reshape(transpose(blocks, [0, 1, 4, 2, 5, 3]), [batch, depth, tall, wide])
  })
}

composition<BlockAttributes>({
  name: 'spaceToDepth',
  compose: ([x], { blockSize, dataFormat }) =>
    spaceToDepth(x as Tensor, blockSize, { dataFormat: dataFormat as DataFormat }),
  attributes,
  samples: () => [
    sample('channels last', [uniform([2, 4, 6, 3])], { blockSize: 2, ...last }),
    sample('channels first', [uniform([2, 3, 4, 6])], { blockSize: 2, ...first }),
    sample('blocks of nine', [uniform([2, 3, 6, 2])], { blockSize: 3, ...last }),
    sample('int32', [integers([1, 2, 4, 3], -9, 9)], { blockSize: 2, ...last }),
    sample('bool', [booleans([1, 3, 4, 2])], { blockSize: 2, ...first }),
    sample('large', [uniform([4, 36, 40, 4])], { blockSize: 4, ...last }),
  ],
  errors: [
    {
      label: 'a width that is no blocks',
      run: ({ spaceToDepth, zeros }) => spaceToDepth(zeros([2, 4, 5, 3]), 2),
      code: 'shape.mismatch',
    },
    {
      label: 'a height that is no blocks',
      run: ({ spaceToDepth, zeros }) => spaceToDepth(zeros([2, 4, 5, 4]), 2, { dataFormat: 'channelsFirst' }),
      code: 'shape.mismatch',
    },
    {
      label: 'rank 5',
      run: ({ spaceToDepth, zeros }) => spaceToDepth(zeros([2, 4, 4, 4, 3]), 2),
      code: 'shape.mismatch',
    },
    {
      label: 'blocks of a fraction',
      run: ({ spaceToDepth, zeros }) => spaceToDepth(zeros([2, 4, 4, 3]), 2.5),
      code: 'argument.range',
    },
  ],
  tolerance: 'exact',
  torch: `keras.ops.space_to_depth(a, blockSize, ${kerasFormat})`,
})

/**
 * Puts each block of pixels into the channels of one: [batch, height, width, channels] becomes [batch, height / b, width / b,
 * channels · b²], in the order of {@link depthToSpace}.
 *
 * @param blockSize b, 2 or more
 * @param options dataFormat
 * @throws shape.mismatch, argument.range, argument.type
 *
 * @example
 * lw.ops.spaceToDepth([[[[1], [2]], [[3], [4]]]], 2)   // [[[[1, 2, 3, 4]]]]
 */
export function spaceToDepth(x: TensorInput, blockSize: number, options: DataFormatOptions = {}): Tensor {
  const { value, dataFormat } = prepare('spaceToDepth', x, blockSize, options)
  const [batch, height, width, channels] = extentsOf(value, dataFormat)
  if (height % blockSize !== 0 || width % blockSize !== 0) {
    const expected = `a height and a width that ${blockSize} divides`
    fail('shape.mismatch', { op: 'spaceToDepth', expected, got: [value.shape] })
  }
  const [rows, columns] = [height / blockSize, width / blockSize]
  const depth = channels * blockSize ** 2
  return applyComposition(`spaceToDepth ${blockSize} ${dataFormat}`, [value], ([input]) => {
    if (dataFormat === 'channelsLast') {
      const blocks = reshape(input as Tensor, [batch, rows, blockSize, columns, blockSize, channels])
      return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [batch, rows, columns, depth])
    }
    const blocks = reshape(input as Tensor, [batch, channels, rows, blockSize, columns, blockSize])
    return reshape(transpose(blocks, [0, 1, 3, 5, 2, 4]), [batch, depth, rows, columns])
  })
}

function prepare(op: string, x: TensorInput, blockSize: number, options: DataFormatOptions) {
  checkOptions(op, options, ['dataFormat'])
  const { dataFormat = 'channelsLast' } = options
  checkDataFormat(op, dataFormat)
  checkInteger(op, 'blockSize', blockSize, 2)
  const value = toTensor(op, x)
  if (value.rank !== 4) {
    fail('shape.mismatch', {
      op,
      expected: 'images of rank 4, with a batch and channels',
      got: [value.shape],
    })
  }
  return { value, dataFormat }
}

/** The batch, the height, the width and the channels. */
function extentsOf({ shape }: Tensor, dataFormat: DataFormat): [number, number, number, number] {
  const [batch, a, b, c] = shape as [number, number, number, number]
  return dataFormat === 'channelsLast' ? [batch, a, b, c] : [batch, b, c, a]
}

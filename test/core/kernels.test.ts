import { expect, test } from 'vitest'
import { allocate } from '../../ts/dtype.js'
import { primitiveTable } from '../../ts/ops/record.js'
import { sizeOf } from '../../ts/shape.js'
import { storageOf } from '../../ts/tensor.js'
import { outputOf, sampleSize, tensorOf } from '../parity/program.js'

test.each([...primitiveTable()])('the reference kernel of %s fills its whole output', (_, op) => {
  for (const sample of op.samples()) {
    if (sampleSize(sample) > 2500) continue
    const outputSpec = outputOf(op, sample)
    const results = [0, 85].map((former) => {
      const output = allocate(outputSpec.dtype, sizeOf(outputSpec.shape)).fill(former)
      const inputs = sample.inputs.map((input) => storageOf(tensorOf(input)))
      op.kernel({ inputs, specs: sample.inputs, output, outputSpec, attributes: sample.attributes })
      return output
    })
    expect(results[1], sample.label).toEqual(results[0])
  }
})

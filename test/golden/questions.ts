// Prints what make.py asks PyTorch, as JSON.
import { goldenCases, specialNumbers } from './cases.js'

const questions = goldenCases().map(({ op, sample, output, weights, key }) => ({
  key,
  expression: op.torch,
  attributes: sample.attributes,
  inputs: sample.inputs,
  output,
  weights,
}))
process.stdout.write(JSON.stringify(questions, specialNumbers))

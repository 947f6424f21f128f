import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../errors.js'
import { checkOptions, checkPath } from '../options.js'
import { Tensor } from '../tensor.js'
import type { Samples } from './arrays.js'

export interface CifarOptions {
  /** For CIFAR-100: whether labels are the 100 classes ('fine', the default) or the 20 groups of five that these form ('coarse'). */
  readonly labelMode?: 'fine' | 'coarse'
}

export interface Cifar {
  readonly train: Samples
  readonly test: Samples
  /** What the labels mean, where the folder holds the file that says so. */
  readonly classNames: readonly string[] | undefined
}

const side = 32
const plane = side * side
const pixels = 3 * plane

/** What a folder holds: each record is one byte for each kind of label, then the planes of red, green and blue. */
interface Version {
  readonly name: string
  readonly train: readonly string[]
  readonly test: string
  readonly labels: readonly { readonly mode: string; readonly classes: number; readonly names: string }[]
}

const cifar10: Version = {
  name: 'CIFAR-10',
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: 'test_batch.bin',
  labels: [{ mode: 'fine', classes: 10, names: 'batches.meta.txt' }],
}
const cifar100: Version = {
  name: 'CIFAR-100',
  train: ['train.bin'],
  test: 'test.bin',
  labels: [
    { mode: 'coarse', classes: 20, names: 'coarse_label_names.txt' },
    { mode: 'fine', classes: 100, names: 'fine_label_names.txt' },
  ],
}

/**
 * Reads CIFAR-10 or CIFAR-100 (Krizhevsky, 2009) from the folder of its binary version: x uint8 [n, 32, 32, 3], y int32 [n], for training and for testing.
 *
 * @param folder what cifar-10-binary.tar.gz or cifar-100-binary.tar.gz unpack to: data_batch_1.bin … data_batch_5.bin and test_batch.bin, or train.bin and
 * test.bin
 * @throws cifar.invalid when a file is missing or not what it should be; the file system's error when it cannot be read
 *
 * @example
 * const { train, test, classNames } = lw.data.cifar('cifar-10-batches-bin')
 * train.x   // uint8 [50000, 32, 32, 3]
 */
export function cifar(folder: string, options: CifarOptions = {}): Cifar {
  checkPath('cifar', folder, 'folder')
  checkOptions('cifar', options, ['labelMode'])
  const has = (name: string) => existsSync(join(folder, name))
  const version = [cifar10, cifar100].find(({ train, test }) => [...train, test].some(has))
  if (!version) {
    const detail =
      `it holds neither ${cifar10.train[0]} … of CIFAR-10 nor ${cifar100.train[0]} of CIFAR-100. Give the folder that the archive ` +
      'of the binary version unpacks to'
    return fail('cifar.invalid', { path: folder, detail })
  }
  const { labelMode = 'fine' } = options
  const kind = version.labels.findIndex(({ mode }) => mode === labelMode)
  if (kind < 0) {
    const expected = version.labels.map(({ mode }) => `'${mode}'`).join(' or ')
    fail('argument.range', {
      op: 'cifar',
      argument: `labelMode of ${version.name}`,
      expected,
      got: labelMode,
    })
  }
  return {
    train: samplesOf(folder, version, version.train, kind),
    test: samplesOf(folder, version, [version.test], kind),
    classNames: namesOf(folder, version, kind),
  }
}

function samplesOf(folder: string, version: Version, names: readonly string[], kind: number): Samples {
  const record = version.labels.length + pixels
  const files = names.map((name) => {
    const path = join(folder, name)
    const invalid = (detail: string) => fail('cifar.invalid', { path, detail })
    if (!existsSync(path)) {
      invalid(`it is missing; ${version.name} consists of ${[...version.train, version.test].join(', ')}`)
    }
    const file = readFileSync(path)
    if (file.length === 0 || file.length % record !== 0) {
      invalid(
        `it has ${file.length} bytes, which is not a number of records of ${record}, as ${version.name} has`,
      )
    }
    return { path, file, invalid }
  })
  const [first] = files as [(typeof files)[number]]
  for (const { file, invalid } of files) {
    if (file.length !== first.file.length) {
      invalid(
        `it has ${file.length} bytes, but the files of a set are equally large, and ${first.path} has ${first.file.length}`,
      )
    }
  }
  const perFile = first.file.length / record
  const x = new Uint8Array(files.length * perFile * pixels)
  const y = new Int32Array(files.length * perFile)
  for (const [f, { file, invalid }] of files.entries()) {
    for (let i = 0; i < perFile; i++) {
      const row = f * perFile + i
      for (const [k, { classes, mode }] of version.labels.entries()) {
        const label = file[i * record + k] as number
        if (label >= classes)
          invalid(`record ${i} has the ${mode} label ${label}; there are ${classes} classes, from 0`)
        if (k === kind) y[row] = label
      }
      interleave(file, i * record + version.labels.length, x, row * pixels)
    }
  }
  return { x: new Tensor([y.length, side, side, 3], 'uint8', x), y: new Tensor([y.length], 'int32', y) }
}

/** Planes of red, green and blue as pixels. */
function interleave(planes: Uint8Array, from: number, into: Uint8Array, to: number): void {
  for (let i = 0; i < plane; i++) {
    into[to + 3 * i] = planes[from + i]!
    into[to + 3 * i + 1] = planes[from + plane + i]!
    into[to + 3 * i + 2] = planes[from + 2 * plane + i]!
  }
}

function namesOf(folder: string, version: Version, kind: number): readonly string[] | undefined {
  const { names, classes } = version.labels[kind] as Version['labels'][number]
  const path = join(folder, names)
  if (!existsSync(path)) return undefined
  const lines = readFileSync(path, 'utf8').split(/\r?\n/).filter(Boolean)
  if (lines.length !== classes) {
    fail('cifar.invalid', { path, detail: `it has ${lines.length} names, and there are ${classes} classes` })
  }
  return lines
}

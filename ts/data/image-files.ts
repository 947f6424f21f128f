import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../errors.js'

/** An image and its class. */
export interface ImageFile {
  readonly path: string
  readonly label: number
}

/** The images of a folder, in the order of their paths. */
export interface ImageFiles {
  readonly files: readonly ImageFile[]
  /** None where there are no classes. */
  readonly classNames: readonly string[]
}

/**
 * Lists the images of a folder and the folders within.
 *
 * @param labels 'inferred': each folder within is a class; null: there are no classes; else the class of each image, in the order of their paths
 * @param classNames which folders are classes, in this order (default: all, sorted)
 */
export function listImages(
  op: string,
  folder: string,
  labels: 'inferred' | null | readonly number[],
  extensions: readonly string[],
  classNames?: readonly string[],
): ImageFiles {
  const found =
    labels === 'inferred'
      ? byClass(op, folder, extensions, classNames)
      : { paths: [walk(folder, extensions)], classNames: [] }
  const files = found.paths.flatMap((paths, label) => paths.map((path) => ({ path, label })))
  if (files.length === 0) fail('images.none', { path: folder, extensions, folders: labels === 'inferred' })
  if (labels === 'inferred' || labels === null) return { files, classNames: found.classNames }
  if (labels.length !== files.length) {
    const expected = `a class number for each of ${files.length} images`
    fail('argument.type', { op, argument: 'labels', expected, got: labels })
  }
  const names = Array.from({ length: Math.max(...labels) + 1 }, (_, label) => String(label))
  return { files: files.map(({ path }, i) => ({ path, label: labels[i] as number })), classNames: names }
}

function byClass(op: string, folder: string, extensions: readonly string[], given?: readonly string[]) {
  const folders = entriesOf(folder)
    .filter(({ name }) => !name.startsWith('.') && statSync(join(folder, name)).isDirectory())
    .map(({ name }) => name)
  const absent = given?.find((name) => !folders.includes(name))
  if (absent !== undefined) {
    const expected = `names of folders in ${folder}, which has no '${absent}'`
    fail('argument.range', { op, argument: 'classNames', expected, got: given })
  }
  const classNames = given ?? folders
  return { paths: classNames.map((name) => walk(join(folder, name), extensions)), classNames }
}

/** The images in a folder, then those in the folders within. */
function walk(folder: string, extensions: readonly string[]): string[] {
  const entries = entriesOf(folder)
  const files = entries.filter(
    (entry) =>
      !entry.isDirectory() && extensions.some((extension) => entry.name.toLowerCase().endsWith(extension)),
  )
  const folders = entries.filter((entry) => entry.isDirectory())
  return [
    ...files.map(({ name }) => join(folder, name)),
    ...folders.flatMap(({ name }) => walk(join(folder, name), extensions)),
  ]
}

/** What a folder holds, sorted by the code units of names. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    return fail('io.read', { path: folder, reason: (error as Error).message })
  }
}

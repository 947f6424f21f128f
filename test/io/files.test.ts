import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { withFile, writeAtomically } from '../../ts/io/files.js'
import { expectError } from '../expect.js'

const folder = mkdtempSync(join(tmpdir(), 'layerwise-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'a.bin')

it('a file is replaced whole, and nothing else is left in its folder', async () => {
  writeFileSync(path, 'former')
  await writeAtomically(path, [Buffer.from('one'), Buffer.from('two')])
  expect(readFileSync(path, 'utf8')).toBe('onetwo')
  expect(readdirSync(folder)).toEqual(['a.bin'])
})

it('when writing fails, the former file stays', async () => {
  const broken = [Buffer.from('new'), { length: 3 } as Uint8Array]
  await expectError('io.write', () => writeAtomically(path, broken), { path })
  expect(readFileSync(path, 'utf8')).toBe('onetwo')
  expect(readdirSync(folder)).toEqual(['a.bin'])
  await expectError('io.write', () => writeAtomically(join(folder, 'none', 'b'), []))
})

it('parts of a file are read as copies, and what is no file is refused', async () => {
  await withFile(path, async ({ size, read }) => {
    expect(size).toBe(6)
    expect(Buffer.from(await read(2, 3)).toString()).toBe('etw')
    await expectError('io.read', () => read(4, 3))
  })
  await expectError('io.read', () => withFile(join(folder, 'none'), async () => 0))
  await expectError('io.read', () => withFile(folder, async () => 0))
})

import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../errors.js'
import type { ByteSource } from './safetensors.js'

let written = 0

/**
 * Writes a file whole or not at all: what is at the path stays until all bytes of the new one are on the disk, also when the process or
 * the machine stops in between.
 *
 * @throws io.write
 */
export async function writeAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${written++}.tmp`)
  try {
    const file = await open(temporary, 'wx')
    try {
      for (const part of parts) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true })
    fail('io.write', { path, reason: (error as Error).message })
  }
}

/** Makes the rename last. Windows has no way to do so, nor the need. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Opens a file for a function that reads parts of it.
 *
 * @throws io.read; what the function throws
 */
export async function withFile<R>(path: string, body: (source: ByteSource) => Promise<R>): Promise<R> {
  const refuse = (reason: string): never => fail('io.read', { path, reason })
  const file = await open(path, 'r').catch((error: Error) => refuse(error.message))
  try {
    const stat = await file.stat()
    if (!stat.isFile()) refuse('it is not a file')
    return await body({
      path,
      size: stat.size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length)
        for (let done = 0; done < length; ) {
          const { bytesRead } = await file
            .read(bytes, done, Math.min(length - done, 2 ** 30), offset + done)
            .catch((error: Error) => refuse(error.message))
          if (bytesRead === 0) refuse('it became shorter while it was read')
          done += bytesRead
        }
        return bytes
      },
    })
  } finally {
    await file.close()
  }
}

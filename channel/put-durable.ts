/**
 * Writes a file so that after a crash or a full disk there is the whole new one or the untouched old one, never a part of either: temporary
 * file, every byte written, fsync, rename, fsync of the folder. (npm's atomic writers replaced a good file by a truncated one on a full disk
 * and reported success: a short write is not an error, so the loop below counts.)
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import * as promises from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The part of `node:fs/promises` that the store uses; tests put faults in. */
export type Files = Pick<
  typeof promises,
  'chmod' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'stat' | 'unlink'
>

export const nodeFiles: Files = promises

const TEMPORARY = /^\.tmp-[0-9a-f]{16}-/

/** Rejects with the system's error; `path` is then as it was. */
export async function putDurable(path: string, bytes: Uint8Array, mode: number, files: Files = nodeFiles): Promise<void> {
  const folder = dirname(path)
  // In the same folder, so that the rename cannot cross file systems; random and exclusive, so that nobody can plant a link there.
  const temporary = join(folder, `.tmp-${randomBytes(8).toString('hex')}-${basename(path)}`)
  const handle = await files.open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode)
  try {
    try {
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written)
        // Would be for ever; the kernel answers ENOSPC at the next attempt, but not every file system does.
        if (bytesWritten === 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'ENOSPC' })
        written += bytesWritten
      }
      // Never tried twice: after a failed fsync the kernel may have dropped the pages and call the next one a success.
      await handle.sync()
    } finally {
      await handle.close()
    }
    await files.rename(temporary, path)
  } catch (error) {
    await files.unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(folder, files)
}

/** Makes renames and removals in a folder survive a power cut. */
export async function syncFolder(folder: string, files: Files = nodeFiles): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
  const handle = await files.open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes what a crash left behind. Nobody else may write to the folder. */
export async function sweepTemporaries(folder: string, files: Files = nodeFiles): Promise<void> {
  for (const name of await files.readdir(folder)) {
    if (TEMPORARY.test(name)) await files.unlink(join(folder, name)).catch(() => {})
  }
}

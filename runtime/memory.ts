/**
 * Where a bundle's bytes live while they are served. On Linux: sealed anonymous memory (memfd), mapped once, read-only, for all threads;
 * nobody can change or truncate what was verified (a mapped *file* dies of SIGBUS when truncated and shows later writes). Elsewhere: a
 * SharedArrayBuffer. Threads hand handles around and make views; whoever retires an image waits until every thread has detached its view.
 */
import { closeSync, writeSync } from 'node:fs'
import { PosternError } from '../bundle/error.ts'
import { type Libc, libc } from './libc.ts'

/** Can be posted to a worker thread of this process. */
export type ImageHandle =
  | { readonly kind: 'sealed'; readonly address: bigint; readonly bytes: number }
  | { readonly kind: 'shared'; readonly buffer: SharedArrayBuffer; readonly bytes: number }

export interface Image {
  readonly handle: ImageHandle
  /** Gives the memory back. Only when no thread has a view any more: a read through a view left behind would end the process. */
  release(): void
}

/** Copies `bytes` into memory that does not change any more. Throws `memory-unavailable` if there is none. */
export function createImage(bytes: Uint8Array, system: Libc | null = libc ?? null): Image {
  return system === null ? sharedImage(bytes) : sealedImage(bytes, system)
}

/** The image's memory as this thread's own view. */
export function viewImage(handle: ImageHandle): ArrayBuffer | SharedArrayBuffer {
  if (handle.kind === 'shared') return handle.buffer
  if (libc === undefined) throw new PosternError('memory-unavailable', 'sealed memory cannot be viewed without koffi')
  return libc.view(handle.address, handle.bytes)
}

/** Ends a view, if it has not ended; every typed array over it has length 0 from now on. A shared buffer has no such thing: dropping it is enough. */
export function detachView(view: ArrayBuffer | SharedArrayBuffer): void {
  if (view instanceof ArrayBuffer && !view.detached) view.transfer(0)
}

function sealedImage(bytes: Uint8Array, system: Libc): Image {
  try {
    const fd = system.createMemory('postern-bundle')
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
      system.seal(fd)
      const address = system.map(fd, bytes.length)
      let isReleased = false
      return {
        handle: { kind: 'sealed', address, bytes: bytes.length },
        release() {
          if (isReleased) return
          isReleased = true
          system.unmap(address, bytes.length)
        },
      }
    } finally {
      closeSync(fd) // the mapping keeps the memory
    }
  } catch (cause) {
    throw new PosternError('memory-unavailable', `no memory for a bundle of ${bytes.length} bytes: ${(cause as Error).message}`, {
      retryable: true,
      cause,
    })
  }
}

function sharedImage(bytes: Uint8Array): Image {
  const buffer = new SharedArrayBuffer(bytes.length)
  new Uint8Array(buffer).set(bytes)
  return { handle: { kind: 'shared', buffer, bytes: bytes.length }, release: () => {} }
}

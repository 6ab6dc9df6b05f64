/**
 * Sends the frames of one session to its socket, plain or TLS, one write at a time: what is written meanwhile goes out together when that one is
 * done. It calls the socket's own `_write`, below the queue of node:stream, as data-path-buffers.ts does, but copies nothing.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { returnChunk } from './chunks.ts'
import type { FrameWriter } from './frame-writer.ts'

const NOTHING = Buffer.alloc(0)

export class FrameOutlet {
  /** A write is under way, and `onWritten` will come. Another one before that would abort the process, if it is TLS. */
  isWriting = false
  readonly #socket: Socket
  readonly #isTls: boolean
  readonly #onWritten: () => void
  #isSending = false
  /** What the kernel has not taken yet stays as it is. */
  #chunk: Buffer = NOTHING
  readonly #written = (error?: Error | null) => this.#done(error)

  constructor(socket: Socket, onWritten: () => void) {
    this.#socket = socket
    this.#isTls = socket instanceof TLSSocket
    this.#onWritten = onWritten
  }

  /** Nothing may be under way. Often it is done when this returns, and then `onWritten` does not come. */
  send(frames: FrameWriter): void {
    const { size } = frames
    const chunk = frames.take()
    if (this.#socket.destroyed) {
      returnChunk(chunk)
      return
    }
    this.isWriting = true
    this.#isSending = true
    this.#chunk = chunk
    this.#socket._write(chunk.subarray(0, size), 'buffer' as BufferEncoding, this.#written)
    this.#isSending = false
    // What TLS was given is encrypted by now, or copied: though the write ends a turn later, the memory is free.
    if (this.#isTls) this.#release()
  }

  #done(error: Error | null | undefined): void {
    this.isWriting = false
    this.#release()
    if (error !== null && error !== undefined) this.#socket.destroy(error)
    else if (!this.#isSending) this.#onWritten()
  }

  #release(): void {
    returnChunk(this.#chunk)
    this.#chunk = NOTHING
  }
}

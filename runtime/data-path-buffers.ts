/**
 * What all connections of a worker share for their bytes. Bytes are read, looked at and passed on within one turn of the event loop, so
 * one buffer for what was received and one writer for what is to be sent are enough; a connection keeps a copy only of what it cannot deal
 * with at once. Measured against a buffer per read, as `socket.on('data')` makes them: 3 us of 11 per proxied request.
 */
import type { Socket } from 'node:net'
import { HeadWriter } from './http1/serialize.ts'

/** Most that one read takes. */
export const RECEIVE_BYTES = 64 * 1024

/** What libuv reads into, for every socket of this worker. Valid until the callback returns. */
export const receiveBuffer: Buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES)

/** Data is sent in pieces of at most this: half of what may be buffered in one direction. */
export const SEND_BYTES = 32 * 1024

/** Puts messages together, one at a time: nothing else may be begun between `writer.begin()` and `send`. */
export const writer = new HeadWriter()

/** Bytes that the kernel has not taken from one socket; from here on its owner has to wait. */
const PENDING_BYTES = SEND_BYTES

/**
 * Sends to one socket what `writer` has put together. It calls the socket's own `_write`, below the queue of node:stream: whole messages need
 * no second queue, and without it a write that the kernel takes at once (nearly all of them) leaves no tick behind. Measured: 1 to 2 us of 12
 * per proxied request.
 */
export class Outlet {
  /** What the kernel has not taken yet. */
  pendingBytes = 0
  /** `send` has said so, and `onDrain` will come. */
  isBlocked = false
  readonly #socket: Socket
  readonly #onDrain: () => void
  /** Sizes of the messages that are on their way, in order. */
  readonly #sizes: number[] = []
  #isSending = false
  #isSent = false
  readonly #written = (error?: Error | null) => this.#onWritten(error)

  constructor(socket: Socket, onDrain: () => void) {
    this.#socket = socket
    this.#onDrain = onDrain
  }

  /** Sends what was written since `writer.begin()`. False: more than this may wait for `onDrain`. The socket must be connected. */
  send(): boolean {
    const message = writer.finish()
    if (this.#socket.destroyed || message.length === 0) return true
    this.#isSending = true
    this.#isSent = false
    this.#socket._write(message, 'buffer' as BufferEncoding, this.#written)
    this.#isSending = false
    if (this.#isSent) {
      // The kernel has a copy: the memory is free again.
      writer.release(message)
      return !this.isBlocked
    }
    this.#sizes.push(message.length)
    this.pendingBytes += message.length
    if (this.pendingBytes >= PENDING_BYTES) this.isBlocked = true
    return !this.isBlocked
  }

  #onWritten(error: Error | null | undefined): void {
    if (this.#isSending) this.#isSent = true
    else this.pendingBytes -= this.#sizes.shift() ?? 0
    if (error !== null && error !== undefined) this.#socket.destroy(error)
    else if (this.isBlocked && this.pendingBytes === 0) {
      this.isBlocked = false
      this.#onDrain()
    }
  }
}

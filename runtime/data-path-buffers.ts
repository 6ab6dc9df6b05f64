/**
 * What all connections of a worker share for their bytes. Bytes are read, looked at and passed on within one turn of the event loop, so
 * one buffer for what was received and one writer for what is to be sent are enough; a connection keeps a copy only of what it cannot deal
 * with at once. Measured against a buffer per read, as `socket.on('data')` makes them: 3 us of 11 per proxied request.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
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

/** For a socket that is connected, its TLS handshake done. */
export function createOutlet(socket: Socket, onDrain: () => void): Outlet {
  return socket instanceof TLSSocket ? new TlsOutlet(socket, onDrain) : new Outlet(socket, onDrain)
}

/**
 * Sends to one plain socket what `writer` has put together. It calls the socket's own `_write`, below the queue of node:stream: whole messages need
 * no second queue, and without it a write that the kernel takes at once (nearly all of them) leaves no tick behind. Measured: 1 to 2 us of 12
 * per proxied request.
 */
export class Outlet {
  /** What the kernel has not taken yet, as far as it is worth waiting for. */
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

  /** Sends what was written since `writer.begin()`. False: more than this may wait for `onDrain`. */
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

  /** Says that nothing more will come (FIN, on TLS a close_notify before it), after everything that was sent. */
  end(onFinished?: () => void): void {
    if (onFinished === undefined) this.#socket.end()
    else this.#socket.end(onFinished)
  }

  /** Ends both directions by a reset, on TLS without a close_notify: nobody can take for whole what was cut short. */
  reset(): void {
    this.#socket.resetAndDestroy()
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

/**
 * The same for TLS. Node's TLS layer takes one write at a time: a second one before the first is done aborts the process, and each is done
 * only a turn later, even if the kernel had it at once. So whatever comes meanwhile waits here, and goes out as one.
 */
class TlsOutlet extends Outlet {
  readonly #socket: TLSSocket
  readonly #onDrain: () => void
  readonly #queue: Buffer[] = []
  #isWriting = false
  #isEnding = false
  #onFinished: (() => void) | undefined
  readonly #written = (error?: Error | null) => this.#onWritten(error)

  constructor(socket: TLSSocket, onDrain: () => void) {
    super(socket, onDrain)
    this.#socket = socket
    this.#onDrain = onDrain
  }

  override send(): boolean {
    const message = writer.finish()
    if (this.#socket.destroyed || message.length === 0) return true
    if (this.#isWriting) {
      this.#queue.push(message)
      this.pendingBytes += message.length
      if (this.pendingBytes >= PENDING_BYTES) this.isBlocked = true
    } else {
      this.#write(message)
      // Encrypted by now, or copied: the memory is free again.
      writer.release(message)
    }
    return !this.isBlocked
  }

  override end(onFinished?: () => void): void {
    this.#isEnding = true
    this.#onFinished = onFinished
    if (!this.#isWriting) this.#end()
  }

  override reset(): void {
    const handle = carrierOf(this.#socket)
    if (typeof handle?.reset === 'function') {
      // `resetAndDestroy` is for plain sockets only. What carries the TLS is one, and is closed with it: in this way.
      handle.close = (onClosed) => {
        if (handle.reset(onClosed) !== 0) Object.getPrototypeOf(handle).close.call(handle, onClosed)
      }
    }
    this.#socket.destroy()
  }

  #write(message: Buffer): void {
    this.#isWriting = true
    this.#socket._write(message, 'buffer' as BufferEncoding, this.#written)
    // Small messages are not worth the question.
    if (message.length >= PENDING_BYTES && carrierOf(this.#socket)?.writeQueueSize !== 0) this.isBlocked = true
  }

  #onWritten(error: Error | null | undefined): void {
    this.#isWriting = false
    if (error !== null && error !== undefined) this.#socket.destroy(error)
    if (this.#socket.destroyed) {
      this.#queue.length = 0
      return
    }
    const wasBlocked = this.isBlocked
    this.isBlocked = false
    const [first] = this.#queue
    if (first !== undefined) {
      const message = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.pendingBytes)
      this.#queue.length = 0
      this.pendingBytes = 0
      this.#write(message)
    } else if (this.#isEnding) {
      this.#end()
      return
    }
    if (wasBlocked && !this.isBlocked) this.#onDrain()
  }

  #end(): void {
    if (this.#onFinished === undefined) this.#socket.end()
    else this.#socket.end(this.#onFinished)
  }
}

/** The plain handle below a TLS socket, as far as it is used here; `undefined` where Node's inside is not what we know. */
interface CarrierHandle {
  readonly writeQueueSize?: number
  reset(onClosed?: () => void): number
  close(onClosed?: () => void): void
}

function carrierOf(socket: TLSSocket): CarrierHandle | undefined {
  return (socket as unknown as { _handle?: { _parent?: CarrierHandle } | null })._handle?._parent
}

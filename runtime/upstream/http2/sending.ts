/**
 * What one session has to send: frames are put together until there is somebody to send them, and DATA only as far as windows allow (RFC 9113
 * §5.2). The writer of the worker is used for the moment of sending alone, because what has to be sent comes up while others use it.
 */
import type { Socket } from 'node:net'
import { createOutlet, type Outlet, SEND_BYTES, writer } from '../../data-path-buffers.ts'
import { FrameWriter } from '../../http2/frame-writer.ts'
import {
  DATA,
  DEFAULT_WINDOW,
  END_STREAM,
  FLOW_CONTROL_ERROR,
  FRAME_BYTES,
  MAX_WINDOW,
  NO_ERROR,
  PROTOCOL_ERROR,
} from '../../http2/frames.ts'
import type { Http2Stream } from './stream.ts'

export class Sending {
  readonly frames = new FrameWriter()
  /** Frames are being read: what is put together goes out when that is over. */
  isHeld = false
  /** A PING may be a measurement of what was sent before it. */
  hasSentData = false
  readonly #outlet: Outlet
  #window = DEFAULT_WINDOW
  #isClosed = false
  #isPlanned = false
  /** The last DATA frame that was put together: its offset, and what makes sure that it is still there. */
  #dataAt = 0
  #dataTurn = -1
  #dataStreamId = 0

  constructor(socket: Socket, onDrain: () => void) {
    this.#outlet = createOutlet(socket, onDrain)
  }

  /** The socket takes no more now. */
  get isBlocked(): boolean {
    return this.#outlet.isBlocked
  }

  /** Nothing can be sent to any stream. */
  get isShut(): boolean {
    return this.#outlet.isBlocked || this.#window <= 0
  }

  bytes(source: Buffer): void {
    const { frames } = this
    frames.reserve(source.length)
    source.copy(frames.bytes, frames.size)
    frames.size += source.length
  }

  /** Puts DATA frames together. Returns how many bytes were taken. */
  data(stream: Http2Stream, bytes: Buffer, start: number, end: number): number {
    if (this.#outlet.isBlocked) return 0
    const { frames } = this
    let at = start
    while (at < end) {
      const size = Math.min(end - at, FRAME_BYTES, this.#window, stream.sendWindow)
      if (size <= 0) break
      this.#dataAt = frames.size
      this.#dataTurn = frames.turn
      this.#dataStreamId = stream.id
      frames.data(0, stream.id, bytes, at, at + size)
      this.#window -= size
      stream.sendWindow -= size
      at += size
      if (frames.size >= SEND_BYTES && !this.isHeld && !this.flush()) break
    }
    if (at > start) this.hasSentData = true
    return at - start
  }

  /** The request ends with what was put together last, if that has not been sent yet, else with an empty frame. */
  end(stream: Http2Stream): void {
    const { frames } = this
    if (this.#dataStreamId === stream.id && this.#dataTurn === frames.turn) frames.bytes[this.#dataAt + 4] = END_STREAM
    else frames.frameHead(0, DATA, END_STREAM, stream.id)
  }

  /** The peer takes so much more of everything. Returns NO_ERROR or what is wrong with that. */
  widen(increment: number): number {
    this.#window += increment
    if (increment === 0) return PROTOCOL_ERROR
    return this.#window > MAX_WINDOW ? FLOW_CONTROL_ERROR : NO_ERROR
  }

  /** Sends what was put together. False: the socket takes no more now. */
  flush(): boolean {
    const { frames } = this
    if (frames.size === 0 || this.#isClosed) return !this.#outlet.isBlocked
    writer.begin()
    writer.range(frames.bytes, 0, frames.size)
    frames.release()
    return this.#outlet.send()
  }

  /** The same a moment later: somebody may be putting a message together now. */
  flushSoon(): void {
    if (this.isHeld || this.#isPlanned) return
    this.#isPlanned = true
    process.nextTick(() => {
      this.#isPlanned = false
      this.flush()
    })
  }

  /** Sends what was put together, and nothing behind it. */
  close(): void {
    this.flush()
    this.#isClosed = true
    this.frames.release()
    this.#outlet.end()
  }
}

/**
 * One HTTP/2 connection of a client, from its preface to its end: what it sends and when, its streams, its deadlines, and how it ends. What
 * comes in is read by incoming-frames.ts. All that a turn of the event loop has to say goes out as one write.
 */
import type { Socket } from 'node:net'
import { receiveBuffer } from '../data-path-buffers.ts'
import type { Timed } from '../data-path-deadlines.ts'
import type { AcceptedConnection, ClientConnection } from '../downstream/client-connection.ts'
import type { DownstreamContext } from '../downstream/context.ts'
import { type DownstreamLimits, DRAIN_IDLE_MS } from '../downstream/limits.ts'
import { Origin } from '../upstream/request-writer.ts'
import { FloodGuard } from './flood-guard.ts'
import { FrameOutlet } from './frame-outlet.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import {
  DEFAULT_WINDOW,
  ENHANCE_YOUR_CALM,
  MAX_WINDOW,
  NO_ERROR,
  PREFACE,
  PROTOCOL_ERROR,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_MAX_HEADER_LIST_SIZE,
  SETTINGS_TIMEOUT,
} from './frames.ts'
import { IncomingFrames, SESSION_WINDOW } from './incoming-frames.ts'
import { sendLater } from './send-queue.ts'
import { Http2Stream } from './stream.ts'
import { StreamIds } from './stream-ids.ts'

/** Between the announcement that a session ends and its end: what a client has sent meanwhile is served. An idle one gets DRAIN_IDLE_MS. */
export const GOING_MS = 1000
/** The client's answer to our settings is due (RFC 9113 §6.5.3). */
export const SETTINGS_ACK_MS = 10_000
/** After our last byte the client may read in peace, because a reset could overtake it: so long, and so many bytes. */
const LINGER_MS = 1000
const LINGER_BYTES = 64 * 1024
/** Streams that a worker keeps for the next requests, with all that belongs to them; more are left to the garbage collector. */
export const KEPT_STREAMS = 1024
/** While a write is under way, DATA frames are put behind it up to this size. */
const WAITING_BYTES = 64 * 1024
/** Nothing more is read while so much waits because the client does not read, */
const UNREAD_BYTES = 96 * 1024
/** and this much is too much: what backends answer comes all the same. */
export const QUEUED_BYTES = 1024 * 1024
const NEVER = Number.POSITIVE_INFINITY

const OPEN = 0
/** Our end is closed: reads until the client closes its own. */
const LINGER = 1
const CLOSED = 2

/** By data path. */
const pools = new WeakMap<DownstreamContext, Http2Stream[]>()

export class Http2Session implements ClientConnection, Timed {
  listIndex = -1
  deadlineMs = NEVER
  timedIndex = -1
  readonly context: DownstreamContext
  readonly limits: DownstreamLimits
  readonly isTls: boolean
  readonly origin: Origin
  readonly out = new FrameWriter()
  readonly guard = new FloodGuard()
  readonly ids = new StreamIds()
  readonly streams = new Map<number, Http2Stream>()
  /** What the client allows to send on all streams together. */
  sendWindow = DEFAULT_WINDOW
  /** The client has closed its end, or has said that it opens no further stream. */
  isPeerGone = false
  /** It did more than it may, and ends with the next frame. */
  isFlooded = false
  /** It gets no further request, and will be told so when this read is done. */
  mustGo = false
  readonly #socket: Socket
  readonly #outlet: FrameOutlet
  readonly #reader = new FrameReader(PREFACE)
  readonly #frames: IncomingFrames
  readonly #pool: Http2Stream[]
  /** Streams that wait for the socket or for the session's window. */
  #waiting: Http2Stream[] = []
  /** Over, though a policy still thinks about it: they count as open, because a reset is no way to have more of them (CVE-2023-44487). */
  #thinking: Http2Stream[] = []
  #phase = OPEN
  #isReading = false
  #isPaused = false
  #isSendDue = false
  #isGoing = false
  #lingerBytes = 0

  /** Since when; `NEVER`: it is not so. Deadlines are counted from these. */
  readonly #openedMs: number
  #idleMs: number
  #incompleteMs: number
  #writingMs = NEVER
  /** When a client that was told to go hears which stream is the last. */
  #finalAtMs = NEVER
  #lingerMs = NEVER

  constructor({ socket, peer, isTls, limits }: AcceptedConnection, context: DownstreamContext) {
    this.#socket = socket
    this.isTls = isTls
    this.limits = limits
    this.context = context
    this.origin = new Origin(peer, isTls ? 'https' : 'http', '2.0')
    this.#frames = new IncomingFrames(this)
    this.#outlet = new FrameOutlet(socket, () => this.#onWritten())
    this.#pool = poolOf(context)
    context.deadlines.add(this)
    this.#openedMs = this.#now()
    this.#idleMs = this.#openedMs
    this.#incompleteMs = this.#openedMs
    socket.on('end', () => this.#onEnd())
    // `close` follows and does the work.
    socket.on('error', () => {})
    socket.on('close', () => this.#close('client-closed'))
    this.out.settings(0, [
      [SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams],
      [SETTINGS_MAX_HEADER_LIST_SIZE, limits.headBytes],
    ])
    this.out.windowUpdate(0, SESSION_WINDOW - DEFAULT_WINDOW)
    this.send()
    this.#setDeadline()
  }

  /** The client takes no more bodies now. */
  get isBlocked(): boolean {
    return this.#outlet.isWriting && this.out.size >= WAITING_BYTES
  }

  onRead(size: number): void {
    if (this.#phase === CLOSED) return
    if (this.#phase === LINGER) {
      this.#lingerBytes += size
      if (this.#lingerBytes > LINGER_BYTES) this.destroy('')
      return
    }
    this.#isReading = true
    const framesBefore = this.#reader.frameCount
    const errorCode = this.#reader.read(receiveBuffer, 0, size, this.#frames)
    this.#isReading = false
    if (errorCode !== NO_ERROR) this.#end(errorCode, errorCode === ENHANCE_YOUR_CALM ? 'client-flood' : 'client-protocol-error')
    else {
      this.#noteProgress(this.#reader.frameCount !== framesBefore)
      this.#settle()
    }
  }

  /** RFC 9113 §6.8: says that it will end, and a little later with which stream; a request may be on its way. */
  drain(): void {
    if (this.#phase !== OPEN || this.#isGoing) return
    this.#isGoing = true
    this.#finalAtMs = this.#now() + (this.streams.size === 0 ? DRAIN_IDLE_MS : GOING_MS)
    this.out.goaway(this.ids.final, NO_ERROR)
    this.#settle()
  }

  destroy(code: string): void {
    if (this.#phase === CLOSED) return
    this.#close(code)
    this.#socket.destroy()
  }

  onDeadline(nowMs: number): void {
    const { limits } = this
    if (this.#phase === LINGER) this.destroy('')
    else if (nowMs >= this.#writingMs + limits.writeTimeoutMs) this.destroy('client-write-timeout')
    else if (nowMs >= this.#incompleteMs + limits.headTimeoutMs) this.#end(PROTOCOL_ERROR, 'head-timeout')
    else if (!this.#frames.isAcked && nowMs >= this.#openedMs + SETTINGS_ACK_MS) this.#end(SETTINGS_TIMEOUT, 'client-protocol-error')
    else if (nowMs >= this.#finalAtMs) {
      this.#finalAtMs = NEVER
      this.ids.final = this.ids.last
      this.out.goaway(this.ids.final, NO_ERROR)
      this.#settle()
    } else if (this.streams.size === 0 && nowMs >= this.#idleMs + limits.keepAliveTimeoutMs) this.#end(NO_ERROR, '')
    else if (limits.maxAgeMs > 0 && nowMs >= this.#openedMs + limits.maxAgeMs) this.drain()
    else this.#setDeadline()
  }

  /** Something was written to `out`: it goes out when this turn ends, at the latest. */
  wrote(): void {
    if (this.#isReading || this.#isSendDue || this.#phase !== OPEN) return
    this.#isSendDue = true
    sendLater(this)
  }

  /** Sends what was written, unless another write is under way. */
  send(): void {
    this.#isSendDue = false
    const { out } = this
    if (out.size === 0 || this.#phase !== OPEN) return
    if (!this.#outlet.isWriting) this.#write()
    else if (out.size > QUEUED_BYTES) this.destroy('client-write-timeout')
    else if (out.size > UNREAD_BYTES && !this.#isPaused) {
      this.#isPaused = true
      this.#socket.pause()
    }
  }

  writeReset(streamId: number, errorCode: number): void {
    this.ids.reset(streamId)
    this.out.rstStream(streamId, errorCode)
    this.wrote()
  }

  writeWindowUpdate(streamId: number, increment: number): void {
    if (this.#phase !== OPEN) return
    this.out.windowUpdate(streamId, increment)
    this.wrote()
  }

  /** Nobody holds these bytes of bodies any more. */
  credit(size: number): void {
    this.#frames.credit(size)
  }

  /** The client did what no sound client does. */
  noteGlitch(): void {
    if (!this.guard.glitch(this.context.deadlines.nowMs())) this.isFlooded = true
    else if (this.guard.isWarned) this.mustGo = true
  }

  /** Streams that count against the limit. */
  openStreams(): number {
    if (this.#thinking.length > 0) {
      for (const stream of this.#thinking) if (!stream.isThinking) this.#keep(stream)
      this.#thinking = this.#thinking.filter((stream) => stream.isThinking)
    }
    return this.streams.size + this.#thinking.length
  }

  takeStream(): Http2Stream {
    return this.#pool.pop() ?? new Http2Stream(this.context)
  }

  /** It waits until the socket or the session's window lets something through. */
  list(stream: Http2Stream): void {
    if (stream.isListed) return
    stream.isListed = true
    this.#waiting.push(stream)
  }

  /** The socket or the session's window lets something through. */
  resumeWaiting(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const stream of waiting) {
      stream.isListed = false
      if (!stream.isClosed) stream.onSendable()
      else if (!stream.isThinking) this.#keep(stream)
    }
  }

  streamClosed(stream: Http2Stream): void {
    this.streams.delete(stream.id)
    if (stream.isThinking) this.#thinking.push(stream)
    // Whoever stands in the list is kept when its turn has come.
    else if (!stream.isListed) this.#keep(stream)
    if (this.streams.size > 0 || this.#phase !== OPEN) return
    this.#idleMs = this.#now()
    if (this.#isReading) return
    if (this.#isGoing || this.isPeerGone) this.#settle()
    else this.#setDeadline()
  }

  #keep(stream: Http2Stream): void {
    if (this.#pool.length < KEPT_STREAMS) this.#pool.push(stream)
  }

  /** After a read: has anything begun that has to be complete in time? Bodies have deadlines of their own. */
  #noteProgress(hasFrames: boolean): void {
    const isComplete = this.#frames.hasSettings && this.#reader.isBetweenFrames && !this.#frames.isWithinBlock
    if (isComplete) this.#incompleteMs = NEVER
    else if (this.#incompleteMs === NEVER || (hasFrames && !this.#frames.isWithinBlock && this.#frames.hasSettings)) {
      this.#incompleteMs = this.#now()
    }
  }

  #write(): void {
    this.#outlet.send(this.out)
    this.#frames.queuedControlFrames = 0
    this.#writingMs = this.#outlet.isWriting ? this.#now() : NEVER
  }

  /** What was under way is with the kernel. */
  #onWritten(): void {
    this.#writingMs = NEVER
    if (this.#phase === LINGER) this.#finish()
    if (this.#phase !== OPEN) return
    this.send()
    if (this.#isPaused && this.out.size <= UNREAD_BYTES) {
      this.#isPaused = false
      this.#socket.resume()
    }
    this.resumeWaiting()
    this.#settle()
  }

  /** FIN: complete requests still get their responses, as far as the windows go; one that was cut short is none (F24). */
  #onEnd(): void {
    if (this.#phase === LINGER && !this.#outlet.isWriting) this.destroy('')
    if (this.#phase !== OPEN) return
    this.isPeerGone = true
    for (const stream of [...this.streams.values()]) if (!stream.body.hasEnded) stream.onClientGone('request-cut-short')
    this.#settle()
  }

  /** After something has happened: ends what is to end, sends what there is to say. */
  #settle(): void {
    if (this.#phase !== OPEN) return
    if (this.isFlooded) this.#end(ENHANCE_YOUR_CALM, 'client-flood')
    else if (this.mustGo && !this.#isGoing) this.drain()
    else {
      this.send()
      const isFinal = this.isPeerGone || this.ids.final !== MAX_WINDOW
      if (isFinal && this.streams.size === 0) this.#end(NO_ERROR, '')
      else this.#setDeadline()
    }
  }

  /** Says why, ends what is left with this code, and closes our end. */
  #end(errorCode: number, code: string): void {
    if (this.#phase !== OPEN) return
    this.#abortStreams(code)
    if (errorCode !== NO_ERROR || !this.#isGoing) this.out.goaway(this.ids.last, errorCode)
    if (this.#isPaused) {
      // It takes nothing, so it cannot be told either.
      this.destroy(code)
      return
    }
    this.#phase = LINGER
    this.#lingerMs = this.#now()
    this.#finish()
    this.#setDeadline()
  }

  /** Everything goes out, and then our end is closed. */
  #finish(): void {
    if (!this.#outlet.isWriting && this.out.size > 0) this.#write()
    if (!this.#outlet.isWriting) this.#socket.end()
  }

  #close(code: string): void {
    if (this.#phase === CLOSED) return
    this.#phase = CLOSED
    this.#abortStreams(code)
    this.out.release()
    this.context.deadlines.remove(this)
    this.context.connectionClosed(this)
  }

  #abortStreams(code: string): void {
    for (const stream of [...this.streams.values()]) stream.onClientGone(code)
  }

  /** Nothing that is counted from it ends early. */
  #now(): number {
    return this.context.deadlines.after(0)
  }

  #setDeadline(): void {
    const { limits } = this
    if (this.#phase === LINGER) {
      this.deadlineMs = this.#lingerMs + (this.#outlet.isWriting ? limits.writeTimeoutMs : LINGER_MS)
      return
    }
    let due = Math.min(this.#writingMs + limits.writeTimeoutMs, this.#incompleteMs + limits.headTimeoutMs, this.#finalAtMs)
    if (!this.#frames.isAcked) due = Math.min(due, this.#openedMs + SETTINGS_ACK_MS)
    if (this.streams.size === 0) due = Math.min(due, this.#idleMs + limits.keepAliveTimeoutMs)
    if (limits.maxAgeMs > 0 && !this.#isGoing) due = Math.min(due, this.#openedMs + limits.maxAgeMs)
    this.deadlineMs = due
  }
}

function poolOf(context: DownstreamContext): Http2Stream[] {
  let pool = pools.get(context)
  if (pool === undefined) {
    pool = []
    pools.set(context, pool)
  }
  return pool
}

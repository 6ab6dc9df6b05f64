/**
 * One response body through one of zlib's compressors. Bytes that come are copied at once (they stand in a buffer that is read into again) and
 * handed over in pieces, one at a time; what comes out goes to the owner as it comes. Where nobody knows how long the body will be, every
 * piece is flushed, so that an endless response flows; otherwise the compressor may keep what it likes until the end.
 */
import {
  type BrotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  type Gzip,
  type ZstdCompress,
} from 'node:zlib'
import type { EncoderSlots, Job } from './encoder-slots.ts'
import type { Encoding } from './negotiate.ts'

/** Who gets what comes out. Nothing is called from within a call of the encoder's methods, and nothing after `destroy`. */
export interface EncoderOwner {
  /** May `pause`. */
  onEncoded(bytes: Buffer): void
  /** All of it has come out. */
  onEncodedEnd(): void
  /** After a `write` that said false: there is room again. */
  onEncoderDrain(): void
  onEncoderFailed(): void
}

/** A piece that is handed to the compressor, and what may wait beside it before `write` says false. */
export const PIECE_BYTES = 64 * 1024
/** Low levels: higher ones cost a multiple of the time for a few percent. docs/traffic.md has the figures. */
export const GZIP_LEVEL = 5
export const BROTLI_QUALITY = 4
export const ZSTD_LEVEL = 3
/** 2^19 bytes is as far back as br and zstd look: responses are rarely longer, and clients need that much memory too. */
const WINDOW_LOG = 19
/** What comes out of one piece: its own buffer never lets the compressor wait in the middle of it, which would hold the turn of others. */
const OUTPUT_BYTES = 4 * PIECE_BYTES

export class Encoder implements Job {
  readonly encoding: Encoding
  readonly #stream: Gzip | BrotliCompress | ZstdCompress
  readonly #slots: EncoderSlots
  readonly #owner: EncoderOwner
  #piece: Buffer | undefined
  #size = 0
  /** A piece is with the compressor, or waits for its turn. */
  #isBusy = false
  #isPaused = false
  #wantsDrain = false
  #isEnding = false
  #isEnded = false
  #isDestroyed = false
  readonly #written = (error?: Error | null) => this.#onWritten(error)

  /** `slots.open()` has said yes. `size` is the length of the body, -1 when nobody knows: every piece is flushed then. */
  constructor(encoding: Encoding, size: number, slots: EncoderSlots, owner: EncoderOwner) {
    this.encoding = encoding
    this.#slots = slots
    this.#owner = owner
    this.#stream = compressor(encoding, size)
    this.#stream.on('data', (bytes: Buffer) => {
      if (!this.#isDestroyed) owner.onEncoded(bytes)
    })
    this.#stream.on('end', () => this.#onEnd())
    this.#stream.on('error', () => this.#fail())
    this.#stream.on('close', () => slots.close())
  }

  /** False: no more before `onEncoderDrain`. What comes is taken all the same. */
  write(bytes: Buffer, start: number, end: number): boolean {
    const size = end - start
    if (size > 0) {
      this.#reserve(size)
      bytes.copy(this.#piece as Buffer, this.#size, start, end)
      this.#size += size
    }
    if (this.#size < PIECE_BYTES) return true
    this.flush()
    this.#wantsDrain ||= this.#size >= PIECE_BYTES
    return !this.#wantsDrain
  }

  /** What has come shall go through now. */
  flush(): void {
    if (this.#isBusy || this.#isPaused || this.#isDestroyed || this.#isEnded) return
    if (this.#size === 0 && !this.#isEnding) return
    this.#isBusy = true
    this.#slots.request(this)
  }

  /** Nothing follows. */
  end(): void {
    this.#isEnding = true
    this.flush()
  }

  /** The owner takes nothing more now. */
  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#stream.resume()
    this.flush()
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#piece = undefined
    if (this.#isBusy && this.#slots.withdraw(this)) this.#isBusy = false
    this.#stream.destroy()
    this.#finishJob()
  }

  run(): void {
    const piece = this.#piece
    const size = this.#size
    this.#piece = undefined
    this.#size = 0
    if (this.#isEnding) {
      this.#isEnded = true
      if (piece === undefined) this.#stream.end(this.#written)
      else this.#stream.end(piece.subarray(0, size), this.#written)
    } else this.#stream.write((piece as Buffer).subarray(0, size), this.#written)
  }

  #onWritten(error: Error | null | undefined): void {
    this.#finishJob()
    if (this.#isDestroyed || (error !== null && error !== undefined)) return
    if (this.#wantsDrain && this.#size < PIECE_BYTES) {
      this.#wantsDrain = false
      this.#owner.onEncoderDrain()
    }
    this.flush()
  }

  #onEnd(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#owner.onEncodedEnd()
  }

  #fail(): void {
    if (this.#isDestroyed) return
    this.destroy()
    this.#owner.onEncoderFailed()
  }

  #finishJob(): void {
    if (!this.#isBusy) return
    this.#isBusy = false
    this.#slots.done()
  }

  #reserve(size: number): void {
    const needed = this.#size + size
    const { length } = this.#piece ?? NOTHING
    if (needed <= length) return
    const larger = Buffer.allocUnsafeSlow(needed <= PIECE_BYTES ? Math.max(FIRST_BYTES, Math.min(PIECE_BYTES, needed * 2)) : needed)
    this.#piece?.copy(larger, 0, 0, this.#size)
    this.#piece = larger
  }
}

const NOTHING = Buffer.alloc(0)
const FIRST_BYTES = 4 * 1024

function compressor(encoding: Encoding, size: number): Gzip | BrotliCompress | ZstdCompress {
  const isFlushed = size < 0
  const options = { readableHighWaterMark: OUTPUT_BYTES, writableHighWaterMark: OUTPUT_BYTES }
  if (encoding === 'gzip') {
    return createGzip({ ...options, level: GZIP_LEVEL, flush: isFlushed ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH })
  }
  if (encoding === 'br') {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_LOG,
      ...(isFlushed ? {} : { [constants.BROTLI_PARAM_SIZE_HINT]: Math.min(size, 2 ** 30) }),
    }
    return createBrotliCompress({
      ...options,
      flush: isFlushed ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS,
      params,
    })
  }
  return createZstdCompress({
    ...options,
    flush: isFlushed ? constants.ZSTD_e_flush : constants.ZSTD_e_continue,
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_windowLog]: WINDOW_LOG },
  })
}

/**
 * Records: the configs of policies as bytes. A policy's compile half writes one with `RecordWriter`, its run half reads the same fields
 * in the same order with `RecordReader`, once per bundle. Little-endian, unaligned, strings as UTF-8 behind a u32 size.
 */
import { strict as assert } from 'node:assert'
import { PosternError } from './error.ts'

const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A value that its field cannot hold is a wrong program: written all the same, it would be read as another one, 0 included. */
export class RecordWriter {
  #bytes = new Uint8Array(64)
  #view = new DataView(this.#bytes.buffer)
  #size = 0

  u8(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xff)
    this.#reserve(1)
    this.#view.setUint8(this.#size, value)
    this.#size += 1
    return this
  }

  u32(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff)
    this.#reserve(4)
    this.#view.setUint32(this.#size, value, true)
    this.#size += 4
    return this
  }

  f64(value: number): this {
    assert(!Number.isNaN(value))
    this.#reserve(8)
    this.#view.setFloat64(this.#size, value, true)
    this.#size += 8
    return this
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#size)
    this.#size += value.length
    return this
  }

  string(value: string): this {
    assert(value.isWellFormed(), 'text with half a surrogate pair cannot be UTF-8')
    return this.bytes(utf8Encoder.encode(value))
  }

  /** A count, then each item. */
  list<T>(items: readonly T[], write: (item: T, writer: this) => void): this {
    this.u32(items.length)
    for (const item of items) write(item, this)
    return this
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + count))
    grown.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Reads what a `RecordWriter` wrote. A record that ends early, goes on too long or is not UTF-8 is a `record-invalid` error: the bundle is refused. */
export class RecordReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  /** `bytes` must be a copy: what is read from it outlives the mapping of the bundle. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  bytes(): Uint8Array {
    const size = this.u32()
    const start = this.#take(size)
    return this.#bytes.subarray(start, start + size)
  }

  string(): string {
    try {
      return utf8Decoder.decode(this.bytes())
    } catch (cause) {
      throw cause instanceof PosternError ? cause : invalid('a string is not UTF-8')
    }
  }

  list<T>(read: (reader: this) => T): T[] {
    const count = this.u32()
    // Every item takes at least one byte, so that a lying count cannot make us allocate without bound.
    if (count > this.#bytes.length - this.#offset) throw invalid('a list is longer than its record')
    return Array.from({ length: count }, () => read(this))
  }

  /** To be called after the last field. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw invalid('bytes follow the last field')
  }

  #take(count: number): number {
    const start = this.#offset
    if (count > this.#bytes.length - start) throw invalid('it ends within a field')
    this.#offset = start + count
    return start
  }
}

function invalid(why: string): PosternError {
  return new PosternError('record-invalid', `a policy's record is not what this gateway reads: ${why}`)
}

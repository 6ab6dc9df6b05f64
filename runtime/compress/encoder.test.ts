import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from 'node:zlib'
import t from 'tap'
import { Encoder, type EncoderOwner, PIECE_BYTES } from './encoder.ts'
import { EncoderSlots } from './encoder-slots.ts'
import type { Encoding } from './negotiate.ts'

const DECODE = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync }
const DECODER = { br: createBrotliDecompress, gzip: createGunzip, zstd: createZstdDecompress }
const ENCODINGS: readonly Encoding[] = ['br', 'zstd', 'gzip']
const TEXT = Buffer.from('It was a bright cold day in April, and the clocks were striking thirteen. '.repeat(8000))

/** Takes what comes out, and is waited for. */
class Collector implements EncoderOwner {
  tee: (bytes: Buffer) => void = () => {}
  isEnded = false
  readonly #pieces: Buffer[] = []
  #drains = 0
  #onEvent: () => void = () => {}

  onEncoded(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes))
    this.tee(bytes)
  }

  onEncodedEnd(): void {
    this.isEnded = true
    this.#onEvent()
  }

  onEncoderDrain(): void {
    this.#drains += 1
    this.#onEvent()
  }

  onEncoderFailed(): void {
    throw new Error('a compressor failed')
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  async ended(): Promise<void> {
    while (!this.isEnded) await this.#event()
  }

  async drained(): Promise<void> {
    while (this.#drains === 0) await this.#event()
    this.#drains -= 1
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEvent = resolve
    })
  }
}

for (const encoding of ENCODINGS) {
  t.test(`${encoding}: what goes in comes out, in whatever pieces it came`, async (t) => {
    for (const [size, piece] of [
      [0, 1],
      [1, 1],
      [1000, 7],
      [TEXT.length, 1000],
      [TEXT.length, 200_000],
    ] as const) {
      for (const declared of [size, -1]) {
        const received = Buffer.from(TEXT.subarray(0, size))
        const owner = new Collector()
        const encoder = start(encoding, declared, owner)
        for (let at = 0; at < size; at += piece) {
          if (!encoder.write(received, at, Math.min(size, at + piece))) await owner.drained()
          // As the data path does: the memory is used again.
          received.fill(0, at, Math.min(size, at + piece))
        }
        encoder.end()
        await owner.ended()
        t.equal(DECODE[encoding](owner.bytes()).equals(TEXT.subarray(0, size)), true, `${size} in pieces of ${piece}, declared ${declared}`)
      }
    }
  })

  t.test(`${encoding}: an endless body flows: what was flushed can be read though nothing has ended`, async (t) => {
    const owner = new Collector()
    const encoder = start(encoding, -1, owner)
    const decoder = DECODER[encoding]()
    owner.tee = (bytes) => decoder.write(bytes)
    for (const text of ['tick', 'tock', 'a longer event, and then some']) {
      const arrived = once(decoder, 'data')
      encoder.write(Buffer.from(text), 0, text.length)
      encoder.flush()
      const [data] = (await arrived) as [Buffer]
      t.equal(data.toString(), text)
    }
    encoder.destroy()
    decoder.destroy()
  })

  t.test(`${encoding}: what is destroyed in the middle is over, and its place is free`, async (t) => {
    const slots = new EncoderSlots({ streams: 1 })
    const owner = new Collector()
    const encoder = start(encoding, -1, owner, slots)
    encoder.write(TEXT, 0, TEXT.length)
    encoder.destroy()
    encoder.destroy()
    t.equal(encoder.write(TEXT, 0, 10), true)
    encoder.flush()
    encoder.end()
    await until(() => slots.streams === 0)
    t.equal(owner.isEnded, false)
    const next = new Collector()
    const following = start(encoding, 5, next, slots)
    following.write(TEXT, 0, 5)
    following.end()
    await next.ended()
    t.equal(DECODE[encoding](next.bytes()).toString(), 'It wa')
  })
}

t.test('an owner that takes nothing stops what comes in, and gets it all later', async (t) => {
  const noise = randomBytes(4 * PIECE_BYTES)
  const owner = new Collector()
  const encoder = start('gzip', noise.length, owner)
  owner.tee = () => encoder.pause()
  encoder.pause()
  let written = 0
  while (written < noise.length && encoder.write(noise, written, written + 16 * 1024)) written += 16 * 1024
  written += 16 * 1024
  t.ok(written <= 2 * PIECE_BYTES, `${written} bytes were taken while nobody reads`)
  encoder.resume()
  await owner.drained()
  owner.tee = () => {}
  encoder.resume()
  encoder.write(noise, written, noise.length)
  encoder.end()
  await owner.ended()
  t.equal(gunzipSync(owner.bytes()).equals(noise), true)
})

t.test('a worker has a bounded number of encoders, and a bounded number of pieces in the thread pool', async (t) => {
  const slots = new EncoderSlots({ streams: 3, jobs: 1 })
  const owners = [new Collector(), new Collector(), new Collector()]
  const encoders = owners.map((owner) => start('br', -1, owner, slots))
  t.equal(slots.open(), false)
  for (const encoder of encoders) {
    encoder.write(TEXT, 0, 100_000)
    encoder.end()
  }
  await Promise.all(owners.map((owner) => owner.ended()))
  for (const owner of owners) t.equal(brotliDecompressSync(owner.bytes()).length, 100_000)
  await until(() => slots.streams === 0)
  t.equal(slots.open(), true)
})

t.test('an encoder that is destroyed while it waits for its turn takes nobody else the turn', async (t) => {
  const slots = new EncoderSlots({ jobs: 1 })
  const owners = [new Collector(), new Collector(), new Collector()]
  const [first, second, third] = owners.map((owner) => start('gzip', -1, owner, slots)) as [Encoder, Encoder, Encoder]
  for (const encoder of [first, second, third]) {
    encoder.write(TEXT, 0, 1000)
    encoder.end()
  }
  second.destroy()
  first.destroy()
  await owners[2]?.ended()
  t.equal(gunzipSync((owners[2] as Collector).bytes()).length, 1000)
  await until(() => slots.streams === 0)
})

t.test('a flushed body costs little more than one that is not', async (t) => {
  t.equal(constants.Z_SYNC_FLUSH, 2)
  for (const encoding of ENCODINGS) {
    const sizes: number[] = []
    for (const declared of [TEXT.length, -1]) {
      const owner = new Collector()
      const encoder = start(encoding, declared, owner)
      for (let at = 0; at < TEXT.length; at += PIECE_BYTES) {
        if (!encoder.write(TEXT, at, Math.min(TEXT.length, at + PIECE_BYTES))) await owner.drained()
      }
      encoder.end()
      await owner.ended()
      sizes.push(owner.bytes().length)
    }
    t.ok((sizes[1] as number) < (sizes[0] as number) + 4096, `${encoding}: ${sizes}`)
  }
})

function start(encoding: Encoding, size: number, owner: Collector, slots = new EncoderSlots()): Encoder {
  if (!slots.open()) throw new Error('no room')
  return new Encoder(encoding, size, slots, owner)
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

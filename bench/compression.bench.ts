/**
 * What do the levels of compression cost, and what do they bring? One MiB of JSON as services send it, in pieces of 64 KiB through node:zlib, as
 * the gateway does it: CPU of all threads, size of what comes out, memory of one compressor.
 */
import { once } from 'node:events'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import { BROTLI_QUALITY, GZIP_LEVEL, PIECE_BYTES, ZSTD_LEVEL } from '../runtime/compress/encoder.ts'

const ROUNDS = 5
const HELD = 40
const text = json(2 ** 20)

const brotli = (quality: number) => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: quality } })
const zstd = (level: number) => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } })
const gzip = (level: number) => createGzip({ level })

console.log(`one MiB of JSON, median of ${ROUNDS}; * is what the gateway uses`)
for (const [name, levels, make, ours] of [
  ['gzip', [1, 5, 6, 9], gzip, GZIP_LEVEL],
  ['br', [1, 4, 5, 9, 11], brotli, BROTLI_QUALITY],
  ['zstd', [1, 3, 6, 12, 19], zstd, ZSTD_LEVEL],
] as const) {
  for (const level of levels) {
    const times: number[] = []
    let size = 0
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage()
      size = await compress(make(level))
      const { user, system } = process.cpuUsage(before)
      times.push((user + system) / 1000)
    }
    const label = `${name} ${level}${level === ours ? ' *' : ''}`
    const memory = level === ours ? `   ${(await memoryOf(() => make(level))).toFixed(1)} MiB each` : ''
    const ms = times.sort((a, b) => a - b)[ROUNDS >> 1] as number
    console.log(`  ${label.padEnd(9)} ${ms.toFixed(1).padStart(7)} ms   ${(size / 1024).toFixed(0).padStart(4)} KiB${memory}`)
  }
}

type Compressor = ReturnType<typeof brotli | typeof zstd | typeof gzip>

async function compress(stream: Compressor): Promise<number> {
  let size = 0
  stream.on('data', (bytes: Buffer) => {
    size += bytes.length
  })
  for (let at = 0; at < text.length; at += PIECE_BYTES) {
    await new Promise((resolve) => stream.write(text.subarray(at, at + PIECE_BYTES), resolve))
  }
  stream.end()
  await once(stream, 'end')
  return size
}

/** MiB of resident memory by which the process grows for each of many that have had 256 KiB. */
async function memoryOf(make: () => Compressor): Promise<number> {
  const held: Compressor[] = []
  const before = process.memoryUsage().rss
  for (let i = 0; i < HELD; i++) {
    const stream = make()
    stream.resume()
    for (let piece = 0; piece < 4; piece++) await new Promise((resolve) => stream.write(text.subarray(0, PIECE_BYTES), resolve))
    held.push(stream)
  }
  const grown = process.memoryUsage().rss - before
  for (const stream of held) stream.destroy()
  return grown / HELD / 2 ** 20
}

/** The same every time: records with numbers that differ and words that come again. */
function json(bytes: number): Buffer {
  let state = 1
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
  const words = Array.from({ length: 3000 }, () => random(2 ** 22).toString(36) + random(2 ** 20).toString(36))
  let records = ''
  while (records.length < bytes) {
    const tags = [words[random(50)], words[random(500)]]
    records += `${JSON.stringify({ id: random(2 ** 22), name: words[random(3000)], city: words[random(300)], price: random(100_000) / 100, tags })},`
  }
  return Buffer.from(records.slice(0, bytes))
}

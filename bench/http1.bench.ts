/**
 * What the wire codec costs, without sockets: `npm run bench -- http1`. Nanoseconds per call, the median of several rounds. It has no peer:
 * no public interface runs Node's own parser without sockets; what a whole proxied request costs beside nginx is `npm run bench -- proxy`.
 */
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { ChunkedDecoder } from '../runtime/http1/chunked.ts'
import { parseRequestHead, REQUEST_HEAD_LIMITS, RequestHead } from '../runtime/http1/request-head.ts'
import { parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead } from '../runtime/http1/response-head.ts'
import { HeadWriter } from '../runtime/http1/serialize.ts'

const ROUNDS = 7
const ROUND_MS = 120

const MINIMAL = 'GET /weather/forecast/utrecht HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n'
const WITH_KEY =
  'GET /weather/forecast/utrecht?days=3 HTTP/1.1\r\nHost: api.example.com\r\nX-Api-Key: 0123456789abcdef0123456789abcdef\r\n\r\n'
const BROWSER = [
  'GET /weather/forecast/utrecht?days=3&units=metric HTTP/1.1',
  'Host: api.example.com',
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Accept: application/json, text/plain, */*',
  'Origin: https://www.example.com',
  'Referer: https://www.example.com/forecast',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,nl;q=0.8',
  'Cookie: session=6f1ed002ab5595859014ebf0951522d9; theme=dark',
  '',
  '',
].join('\r\n')
const UNCANONICAL = MINIMAL.replace('/forecast/', '/./x/%2e%2e/forec%61st/')
const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx',
  'Date: Mon, 23 Nov 2026 05:15:27 GMT',
  'Content-Type: application/json',
  'Content-Length: 27',
  'Connection: keep-alive',
  '',
  '',
].join('\r\n')

export function main(): void {
  for (const [name, text] of [
    ['request, minimal', MINIMAL],
    ['request, api key', WITH_KEY],
    ['request, browser', BROWSER],
    ['request, path to rewrite', UNCANONICAL],
  ] as const) {
    const bytes = Buffer.from(text)
    const head = new RequestHead()
    report(name, bytes.length, () => parseRequestHead(bytes, 0, bytes.length, head, REQUEST_HEAD_LIMITS))
  }
  const response = Buffer.from(RESPONSE)
  const responseHead = new ResponseHead()
  report('response', response.length, () => parseResponseHead(response, 0, response.length, responseHead, RESPONSE_HEAD_LIMITS))

  for (const [name, text] of [
    ['upstream head, minimal', MINIMAL],
    ['upstream head, browser', BROWSER],
  ] as const) {
    const bytes = Buffer.from(text)
    const head = new RequestHead()
    parseRequestHead(bytes, 0, bytes.length, head, REQUEST_HEAD_LIMITS)
    const writer = new HeadWriter()
    const prefix = Buffer.from('/api')
    const authority = Buffer.from('Host: 10.0.0.7:8080\r\n')
    const via = Buffer.from('Via: 1.1 edge\r\n')
    report(name, bytes.length, () => {
      writer.begin()
      writer.requestLine(head.methodId, prefix, head.path, head.pathStart + 8, head.pathEnd, bytes, head.queryStart, head.queryEnd)
      writer.bytes(authority)
      writer.receivedFields(head, head.hopByHop)
      writer.bytes(via)
      writer.field('X-Forwarded-For', '192.0.2.17')
      writer.endHead()
      const message = writer.finish()
      writer.release(message)
      return message.length
    })
  }

  const downstream = new HeadWriter()
  const nowMs = Date.now()
  parseResponseHead(response, 0, response.length, responseHead, RESPONSE_HEAD_LIMITS)
  report('response head', response.length, () => {
    downstream.begin()
    downstream.statusLine(responseHead.status)
    downstream.receivedFields(responseHead, responseHead.hopByHop)
    downstream.contentLength(responseHead.contentLength)
    downstream.date(nowMs)
    downstream.endHead()
    const message = downstream.finish()
    downstream.release(message)
    return message.length
  })

  const chunks = Buffer.from(`${'400\r\n'}${'x'.repeat(1024)}\r\n0\r\n\r\n`)
  const decoder = new ChunkedDecoder()
  report('chunked, 1 KiB', chunks.length, () => {
    decoder.reset()
    let at = 0
    while (!decoder.isDone) at = decoder.decode(chunks, at, chunks.length)
    return at
  })

  for (const size of [8, 16, 32, 64, 128, 256]) {
    const source = Buffer.alloc(4096, 0x61)
    const target = Buffer.alloc(4096)
    report(`copy ${size}, loop`, size, () => {
      for (let i = 0; i < size; i++) target[i + 7] = source[i + 3] as number
      return size
    })
    report(`copy ${size}, Buffer.copy`, size, () => source.copy(target, 7, 3, 3 + size))
  }
}

let sink = 0

function report(name: string, bytes: number, call: () => number): void {
  const medians: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const until = performance.now() + ROUND_MS
    const start = performance.now()
    let calls = 0
    while (performance.now() < until) {
      for (let i = 0; i < 256; i++) sink += call()
      calls += 256
    }
    medians.push(((performance.now() - start) * 1e6) / calls)
  }
  const ns = medians.sort((a, b) => a - b)[ROUNDS >> 1] as number
  process.stdout.write(`${name.padEnd(28)} ${String(bytes).padStart(5)} B ${ns.toFixed(0).padStart(6)} ns\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main()
  if (sink === 0) throw new Error('nothing was measured')
}

/**
 * Access log lines: one JSON object per exchange, made in the worker and put into its ring. The query is not logged (tokens travel there),
 * bodies and fields neither. What a client can choose is escaped, so that a line is always one line and always JSON.
 */
import type { ExchangeSummary } from '../data-path.ts'
import type { Generation } from '../generation.ts'
import type { LineRing } from './line-ring.ts'

/** Fields of a line, in order. A field that has no value for an exchange is left out. */
export const ACCESS_LOG_FIELDS = [
  'time',
  'requestId',
  'client',
  'method',
  'host',
  'path',
  'status',
  'bytes',
  'durationMs',
  'api',
  'route',
  'consumer',
  'error',
  'source',
] as const

/** A longer path is cut, and ends in `...`. */
const MAX_VALUE_CHARACTERS = 2048
/** Lines gathered before they are handed over; what one turn of the event loop ends is handed over in one piece. */
const BATCH_BYTES = 16 * 1024
/** An escape has six bytes. */
const MAX_LINE_BYTES = 10 * MAX_VALUE_CHARACTERS * 6
/** Descriptions of routes and consumers kept as finished text, by generation; all are dropped when there are more. */
const MAX_KEPT = 4096

export class AccessLog {
  readonly #ring: LineRing
  readonly #wake: () => void
  readonly #batch = Buffer.allocUnsafe(BATCH_BYTES + MAX_LINE_BYTES)
  readonly #flush = (): void => this.flush()
  #size = 0
  #lineCount = 0
  #isScheduled = false
  #second = -1
  #secondText = ''
  #generation = -1
  readonly #routes = new Map<number, string>()
  readonly #sources = new Map<number, string>()
  readonly #consumers = new Map<number, string>()

  /** `wake` is called when the ring's reader sleeps and there is something for it. */
  constructor(ring: LineRing, wake: () => void) {
    this.#ring = ring
    this.#wake = wake
  }

  add(summary: ExchangeSummary): void {
    const { generation, routeIndex } = summary
    if (generation.number !== this.#generation) this.#forget(generation.number)
    let line = `{"time":"${this.#time(summary.startedAtMs)}","requestId":"${escaped(summary.requestId)}","client":"${summary.clientAddress}"`
    if (summary.method !== '') {
      line += `,"method":"${escaped(summary.method)}","host":"${escaped(summary.host)}","path":"${escaped(summary.path)}"`
    }
    line += `,"status":${summary.status},"bytes":${summary.responseBodyBytes},"durationMs":${Math.round(summary.durationMs * 1000) / 1000}`
    if (routeIndex >= 0) line += this.#routes.get(routeIndex) ?? this.#describeRoute(generation, routeIndex)
    if (summary.consumerIndex >= 0)
      line += this.#consumers.get(summary.consumerIndex) ?? this.#describeConsumer(generation, summary.consumerIndex)
    if (summary.errorCode !== '') line += `,"error":"${escaped(summary.errorCode)}"`
    if (routeIndex >= 0) line += this.#sources.get(routeIndex) ?? ''
    line += '}\n'
    this.#size += this.#batch.write(line, this.#size, 'latin1') // all of it is ASCII by now
    this.#lineCount += 1
    if (this.#size >= BATCH_BYTES) this.flush()
    else if (!this.#isScheduled) {
      this.#isScheduled = true
      setImmediate(this.#flush)
    }
  }

  flush(): void {
    this.#isScheduled = false
    if (this.#size === 0) return
    const isAsleep = this.#ring.write(this.#batch, this.#size, this.#lineCount)
    this.#size = 0
    this.#lineCount = 0
    if (isAsleep) this.#wake()
  }

  /** RFC 3339 in UTC with milliseconds. The text of a second is made once. */
  #time(atMs: number): string {
    const second = Math.floor(atMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 20)
    }
    const ms = Math.floor(atMs) - second * 1000
    return `${this.#secondText}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`
  }

  #describeRoute(generation: Generation, index: number): string {
    const { routes } = generation.bundle
    // A stream that outlived its bundle: the names are gone with it.
    if (index >= routes.count) return ''
    if (this.#routes.size >= MAX_KEPT) {
      this.#routes.clear()
      this.#sources.clear()
    }
    const identity = generation.routeIdentity(index)
    const { file, line } = routes.source(index)
    const text = `,"api":"${escaped(identity.api)}","route":"${escaped(identity.name)}"`
    this.#routes.set(index, text)
    this.#sources.set(index, file === '' ? '' : `,"source":"${escaped(file)}:${line}"`)
    return text
  }

  #describeConsumer(generation: Generation, index: number): string {
    const { consumers } = generation.bundle
    if (index >= consumers.count) return ''
    if (this.#consumers.size >= MAX_KEPT) this.#consumers.clear()
    const text = `,"consumer":"${escaped(consumers.name(index))}"`
    this.#consumers.set(index, text)
    return text
  }

  #forget(generation: number): void {
    this.#generation = generation
    this.#routes.clear()
    this.#sources.clear()
    this.#consumers.clear()
  }
}

/** The inside of a JSON string, in ASCII. Text that needs nothing is returned as it is. */
function escaped(value: string): string {
  if (value.length > MAX_VALUE_CHARACTERS) return `${escaped(value.slice(0, MAX_VALUE_CHARACTERS))}...`
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code < 0x20 || code === 0x22 || code === 0x5c || code > 0x7e) return escapedAll(value)
  }
  return value
}

function escapedAll(value: string): string {
  let text = ''
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code === 0x22 || code === 0x5c) text += `\\${value[index]}`
    else if (code < 0x20 || code > 0x7e) text += `\\u${code.toString(16).padStart(4, '0')}`
    else text += value[index]
  }
  return text
}

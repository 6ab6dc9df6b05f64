/**
 * A stored response as a stream: a flow takes it for one of a backend's, with pauses where its client is slow. The whole of it is told from
 * within `endRequest` and `resume`, so nothing waits and nothing can fail.
 */
import { SEND_BYTES } from '../data-path-buffers.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Member } from '../upstream/member.ts'
import type { ResponseSink, UpstreamStream } from '../upstream/stream.ts'
import { told } from './head-bytes.ts'

/** Where stored responses come from: nowhere. `endpointIndex` -1 tells it from all others. */
export const STORED: Member = Object.freeze({
  index: -1,
  endpointIndex: -1,
  address: '',
  port: 0,
  host: '',
  isTls: false,
  authority: '',
  pathPrefix: '',
})

export class StoredStream implements UpstreamStream {
  readonly member: Member = STORED
  readonly #write: (head: ResponseHead) => void
  readonly #body: Buffer
  #sink: ResponseSink | undefined
  #hasHead = false
  #isPaused = false
  #isTelling = false
  #at = 0

  /** `write` puts the head together when it is wanted, so that its Age is right. `body` is told as it is; empty where there is none. */
  constructor(write: (head: ResponseHead) => void, body: Buffer) {
    this.#write = write
    this.#body = body
  }

  begin(sink: ResponseSink): void {
    this.#sink = sink
  }

  writeData(): void {}

  flush(): boolean {
    return true
  }

  endRequest(): void {
    this.#tell()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    if (this.#hasHead) this.#tell()
  }

  abandon(): void {
    this.#sink = undefined
  }

  /** Each call to the sink may pause or abandon the stream. */
  #tell(): void {
    const sink = this.#sink
    // `resume` may come from within: the loop below sees it.
    if (sink === undefined || this.#isTelling) return
    this.#isTelling = true
    if (!this.#hasHead) {
      this.#hasHead = true
      this.#write(told)
      sink.onResponseHead(told)
    }
    const body = this.#body
    while (this.#sink === sink && !this.#isPaused && this.#at < body.length) {
      const end = Math.min(body.length, this.#at + SEND_BYTES)
      sink.onResponseData(body, this.#at, end)
      this.#at = end
      if (end < body.length && this.#sink === sink) sink.onReadEnd()
    }
    this.#isTelling = false
    if (this.#sink !== sink || this.#at < body.length) return
    this.#sink = undefined
    sink.onResponseEnd()
  }
}

/**
 * What `postern dev` shows of each request: a line from the access log, which the gateway writes to a file of this run.
 *
 *     GET /weather/forecast/oslo 200 in 3 ms, weather.yaml:14
 */
import { closeSync, type FSWatcher, fstatSync, ftruncateSync, openSync, readSync, watch } from 'node:fs'

/** Under load only so many requests of a batch are shown, the rest is counted. */
const MAX_SHOWN = 20
/** Read at once; what is longer comes with the next turn. */
const CHUNK_BYTES = 64 * 1024
/** The file is emptied when it has grown so long: nobody reads it again. */
const MAX_FILE_BYTES = 1024 * 1024

export class RequestLines {
  readonly #show: (line: string) => void
  readonly #fd: number
  readonly #watcher: FSWatcher
  #offset = 0
  #rest = ''

  /** Makes the file, and shows what is appended to it until `close`. */
  constructor(file: string, show: (line: string) => void) {
    this.#show = show
    this.#fd = openSync(file, 'a+', 0o600)
    this.#watcher = watch(file, () => this.#read())
  }

  close(): void {
    this.#watcher.close()
    closeSync(this.#fd)
  }

  #read(): void {
    const lines: string[] = []
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (;;) {
      const size = readSync(this.#fd, chunk, 0, CHUNK_BYTES, this.#offset)
      if (size === 0) break
      this.#offset += size
      const pieces = (this.#rest + chunk.toString('latin1', 0, size)).split('\n') // the log is ASCII
      this.#rest = pieces.pop() ?? ''
      lines.push(...pieces)
    }
    for (const line of lines.slice(0, MAX_SHOWN)) this.#show(requestLine(line))
    if (lines.length > MAX_SHOWN) this.#show(`… and ${lines.length - MAX_SHOWN} more requests`)
    if (this.#offset > MAX_FILE_BYTES && fstatSync(this.#fd).size === this.#offset) {
      ftruncateSync(this.#fd)
      this.#offset = 0
    }
  }
}

/** A line of the access log, for people. */
export function requestLine(json: string): string {
  const { method, path, status, durationMs, consumer, error, source } = JSON.parse(json) as Entry
  const took = Number(durationMs)
  return [
    method === undefined ? 'a request that was not understood' : `${method} ${path}`,
    `${status === 0 ? 'given up by the client' : status} in ${took < 10 ? took.toFixed(1) : Math.round(took)} ms`,
    consumer === undefined ? '' : `by ${consumer}`,
    error === undefined ? '' : String(error),
    source === undefined ? '' : String(source),
  ]
    .filter((part) => part !== '')
    .join(', ')
    .replace(', ', ' ')
}

type Entry = { readonly [field in 'method' | 'path' | 'status' | 'durationMs' | 'consumer' | 'error' | 'source']?: string | number }

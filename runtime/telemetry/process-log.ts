/**
 * The log of the processes themselves, on standard error: JSON lines of pino, or a readable line on a terminal. Written without waiting: a
 * reader of standard error that is stuck costs log lines, which are counted, never a supervisor that cannot replace a worker.
 */
import { styleText } from 'node:util'
import { type Logger, pino } from 'pino'
import { LineWriter } from './line-writer.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'
export type ProcessLog = Logger

/** Lines waiting for a slow reader. */
const MAX_QUEUED_BYTES = 256 * 1024

/** Where pino's lines go. */
export class LogStream {
  readonly #writer: LineWriter
  readonly #format: (line: string) => string
  #queue: string[] = []
  #queuedBytes = 0
  #isFlushing = false
  dropped = 0

  constructor(fd: number, isReadable: boolean) {
    this.#format = isReadable ? readable : (line) => line
    this.#writer = new LineWriter({ fd }, () => {
      if (!this.#isFlushing) this.#flush()
    })
  }

  write(line: string): void {
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.dropped += 1
      return
    }
    const text = this.#format(line)
    this.#queue.push(text)
    this.#queuedBytes += text.length
    this.#flush()
  }

  close(): void {
    this.#flush()
    this.#writer.close()
  }

  #flush(): void {
    this.#isFlushing = true
    while (!this.#writer.isBusy && this.#queue.length > 0) {
      const text = this.#queue.join('')
      this.#queue = []
      this.#queuedBytes = 0
      this.#writer.write(Buffer.from(text))
    }
    this.#isFlushing = false
  }
}

export function createProcessLog(level: LogLevel, stream: LogStream, fields: { readonly [name: string]: unknown }): ProcessLog {
  return pino(
    {
      level,
      base: fields,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
}

/** On a terminal, and in dev, a person reads; everything else gets JSON. */
export function wantsReadableLines(isDev: boolean): boolean {
  return isDev || process.stderr.isTTY === true
}

const COLORS = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red', fatal: 'red' } as const
const STDERR = { stream: process.stderr } as const
/** Not repeated in each readable line: there is one gateway at this terminal. */
const HIDDEN = new Set(['level', 'time', 'message', 'gateway', 'id', 'process', 'pid'])

function readable(line: string): string {
  const record = JSON.parse(line) as { readonly [name: string]: unknown }
  const level = String(record['level'])
  const color = COLORS[level as keyof typeof COLORS] ?? 'white'
  let text = `${styleText(color, level, STDERR)}: ${record['message'] ?? ''}`
  for (const [name, value] of Object.entries(record)) {
    if (!HIDDEN.has(name)) text += styleText('dim', ` ${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`, STDERR)
  }
  return `${text}\n`
}

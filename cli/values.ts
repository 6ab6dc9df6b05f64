/** Values of options, as people type them. A wrong one is a usage error: exit code 2, before anything has happened. */
import { isIP } from 'node:net'
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../spec/duration.ts'
import { parseFieldName } from '../spec/field-name.ts'
import { isMistake } from '../spec/grammar.ts'
import { parseTimestamp } from '../spec/timestamp.ts'

/** A socket address; `host` without brackets. */
export interface SocketAddress {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

/** `127.0.0.1:8080`, `[::1]:8080` or `localhost:0`. */
export function socketAddress(text: string): SocketAddress {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  if (match === null) throw new InvalidArgumentError('It must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.')
  if (match[1] !== undefined && isIP(host) !== 6) throw new InvalidArgumentError(`[${host}] is not an IPv6 address.`)
  if (port > 65_535) throw new InvalidArgumentError('A port is at most 65535; 0 takes a free one.')
  return { host, port }
}

export function addressText({ host, port }: SocketAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** More workers than this never helped anybody; a typing mistake such as 1000000 would end in the kernel's refusals. */
const MAX_WORKERS = 1024

export function workerCount(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MAX_WORKERS) throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_WORKERS}.`)
  return count
}

/** A duration of the language from now, such as `365d` or `12h`, or a point in time: the seconds until then, at least one. */
export function lifetimeSeconds(text: string, nowMs = Date.now()): number {
  // A date is what people try next, and half of it reads as a number.
  if (/^\d{4}-/.test(text)) return secondsUntil(text, nowMs)
  const ms = parseDuration(text)
  if (isMistake(ms)) throw new InvalidArgumentError(`${ms.message}; write a duration such as 365d, 12h or 30m.`)
  if (ms < 1000) throw new InvalidArgumentError('A key is made for one second at least.')
  return Math.floor(ms / 1000)
}

function secondsUntil(text: string, nowMs: number): number {
  const time = parseTimestamp(text)
  if (isMistake(time)) throw new InvalidArgumentError(`${time.message}; write 365d, or a time such as 2030-01-01T00:00:00Z.`)
  const seconds = time - Math.floor(nowMs / 1000)
  if (seconds < 1) throw new InvalidArgumentError(`${text} is in the past.`)
  return seconds
}

/** `name: value`, as curl takes it. */
export function headerField(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':')
  const name = parseFieldName(text.slice(0, Math.max(0, colon)))
  if (isMistake(name)) throw new InvalidArgumentError("It must be 'name: value'.")
  const value = text.slice(colon + 1).trim()
  // RFC 9110 §5.5: no control characters but the tab; and what is not Latin-1 cannot be sent in a field.
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) {
      throw new InvalidArgumentError('A value has no control characters and nothing outside Latin-1.')
    }
  }
  return [name, value]
}

/** For options that may stand several times. */
export function each<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return function several(text, before) {
    return [...(before ?? []), parse(text)]
  }
}

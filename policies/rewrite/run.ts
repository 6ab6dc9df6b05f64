/** Puts the new path together from text and segments of the request's own, and drops and appends query parameters. */
import assert from 'node:assert/strict'
import { PosternError } from '../../bundle/error.ts'
import type { PolicyRequest, Runner } from '../contract.ts'

const TEXT = 1
const SEGMENT = 2
const REST = 3

export interface RewriteConfig {
  /** Columns: for `TEXT` the text counts, otherwise the 0-based segment. No part: the path stays. */
  readonly kinds: readonly number[]
  readonly texts: readonly string[]
  readonly segments: readonly number[]
  /** Names of parameters to drop, as the bytes of their UTF-8, each byte one character: what a decoded name of the query is compared with. */
  readonly dropped: ReadonlySet<string>
  /** Encoded parameters, without `&` in front. */
  readonly appended: string
}

export const runner: Runner<RewriteConfig> = {
  name: 'rewrite',
  version: 1,
  load(record) {
    const parts = record.list((reader) => {
      const kind = reader.u8()
      if (kind === TEXT) return { kind, text: reader.string(), segment: 0 }
      if (kind !== SEGMENT && kind !== REST) throw new PosternError('record-invalid', 'the record of `rewrite` has a part of no known kind')
      return { kind, text: '', segment: reader.u32() }
    })
    const dropped = record.list((reader) => Buffer.from(reader.string(), 'utf8').toString('latin1'))
    const appended = record.string()
    record.end()
    if (parts.length > 0 && !(parts[0]?.kind === TEXT && parts[0].text.startsWith('/'))) {
      throw new PosternError('record-invalid', 'the path of `rewrite` does not begin with `/`')
    }
    return {
      kinds: parts.map(({ kind }) => kind),
      texts: parts.map(({ text }) => text),
      segments: parts.map(({ segment }) => segment),
      dropped: new Set(dropped),
      appended,
    }
  },
  request(config, exchange) {
    const { request } = exchange
    const { kinds } = config
    let path = kinds.length === 0 ? request.targetPath : ''
    for (let at = 0; at < kinds.length; at++) {
      const kind = kinds[at]
      const segment = config.segments[at] as number
      if (kind === TEXT) path += config.texts[at] as string
      else if (kind === SEGMENT) path += segmentOf(request, segment)
      // No segment at all is not an empty one: `/files` goes to `/v2`, `/files/` to `/v2/`.
      else if (request.segment(segment) === undefined) path = path.length > 1 ? path.slice(0, -1) : path
      else path += request.segmentsFrom(segment)
    }
    let query = request.targetQuery
    if (query !== undefined && config.dropped.size > 0) query = withoutDropped(query, config.dropped)
    if (config.appended !== '') query = query === undefined || query === '' ? config.appended : `${query}&${config.appended}`
    request.setTarget(path, query)
    return undefined
  },
}

/** A route that matched has every segment of its template. */
function segmentOf(request: PolicyRequest, index: number): string {
  const segment = request.segment(index)
  assert(segment !== undefined)
  return segment
}

/** `undefined` when nothing is left, so that no `?` is sent. Parameters are separated by `&` only, as the URL standard has it. */
function withoutDropped(query: string, dropped: ReadonlySet<string>): string | undefined {
  let kept: string | undefined
  for (let start = 0; start <= query.length; ) {
    let end = query.indexOf('&', start)
    if (end === -1) end = query.length
    const equals = query.indexOf('=', start)
    const nameEnd = equals === -1 || equals > end ? end : equals
    if (!dropped.has(decodedName(query, start, nameEnd))) {
      const parameter = query.slice(start, end)
      kept = kept === undefined ? parameter : `${kept}&${parameter}`
    }
    start = end + 1
  }
  return kept
}

/**
 * The bytes of a name, each one character. `%61pi_key` is `api_key` to whoever reads it upstream, so it must be for us; a `%` that encodes
 * nothing stands for itself.
 */
function decodedName(query: string, start: number, end: number): string {
  let at = start
  while (at < end && query.charCodeAt(at) !== 0x25 && query.charCodeAt(at) !== 0x2b) at++
  let name = query.slice(start, at)
  while (at < end) {
    const code = query.charCodeAt(at)
    const high = code === 0x25 && at + 2 < end ? hexDigit(query.charCodeAt(at + 1)) : -1
    const low = high < 0 ? -1 : hexDigit(query.charCodeAt(at + 2))
    if (low >= 0) {
      name += String.fromCharCode(high * 16 + low)
      at += 3
      continue
    }
    name += code === 0x2b ? ' ' : query[at]
    at++
  }
  return name
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

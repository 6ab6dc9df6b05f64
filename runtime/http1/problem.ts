/** Bodies of local replies: RFC 9457 problem documents, everything but the request's id prepared once per reply. */
import type { LocalReply } from '../../policies/contract.ts'
import { reasonOf } from './status.ts'

export const PROBLEM_JSON = 'application/problem+json'

interface Prepared {
  /** Up to the request id's quotation mark, or the whole body if `isFixed`. */
  readonly body: Buffer
  readonly isFixed: boolean
}

const prepared = new WeakMap<LocalReply, Prepared>()
const EMPTY = Buffer.alloc(0)

/** Whether the reply has no body of its own, so that a problem document is sent with it. */
export function isProblem(reply: LocalReply): boolean {
  return reply.body === undefined
}

/** The reply's body as bytes. The request id goes into problem documents; an empty one is left out. */
export function replyBody(reply: LocalReply, requestId: string): Buffer {
  let ready = prepared.get(reply)
  if (ready === undefined) {
    ready = prepare(reply)
    prepared.set(reply, ready)
  }
  if (ready.isFixed) return ready.body
  if (requestId === '') return Buffer.concat([ready.body, CLOSE])
  return Buffer.concat([ready.body, REQUEST_ID, Buffer.from(`${JSON.stringify(requestId)}}\n`)])
}

const CLOSE = Buffer.from('}\n')
const REQUEST_ID = Buffer.from(',"requestId":')

function prepare(reply: LocalReply): Prepared {
  if (reply.body !== undefined) return { body: reply.body === '' ? EMPTY : Buffer.from(reply.body), isFixed: true }
  const problem = {
    type: 'about:blank',
    title: reasonOf(reply.status),
    status: reply.status,
    ...(reply.code === '' ? {} : { code: reply.code }),
    ...(reply.detail === '' ? {} : { detail: reply.detail }),
  }
  return { body: Buffer.from(JSON.stringify(problem).slice(0, -1)), isFixed: false }
}

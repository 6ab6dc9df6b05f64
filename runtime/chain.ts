/**
 * Runs the policies of one exchange: early -> access -> request on the way in, response hooks in reverse on the way out. Without promises
 * as long as no policy gives one. This is the one place that catches: a policy that throws costs its own request a 500, logged and counted.
 */
import assert from 'node:assert'
import { type LocalReply, localReply, type Verdict } from '../policies/contract.ts'
import type { Telemetry } from './data-path.ts'
import type { LiveExchange } from './exchange.ts'

/** A policy answers later. */
export const PENDING = Symbol('pending')

export const POLICY_FAILED = localReply(500, 'policy-failed', 'The gateway could not decide about this request.')
export const POLICY_TIMEOUT = localReply(500, 'policy-timeout', 'The gateway could not decide about this request in time.')
export const SECRET_UNRESOLVED = localReply(503, 'secret-unresolved', 'The gateway lacks a secret that this route needs.')

/** Who hears the verdict of policies that answered later. */
export interface VerdictListener {
  onVerdict(exchange: LiveExchange, verdict: Verdict): void
}

/** `undefined`: all of them let the request go on. `PENDING`: the listener will be told. */
export function runRequestPolicies(exchange: LiveExchange, telemetry: Telemetry, listener: VerdictListener): Verdict | typeof PENDING {
  const { chain, generation } = exchange
  assert(chain !== undefined)
  if (generation.hasUnresolvedSecrets && (chain.isUnavailable || generation.isUnavailable(exchange.accessAttachment)))
    return SECRET_UNRESOLVED
  exchange.holdClock(true)
  const verdict = run(exchange, 0, telemetry, listener)
  exchange.holdClock(false)
  return verdict
}

/**
 * Response hooks of all policies that were reached, last first. False: one of them threw, so this response must not be sent, and
 * `POLICY_FAILED` is the answer.
 */
export function runResponsePolicies(exchange: LiveExchange, telemetry: Telemetry): boolean {
  const { generation } = exchange
  for (let step = exchange.reached - 1; step >= 0; step--) {
    const attachment = attachmentAt(exchange, step)
    const runner = generation.runners[attachment]
    if (runner?.response === undefined) continue
    try {
      runner.response(generation.configs[attachment], exchange)
    } catch (error) {
      threw(exchange, attachment, telemetry, error)
      return false
    }
  }
  return true
}

function run(exchange: LiveExchange, from: number, telemetry: Telemetry, listener: VerdictListener): Verdict | typeof PENDING {
  const { chain, generation } = exchange
  assert(chain !== undefined)
  const count = chain.early.length + 1 + chain.request.length
  for (let step = from; step < count; step++) {
    const attachment = attachmentAt(exchange, step)
    exchange.reached = step + 1
    exchange.currentAttachment = attachment
    let verdict: Verdict | Promise<Verdict>
    try {
      const runner = generation.runners[attachment]
      if (runner?.request === undefined) {
        // An access decision that does not decide would let everybody in.
        assert(step !== chain.early.length, 'an access policy must have a request hook')
        continue
      }
      verdict = runner.request(generation.configs[attachment], exchange)
    } catch (error) {
      return threw(exchange, attachment, telemetry, error)
    }
    if (verdict === undefined) continue
    if (!isPromise(verdict)) return replied(exchange, attachment, verdict)
    resume(exchange, verdict, step, attachment, telemetry, listener)
    return PENDING
  }
  return undefined
}

function resume(
  exchange: LiveExchange,
  promise: Promise<Verdict>,
  step: number,
  attachment: number,
  telemetry: Telemetry,
  listener: VerdictListener,
): void {
  promise.then(
    (verdict) => {
      if (verdict !== undefined) listener.onVerdict(exchange, replied(exchange, attachment, verdict))
      // Nobody waits for it any more, so later policies must not be asked.
      else if (exchange.isAbandoned) listener.onVerdict(exchange, undefined)
      else {
        const next = run(exchange, step + 1, telemetry, listener)
        if (next !== PENDING) listener.onVerdict(exchange, next)
      }
    },
    (error: unknown) => listener.onVerdict(exchange, threw(exchange, attachment, telemetry, error)),
  )
}

/** Attachment of a step: early ones, then access, then request policies. */
function attachmentAt(exchange: LiveExchange, step: number): number {
  const { early, request } = exchange.chain as NonNullable<typeof exchange.chain>
  if (step < early.length) return early[step] as number
  return step === early.length ? exchange.accessAttachment : (request[step - early.length - 1] as number)
}

function replied(exchange: LiveExchange, attachment: number, reply: LocalReply): LocalReply {
  if (reply.code !== '') exchange.refusedByAttachment = attachment
  return reply
}

function threw(exchange: LiveExchange, attachment: number, telemetry: Telemetry, error: unknown): LocalReply {
  telemetry.policyThrew(exchange.generation.bundle.attachments.id(attachment), error)
  return POLICY_FAILED
}

function isPromise(value: Verdict | Promise<Verdict>): value is Promise<Verdict> {
  return typeof (value as { then?: unknown }).then === 'function'
}

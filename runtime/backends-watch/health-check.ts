/** One active check of one member: a connection is made for it, over TLS where its requests would be, and at most one request is sent. */
import { connect as connectHttp2, constants } from 'node:http2'
import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import type { ActiveHealthPlan } from '../../bundle/plan.ts'
import { parseResponseHead, RESPONSE_HEAD_LIMITS, ResponseHead } from '../http1/response-head.ts'
import { hostKind, ownSockets, refuseAddressText } from '../upstream/address-guard.ts'
import type { BackendTlsSettings } from '../upstream/backend-settings.ts'
import type { Member } from '../upstream/member.ts'
import { upstreamTls } from '../upstream/tls.ts'

/** What is checked, and how. */
export interface CheckTarget {
  readonly plan: ActiveHealthPlan
  readonly member: Member
  readonly protocol: 'auto' | 'http1' | 'http2'
  readonly tls: BackendTlsSettings
  readonly sourceAddress: string
}

/** `undefined`: it is healthy; otherwise why not. Never throws; over after `plan.timeoutMs` whatever happens. */
export type Check = (target: CheckTarget, done: (why: string | undefined) => void) => void

const MAX_HEAD_BYTES = 64 * 1024
const NO_BYTES = Buffer.alloc(0)

export const checkMember: Check = (target, done) => {
  const { plan } = target
  let isOver = false
  let socket: Socket | undefined
  const end = (why: string | undefined) => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    socket?.destroy()
    done(why)
  }
  const timer = setTimeout(() => end('no answer in time'), plan.timeoutMs)
  try {
    socket = open(target)
  } catch (error) {
    end((error as Error).message)
    return
  }
  socket.on('error', (error) => end(error.message))
  socket.on('close', () => end('closed before it answered'))
  const { isTls, host, port } = target.member
  socket.once(isTls ? 'secureConnect' : 'connect', () => {
    const refusal = refuseAddressText(hostKind(host), socket?.remoteAddress ?? '', port, ownSockets)
    if (refusal !== undefined) end(`its name leads to a ${refusal} address`)
    else if (plan.kind === 'tcp') end(undefined)
    else if (target.protocol === 'http2') askHttp2(socket as Socket, target, end)
    else askHttp1(socket as Socket, target, end)
  })
}

function open({ member, protocol, tls: settings, sourceAddress }: CheckTarget): Socket {
  const to = { host: member.address, port: member.port, ...(sourceAddress === '' ? {} : { localAddress: sourceAddress }) }
  if (!member.isTls) return net.connect(to)
  const offered = [protocol === 'http2' ? 'h2' : 'http/1.1']
  return tls.connect({ ...to, ...upstreamTls(settings).connectOptions(member, offered) })
}

function pathOf({ plan, member }: CheckTarget): string {
  return `${member.pathPrefix}${plan.path}` || '/'
}

function hostOf({ plan, member }: CheckTarget): string {
  return plan.host === '' ? member.authority : plan.host
}

function verdict({ minStatus, maxStatus }: ActiveHealthPlan, status: number): string | undefined {
  return status >= minStatus && status <= maxStatus ? undefined : `status ${status}`
}

function askHttp1(socket: Socket, target: CheckTarget, end: (why: string | undefined) => void): void {
  const head = new ResponseHead()
  let bytes: Buffer = NO_BYTES
  let at = 0
  socket.on('data', (data: Buffer) => {
    bytes = bytes.length === 0 ? data : Buffer.concat([bytes, data])
    head.reset()
    for (;;) {
      const next = parseResponseHead(bytes, at, bytes.length, head, RESPONSE_HEAD_LIMITS)
      if (next < 0 || bytes.length > MAX_HEAD_BYTES) {
        end('not a valid response')
        return
      }
      if (next === 0) return
      if (!head.isInterim) {
        end(verdict(target.plan, head.status))
        return
      }
      at = next
      head.reset()
    }
  })
  socket.write(
    `GET ${pathOf(target)} HTTP/1.1\r\nHost: ${hostOf(target)}\r\nUser-Agent: postern-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    'latin1',
  )
}

function askHttp2(socket: Socket, target: CheckTarget, end: (why: string | undefined) => void): void {
  if (target.member.isTls && (socket as tls.TLSSocket).alpnProtocol !== 'h2') {
    end('does not speak HTTP/2')
    return
  }
  const session = connectHttp2('http://health.invalid', { createConnection: () => socket })
  session.on('error', (error) => end(error.message))
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'GET',
    [constants.HTTP2_HEADER_PATH]: pathOf(target),
    [constants.HTTP2_HEADER_SCHEME]: target.member.isTls ? 'https' : 'http',
    [constants.HTTP2_HEADER_AUTHORITY]: hostOf(target),
    'user-agent': 'postern-health',
  })
  stream.on('error', (error) => end(error.message))
  stream.on('response', (headers) => end(verdict(target.plan, Number(headers[':status']))))
  stream.resume()
}

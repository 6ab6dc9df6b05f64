/**
 * The admin listener: health, status and metrics, all of it to be read only. On loopback by default; a request whose Host is a name is
 * refused, so that a web page cannot reach it through a name of its own that resolves to 127.0.0.1 (DNS rebinding).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { Metrics } from './telemetry/metrics.ts'

export interface AdminSources {
  /** Why the gateway cannot serve, or `undefined` when it does. Being cut off from anything else is no reason. */
  readonly unready: () => string | undefined
  readonly status: () => unknown
  readonly metrics: Metrics
}

/** A scrape, a probe and a person: a few connections. */
const MAX_CONNECTIONS = 64
const REQUEST_TIMEOUT_MS = 10_000

export function createAdmin(sources: AdminSources): Server {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(sources, request, response).catch((error: Error) => {
      if (!response.headersSent) reply(response, 500, 'text/plain; charset=utf-8', `${error.message}\n`)
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

/** Accepts on a descriptor that the parent has bound. */
export async function listenOn(server: Server, fd: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, resolve)
  })
  return server.address() as AddressInfo
}

async function answer(sources: AdminSources, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLocalName(request.headers.host)) {
    reply(response, 421, 'text/plain; charset=utf-8', 'use an IP address or localhost\n')
    return
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    reply(response, 405, 'text/plain; charset=utf-8', 'there is nothing to change here\n')
    return
  }
  const [path, query] = (request.url ?? '/').split('?')
  switch (path) {
    case '/livez':
      reply(response, 200, 'text/plain; charset=utf-8', 'ok\n')
      return
    case '/readyz':
    case '/healthz': {
      const why = sources.unready()
      const status = why === undefined ? 200 : 503
      if (query === 'verbose') json(response, status, { ready: why === undefined, why: why ?? null, ...(sources.status() as object) })
      else reply(response, status, 'text/plain; charset=utf-8', `${why ?? 'ok'}\n`)
      return
    }
    case '/status':
      json(response, 200, sources.status())
      return
    case '/metrics':
      reply(response, 200, sources.metrics.contentType, await sources.metrics.text())
      return
    default:
      reply(response, 404, 'text/plain; charset=utf-8', 'there are /livez, /readyz, /status and /metrics\n')
  }
}

/** Addresses and `localhost` cannot be pointed elsewhere; a name can. */
function isLocalName(host: string | undefined): boolean {
  if (host === undefined) return true // HTTP/1.0 without Host: not a browser
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || isIP(name) !== 0
}

function json(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, 'application/json', `${JSON.stringify(value, null, 2)}\n`)
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}

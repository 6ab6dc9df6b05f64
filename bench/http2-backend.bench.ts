/**
 * What a request to a backend costs on each kind of connection: `npm run bench -- http2-backend`. CPU of the client alone, 50 requests at once, small
 * answers from one nginx: our HTTP/1.1 on 50 connections, our HTTP/2 on one, and node:http2's client on one, which the engine replaces
 * (docs/decisions/020-http2-to-backends.md). In clear text: what TLS adds is the same for the last two.
 */
import { once } from 'node:events'
import http2 from 'node:http2'
import { pathToFileURL } from 'node:url'
import { Deadlines } from '../runtime/data-path-deadlines.ts'
import { backendSettings } from '../runtime/fixtures/backend-settings.ts'
import type { Carrier, CarrierOwner } from '../runtime/upstream/carrier.ts'
import { openCarrier } from '../runtime/upstream/open-carrier.ts'
import type { ResponseSink } from '../runtime/upstream/stream.ts'
import { exchangeOf, GET, memberAt } from '../test/fixtures/carriers.ts'
import { median, need, startNginx } from './fixtures/peers.ts'

const ROUNDS = 5
const ROUND_MS = 1500
const AT_ONCE = 50

/** Keeps so many requests under way until told to stop. `begin` calls back when its response has ended. */
type Begin = (slot: number, done: () => void) => void

export async function main(): Promise<void> {
  need('nginx')
  const plain = await startNginx((port) => serverConf(`${port}`))
  const h2c = await startNginx((port) => serverConf(`${port} http2`))
  try {
    const clients: { readonly [name: string]: Begin } = {
      'HTTP/1.1, ours': begun(await open(plain.port, 'http1', AT_ONCE)),
      'HTTP/2, ours': begun(await open(h2c.port, 'http2', 1)),
      'HTTP/2, node:http2': await nodeClient(h2c.port),
    }
    const costs = new Map<string, number[]>(Object.keys(clients).map((name) => [name, []]))
    for (let round = 0; round <= ROUNDS; round++) {
      // The first round warms up.
      for (const [name, begin] of Object.entries(clients)) {
        const cost = await measure(begin)
        if (round > 0) costs.get(name)?.push(cost)
      }
    }
    const ours = median(costs.get('HTTP/2, ours') ?? [])
    console.log(`CPU per request in us, ${AT_ONCE} at once, median of ${ROUNDS} interleaved rounds`)
    for (const [name, values] of costs) {
      const value = median(values)
      console.log(`  ${name.padEnd(20)} ${value.toFixed(1).padStart(6)}   ${(value / ours).toFixed(2)} x our HTTP/2`)
    }
  } finally {
    await Promise.all([plain.stop(), h2c.stop()])
  }
  process.exit()
}

const serverConf = (listen: string) => `server { listen 127.0.0.1:${listen}; location / { return 200 "hello"; } }`

async function measure(begin: Begin): Promise<number> {
  let [count, active, isOver] = [0, 0, false]
  const before = process.cpuUsage()
  await new Promise<void>((resolve) => {
    const again = (slot: number) => () => {
      count += 1
      if (!isOver) begin(slot, again(slot))
      else if (--active === 0) resolve()
    }
    for (let slot = 0; slot < AT_ONCE; slot++) {
      active += 1
      begin(slot, again(slot))
    }
    setTimeout(() => {
      isOver = true
    }, ROUND_MS)
  })
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

function open(port: number, protocol: 'http1' | 'http2', count: number): Promise<Carrier[]> {
  return new Promise((resolve, reject) => {
    const carriers: Carrier[] = []
    const owner: CarrierOwner = {
      deadlines: new Deadlines(),
      settings: backendSettings({ protocol }),
      onCarrierOpen(carrier) {
        if (carriers.push(carrier) === count) resolve(carriers)
      },
      onCarrierFailed: (_member, failure, reason) => reject(new Error(`${failure} ${reason}`)),
      onCarrierFree: (carrier) => carrier.active === 0 && carrier.rest(),
      onCarrierClosed: () => reject(new Error('a connection was closed')),
      onMemberAnswered() {},
      onMemberFailed() {},
    }
    const member = memberAt(port)
    for (let i = 0; i < count; i++) openCarrier(owner, member)
  })
}

function begun(carriers: readonly Carrier[]): Begin {
  const { exchange, origin } = exchangeOf(GET)
  return (slot, done) => {
    const stream = (carriers[slot % carriers.length] as Carrier).take()
    const sink: ResponseSink = {
      onInterimResponse() {},
      onResponseHead() {},
      onResponseData() {},
      onResponseTrailers() {},
      onReadEnd() {},
      onUpstreamDrain() {},
      // The connection is free only when this has returned.
      onResponseEnd: () => process.nextTick(done),
      onUpstreamFailed: (failure) => {
        throw new Error(failure)
      },
    }
    stream.begin(sink, exchange, false, origin, 'edge')
    stream.endRequest()
  }
}

/** With what costs least: arrays of fields, and no more listeners than it takes. */
async function nodeClient(port: number): Promise<Begin> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  await once(session, 'connect')
  const fields = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', `127.0.0.1:${port}`, 'via', '1.1 edge']
  const forwarding = ['x-forwarded-for', '192.0.2.1', 'x-forwarded-proto', 'http', 'x-forwarded-host', 'a.example']
  const all = [...fields, ...forwarding, 'forwarded', 'for=192.0.2.1;host="a.example";proto=http']
  return (_slot, done) => {
    const stream = session.request(all, { endStream: true })
    stream.on('response', () => {})
    stream.on('data', () => {})
    stream.on('end', done)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()

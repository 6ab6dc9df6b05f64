import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import type { CachePlan } from '../../bundle/plan.ts'
import { RawClient } from '../../test/fixtures/data-path.ts'
import { httpBackend, startTraffic } from '../fixtures/traffic.ts'

const FRESH = { 'cache-control': 'max-age=60' }

/** A backend that answers when it is told to. */
async function held(t: Test, cache: Partial<CachePlan> = {}) {
  const waiting: ServerResponse[] = []
  const wakes: (() => void)[] = []
  const backend = await httpBackend(t, (_request, response) => {
    waiting.push(response)
    for (const wake of wakes.splice(0)) wake()
  })
  const running = await startTraffic(t, [backend.port], { traffic: { cache: { vary: [], maxObjectBytes: 1024 * 1024, ...cache } } })
  /** The response to the request with this number, once it has come. */
  const at = async (nth: number) => {
    while (waiting.length <= nth) await new Promise<void>((resolve) => wakes.push(resolve))
    return waiting[nth] as ServerResponse
  }
  /** So many exchanges are under way. */
  const underWay = async (count: number) => {
    while (running.dataPath.exchangeCount < count) await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...running, requests: backend.requests, at, underWay }
}

t.test('a hundred at once for the same are one request to the backend', async (t) => {
  const { ask, requests, at, underWay } = await held(t)
  const answers = Array.from({ length: 100 }, () => ask('/a'))
  await underWay(100)
  const first = await at(0)
  first.writeHead(200, FRESH).end('a body')
  const all = await Promise.all(answers)
  t.same(new Set(all.map(({ status, text }) => `${status} ${text}`)), new Set(['200 a body']))
  t.equal(all.filter(({ cache }) => cache.startsWith('hit')).length, 99)
  t.equal(requests.length, 1)
})

t.test('other paths do not wait', async (t) => {
  const { ask, at, underWay } = await held(t)
  const slow = ask('/slow')
  await at(0)
  const other = ask('/other')
  ;(await at(1)).writeHead(200, FRESH).end('other')
  t.match(await other, { text: 'other' })
  await underWay(1)
  ;(await at(0)).writeHead(200, FRESH).end('slow')
  t.match(await slow, { text: 'slow' })
})

t.test('what is stale is asked for once', async (t) => {
  const { ask, requests, at, underWay } = await held(t)
  const first = ask('/a')
  ;(await at(0)).writeHead(200, { 'cache-control': 'max-age=60', age: '60', etag: '"a"' }).end('a body')
  await first
  const answers = Array.from({ length: 20 }, () => ask('/a'))
  await underWay(20)
  ;(await at(1)).writeHead(304, { ...FRESH, etag: '"a"' }).end()
  t.same(new Set((await Promise.all(answers)).map(({ text }) => text)), new Set(['a body']))
  t.equal(requests.length, 2)
})

t.test('a response that is not for the store lets all of them go, as soon as its head is there', async (t) => {
  const { ask, requests, at, underWay } = await held(t)
  const answers = Array.from({ length: 10 }, () => ask('/a'))
  await underWay(10)
  const first = await at(0)
  first.writeHead(200, { 'cache-control': 'no-store' }).write('for')
  for (let nth = 1; nth < 10; nth++) (await at(nth)).writeHead(200, { 'cache-control': 'no-store' }).end('for one')
  first.end(' one')
  t.same(new Set((await Promise.all(answers)).map(({ text }) => text)), new Set(['for one']))
  t.equal(requests.length, 10)
  // Nobody waits for it any more, though it has not ended.
  const next = [ask('/a'), ask('/a')]
  const [one, two] = [await at(10), await at(11)]
  for (const response of [one, two]) response.writeHead(200, FRESH).end('for all')
  await Promise.all(next)
  t.match(await ask('/a'), { text: 'for all', cache: /^hit/ }, 'what can be stored after all is')
})

t.test('when the first one fails, the others go by themselves', async (t) => {
  const { ask, at, underWay } = await held(t)
  const answers = Array.from({ length: 5 }, () => ask('/a'))
  await underWay(5)
  ;(await at(0)).writeHead(503).end('busy')
  for (let nth = 1; nth < 5; nth++) (await at(nth)).writeHead(200, FRESH).end('a body')
  t.same((await Promise.all(answers)).map(({ status }) => status).sort(), [200, 200, 200, 200, 503])
})

t.test('when the client of the first one leaves, the next one takes over and the rest go on waiting', async (t) => {
  const { port, ask, requests, at, underWay } = await held(t)
  const first = new RawClient(t, port).send('GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await at(0)
  const answers = Array.from({ length: 5 }, () => ask('/a', { headers: { host: '127.0.0.1' } }))
  await underWay(6)
  first.socket.resetAndDestroy()
  ;(await at(1)).writeHead(200, FRESH).end('a body')
  t.same(new Set((await Promise.all(answers)).map(({ text }) => text)), new Set(['a body']))
  t.equal(requests.length, 2)
})

t.test('who waits and leaves changes nothing', async (t) => {
  const { port, ask, requests, at, underWay, endedAt } = await held(t)
  const answers = [ask('/a', { headers: { host: 'a' } })]
  await at(0)
  const leaving = new RawClient(t, port).send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
  await underWay(2)
  answers.push(ask('/a', { headers: { host: 'a' } }))
  await underWay(3)
  leaving.socket.resetAndDestroy()
  t.match(await endedAt(0), { errorCode: 'client-closed' })
  ;(await at(0)).writeHead(200, FRESH).end('a body')
  t.same(
    (await Promise.all(answers)).map(({ text }) => text),
    ['a body', 'a body'],
  )
  t.equal(requests.length, 1)
})

t.test('the cut body of the first one is nobody else’s', async (t) => {
  const { ask, at, underWay } = await held(t)
  const answers = Array.from({ length: 3 }, () =>
    ask('/a').then(
      ({ text }) => text,
      () => 'cut',
    ),
  )
  await underWay(3)
  const first = await at(0)
  first.writeHead(200, FRESH).write('half', () => first.destroy())
  for (let nth = 1; nth < 3; nth++) (await at(nth)).writeHead(200, FRESH).end('whole')
  t.same((await Promise.all(answers)).sort(), ['cut', 'whole', 'whole'])
})

t.test('a client that reads nothing holds up neither the backend nor those who wait', async (t) => {
  const body = randomBytes(12 * 1024 * 1024).toString('latin1')
  const cases = [
    { maxObjectBytes: 16 * 1024 * 1024, isStored: true },
    { maxObjectBytes: 8 * 1024 * 1024, isStored: false },
  ]
  for (const { maxObjectBytes, isStored } of cases) {
    const { port, ask, requests, at, underWay } = await held(t, { maxObjectBytes })
    const slow = new RawClient(t, port, { paused: true }).send('GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const response = await at(0)
    const waiting = ask('/a', { headers: { host: 'a' } })
    await underWay(2)
    const ended = new Promise((resolve) => response.on('finish', resolve))
    response.writeHead(200, FRESH).end(body, 'latin1')
    if (isStored) await ended
    else (await at(1)).writeHead(200, FRESH).end('another')
    const { body: got, cache } = await waiting
    t.equal(got.toString('latin1') === (isStored ? body : 'another'), true)
    t.match(cache, isStored ? /^hit/ : /^fwd=uri-miss/)
    slow.socket.resume()
    const text = await slow.ended()
    t.equal(dechunk(text.slice(text.indexOf('\r\n\r\n') + 4)) === body, true, `${text.length} bytes`)
    t.equal(requests.length, isStored ? 1 : 2)
  }
})

t.test('a slow client that leaves takes nothing from those who wait', async (t) => {
  const body = randomBytes(12 * 1024 * 1024).toString('latin1')
  const { port, ask, requests, at, endedAt } = await held(t, { maxObjectBytes: 16 * 1024 * 1024 })
  const slow = new RawClient(t, port, { paused: true }).send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
  const response = await at(0)
  const ended = new Promise((resolve) => response.on('finish', resolve))
  response.writeHead(200, FRESH).end(body, 'latin1')
  await ended
  t.match((await ask('/a', { headers: { host: 'a' } })).cache, /^hit/)
  slow.socket.resetAndDestroy()
  t.match(await endedAt(1), { errorCode: 'client-closed' })
  t.equal(requests.length, 1)
})

t.test('while the backend fails, those who wait get what is stale', async (t) => {
  const { ask, requests, at, underWay } = await held(t, { staleIfErrorMs: 60_000 })
  const first = ask('/a')
  ;(await at(0)).writeHead(200, { 'cache-control': 'max-age=0' }).end('old')
  await first
  const answers = Array.from({ length: 10 }, () => ask('/a'))
  await underWay(10)
  ;(await at(1)).writeHead(503).end()
  t.same(new Set((await Promise.all(answers)).map(({ text }) => text)), new Set(['old']))
  t.equal(requests.length, 2)
})

function dechunk(text: string): string {
  let body = ''
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, line), 16)
    if (!(size > 0)) return body
    body += text.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
  }
}

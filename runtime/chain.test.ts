import t, { type Test } from 'tap'
import { fieldName } from '../policies/contract.ts'
import { generationOf, RawClient, rawBackend, reply, startDataPath, type TestPolicy } from '../test/fixtures/data-path.ts'

const TRACE = fieldName('Trace')
const OK = 'HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 2\r\n\r\nok'
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Policies e1 and e2 are early, then access, then r1 and r2; each writes its name into a request field and a response field. */
async function start(t: Test, overrides: { [name: string]: TestPolicy } = {}) {
  const seen: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      seen.push(data.toString('latin1'))
      socket.write(OK)
    })
    socket.on('end', () => socket.end())
  })
  const tracing = (name: string): TestPolicy => ({
    request: (_, { request }) => void request.addField(TRACE, name),
    response: (_, { response }) => response.addField(TRACE, name),
  })
  const policies = Object.fromEntries(['e1', 'e2', 'who', 'r1', 'r2'].map((name) => [name, { ...tracing(name), ...overrides[name] }]))
  const routes = [{ route: 'GET /**', early: ['e1', 'e2'], access: 'who', request: ['r1', 'r2'] }]
  const running = await startDataPath(t, generationOf({ routes, backends: [{ port: backend.port }] }, policies))
  const traces = (text: string) => [...text.matchAll(/\r\nTrace: (\w+)/g)].map((match) => match[1]).join(' ')
  return { ...running, seen, client: () => new RawClient(t, running.port), traces }
}

t.test('policies run early, access, request, and in reverse on the way out', async (t) => {
  const { client, seen, traces } = await start(t)
  t.equal(traces(await client().send(get).includes('ok')), 'r2 r1 who e2 e1')
  t.equal(traces(seen[0] ?? ''), 'e1 e2 who r1 r2')
})

t.test('a reply ends the way in; response hooks run for the policies that were reached', async (t) => {
  const cases = { e1: 'e1', e2: 'e2 e1', who: 'who e2 e1', r1: 'r1 who e2 e1' }
  for (const [name, expected] of Object.entries(cases)) {
    const { client, seen, traces, endedAt } = await start(t, { [name]: { request: () => reply(403, 'closed') } })
    const text = await client().send(get).includes('}\n')
    t.match(text, /^HTTP\/1.1 403 Forbidden/)
    t.equal(traces(text), expected)
    t.same(seen, [])
    const { refusedByAttachment, generation, errorCode } = await endedAt(0)
    t.same([refusedByAttachment >= 0, generation, errorCode], [true, 1, 'closed'])
  }
})

t.test('a policy may answer later, in any place', async (t) => {
  for (const name of ['e1', 'who', 'r2']) {
    const { client, seen } = await start(t, { [name]: { request: async () => undefined } })
    t.match(await client().send(get).includes('ok'), /200 OK/)
    t.equal(seen.length, 1)
    const refusing = await start(t, { [name]: { request: async () => reply(429, 'later') } })
    t.match(await refusing.client().send(get).includes('}\n'), /^HTTP\/1.1 429 /)
  }
})

t.test('a policy that throws costs its own request a 500, and nothing else', async (t) => {
  const fail = () => {
    throw new Error('broken')
  }
  const ways: TestPolicy[] = [
    { request: fail },
    { request: async () => fail() },
    { response: fail },
    { request: (_, { request }) => void request.setField(TRACE, 'a\r\nb') },
  ]
  for (const policy of ways) {
    const { client, endedAt, thrown } = await start(t, { r1: policy })
    const raw = client().send(get)
    t.match(await raw.includes('}\n'), /^HTTP\/1.1 500 [\s\S]*"policy-failed"/)
    t.match(await endedAt(0), { status: 500, errorCode: 'policy-failed' })
    t.equal(thrown.length, 1)
    raw.send('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    t.match(await raw.ended(), /HTTP\/1.1 405 /, 'the connection goes on')
  }
})

t.test('an access policy without a decision lets nobody in', async (t) => {
  const { port } = await startDataPath(t, generationOf({ routes: [{ route: 'GET /', access: 'mute' }] }, { mute: {} }))
  t.match(await new RawClient(t, port).send(get).includes('}\n'), /^HTTP\/1.1 500 /)
})

t.test('what a policy answers after its client has gone goes nowhere, and the generation is kept until then', async (t) => {
  let answer: (verdict: undefined) => void = () => {}
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  const { client, endedAt, seen, generation } = await start(t, {
    e1: {
      request: () =>
        new Promise((resolve) => {
          answer = resolve
          asked()
        }),
    },
  })
  const raw = client().send(get)
  await isAsked
  raw.socket.resetAndDestroy()
  t.match(await endedAt(0), { status: 0, errorCode: 'client-closed' })
  generation.retire()
  t.equal(generation.pins, 1)
  await new Promise<void>((resolve) => {
    generation.onIdle(resolve)
    answer(undefined)
  })
  t.same(seen, [])
})

t.test('what a policy remembers is its own, and forgotten with the exchange', async (t) => {
  const values: unknown[] = []
  const { client } = await start(t, {
    e1: {
      request: (_, exchange) => {
        values.push(exchange.get(3))
        exchange.set(3, 'mine')
        values.push(exchange.get(3), exchange.get(4))
        return undefined
      },
    },
  })
  const raw = client().send(get)
  await raw.includes('ok')
  await raw.send(get).until((text) => text.split('ok').length === 3)
  t.same(values, [undefined, 'mine', undefined, undefined, 'mine', undefined])
})

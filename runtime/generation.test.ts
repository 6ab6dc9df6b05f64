import t from 'tap'
import { PosternError } from '../bundle/error.ts'
import { fieldName } from '../policies/contract.ts'
import { generationOf, planOf, RawClient, rawBackend, runnersOf, startDataPath } from '../test/fixtures/data-path.ts'
import type { AnyRunner } from './generation.ts'

const code = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return error instanceof PosternError ? `${error.code}: ${error.message}` : String(error)
  }
  return ''
}

t.test('a bundle that needs a policy this gateway lacks, or another version of it, is refused by name', async (t) => {
  const plan = planOf({ routes: [{ route: 'GET /', request: ['new'] }] })
  t.match(
    code(() => generationOf(plan)),
    /^policy-unknown: .*`new`/,
  )
  const runners = new Map([...runnersOf({}), ['new', { name: 'new', version: 2, load: () => undefined } as AnyRunner]])
  t.match(
    code(() => generationOf(plan, {}, 1, { runners })),
    /^policy-unknown: .*`new` in version 2, the bundle needs 1/,
  )
})

t.test('each record is loaded once, and what load throws refuses the bundle', async (t) => {
  let loads = 0
  const runner = { name: 'counted', version: 1, load: () => (loads += 1) } as AnyRunner
  const plan = planOf({
    routes: [
      { route: 'GET /', request: ['counted'] },
      { route: 'GET /2', early: ['counted'] },
    ],
  })
  const generation = generationOf(plan, {}, 1, { runners: new Map([...runnersOf({}), ['counted', runner]]) })
  t.equal(loads, 1)
  t.same(generation.chain(generation.bundle.routes.chain(1)).early.length, 1)
  const broken = {
    ...runner,
    load: () => {
      throw new PosternError('record-invalid', 'no')
    },
  } as AnyRunner
  t.match(
    code(() => generationOf(plan, {}, 1, { runners: new Map([...runnersOf({}), ['counted', broken]]) })),
    /^record-invalid/,
  )
})

t.test('a secret without a value refuses the bundle, or costs only the routes that need it', async (t) => {
  const secretive = { name: 'secretive', version: 1, load: (_, { secret }) => secret(0) } as AnyRunner
  const runners = new Map([
    ...runnersOf({ respond: { request: () => ({ status: 200, code: '', detail: '', fields: [], body: 'fine' }) } }),
    ['secretive', secretive],
  ])
  const plan = planOf({
    routes: [
      { route: 'GET /secret', request: ['secretive', 'respond'] },
      { route: 'GET /open', request: ['respond'] },
      { route: 'GET /in', access: 'secretive' },
    ],
    secrets: [{ kind: 'env', name: 'NAME' }],
  })
  t.match(
    code(() => generationOf(plan, {}, 1, { runners })),
    /^secret-unresolved/,
  )
  const { port } = await startDataPath(t, generationOf(plan, {}, 1, { runners, lenient: true }))
  const get = (path: string) => new RawClient(t, port).send(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`).ended()
  t.match(await get('/secret'), /^HTTP\/1.1 503 [\s\S]*"secret-unresolved"/)
  t.match(await get('/in'), /^HTTP\/1.1 503 [\s\S]*"secret-unresolved"/)
  t.match(await get('/open'), /^HTTP\/1.1 200 [\s\S]*fine$/)
})

t.test('a generation asks the questions of its bundle', async (t) => {
  const routes = ['GET /a/{x}', 'POST /b']
  const right = [
    { method: 'GET', host: 'h', path: '/a/1', routeIndex: 0 },
    { method: 'GET', host: 'h', path: '/b' },
  ]
  t.equal(generationOf({ routes, selfTests: right }).runSelfTests(), undefined)
  const wrong = [...right, { method: 'POST', host: 'h', path: '/b', routeIndex: 0 }]
  t.equal(generationOf({ routes, selfTests: wrong }).runSelfTests(), 'POST h/b finds `POST /b` where the bundle says `GET /a/{x}`')
})

t.test('a response that streams while the bundle is swapped keeps its generation to the end', async (t) => {
  let finish = () => {}
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
      finish = () => socket.write('after')
    })
  })
  const plan = { routes: ['GET /**'], backends: [{ port: backend.port }] }
  const marked = (mark: string) => ({
    mark: {
      response: (_: undefined, { response }: { response: { setField(n: { text: string; lower: string }, v: string): void } }) =>
        response.setField(fieldName('Mark'), mark),
    },
  })
  const routed = { ...plan, routes: [{ route: 'GET /**', request: ['mark'] }] }
  const old = generationOf(routed, marked('old'), 1)
  const { port, dataPath, endedAt } = await startDataPath(t, old)
  const streaming = new RawClient(t, port).send('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(await streaming.includes('first'), /Mark: old/)
  t.equal(old.pins, 1)
  let isIdle = false
  old.onIdle(() => (isIdle = true))

  dataPath.activate(generationOf(routed, marked('new'), 2))
  old.retire()
  t.equal(isIdle, false)
  finish()
  t.match(await streaming.includes('after'), /firstafter$/)
  t.match(await endedAt(0), { generation: 1, errorCode: '' })
  t.equal(isIdle, true, 'the last exchange has ended')
  t.match(await streaming.send('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n').includes('Mark: new'), /Mark: new/)
  t.equal(backend.connections.length, 1, 'connections of a backend that did not change are kept')
})

t.test('connections of a backend that changed are not kept', async (t) => {
  const backend = await rawBackend(t, (socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')))
  const plan = (responseTimeoutMs: number) => ({ routes: ['GET /**'], backends: [{ port: backend.port, responseTimeoutMs }] })
  const { port, dataPath } = await startDataPath(t, generationOf(plan(1000), {}, 1))
  const raw = new RawClient(t, port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await raw.includes('ok')
  const closed = new Promise((resolve) => backend.connections[0]?.once('close', resolve).once('end', () => backend.connections[0]?.end()))
  dataPath.activate(generationOf(plan(2000), {}, 2))
  await closed
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').until((text) => text.split('200 OK').length === 3)
  t.equal(backend.connections.length, 2)
})

t.test('routes cost no heap', async (t) => {
  const generation = generationOf({ routes: Array.from({ length: 3000 }, (_, i) => `GET /r${i}/{x}`) })
  const kept = generation.routeIdentity(5)
  t.equal(generation.routeIdentity(5), kept, 'the identity of a route in use is kept')
  t.equal(generation.routeIdentity(5 + 1024).key, `test GET /r${5 + 1024}/{x}`)
  t.equal(generation.routeIdentity(5).name, 'GET /r5/{x}')
  t.not(generation.routeIdentity(5), kept, 'and gives way to another')
})

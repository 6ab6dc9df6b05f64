import t from 'tap'
import { generationOf, RawClient, rawBackend, startDataPath } from '../test/fixtures/data-path.ts'
import { fuzzDataPath } from './data-path.fuzz.ts'

t.test('a request goes to the backend of its route and its response comes back', async (t) => {
  const seen: string[] = []
  const backend = await rawBackend(t, (socket) => {
    socket.on('data', (data) => {
      seen.push(data.toString('latin1'))
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\nDate: now\r\n\r\nhello')
    })
  })
  const { port, endedAt } = await startDataPath(
    t,
    generationOf({ routes: [{ route: 'GET /weather/{city}', strippedBytes: 8 }], backends: [{ port: backend.port, pathPrefix: '/api' }] }),
  )
  const client = new RawClient(t, port)
  client.send('GET /weather/./bern?x=1 HTTP/1.1\r\nHost: a.example\r\nConnection: x-gone\r\nX-Gone: 1\r\nX-Kept:  2 \r\n\r\n')
  t.equal(await client.includes('hello'), 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: now\r\nContent-Length: 5\r\n\r\nhello')
  t.equal(
    seen[0],
    [
      'GET /api/bern?x=1 HTTP/1.1',
      `Host: 127.0.0.1:${backend.port}`,
      'X-Kept: 2',
      'Via: 1.1 edge',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a.example',
      'Forwarded: for=127.0.0.1;host="a.example";proto=http',
      '',
      '',
    ].join('\r\n'),
  )
  t.match(await endedAt(0), { status: 200, errorCode: '', method: 'GET', host: 'a.example', path: '/weather/bern', responseBodyBytes: 5 })
  client.send('GET /nowhere HTTP/1.1\r\nHost: a.example\r\n\r\n')
  t.match(await client.includes('}\n'), /HTTP\/1\.1 404 Not Found\r\n[\s\S]*"code":"no-route"/)
})

t.test('whatever clients and backends do, nobody gets what was meant for another, and nothing is left behind', async (t) => {
  const { seed, verified, faults } = await fuzzDataPath(Date.now() % 1_000_000, { seconds: 3 })
  t.same(faults, [], `seed ${seed}`)
  t.ok(verified > 0)
})

import { createConnection, createServer, type Server } from 'node:net'
import t from 'tap'
import { libc } from './libc.ts'
import { BACKLOG, closeListener, openListener, urlOf, withPlainListeners } from './sockets.ts'

const ANY = { name: 'http', address: '127.0.0.1', port: 0 }

function accept(fd: number, onConnection: () => void): Promise<Server> {
  const server = createServer((socket) => {
    onConnection()
    socket.end('hi')
  })
  return new Promise((resolve) => server.listen({ fd, backlog: BACKLOG }, () => resolve(server)))
}

function visit(port: number, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = createConnection(port, host, () => socket.write('x'))
    socket.on('data', (data) => {
      text += data
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

t.test('port 0 is one free port that all workers share, and both get connections', async (t) => {
  const listener = openListener(ANY, 2)
  t.match(listener, { wantedPort: 0, fds: { length: 2 } })
  t.ok(listener.port > 0)
  const counts = [0, 0]
  const servers = await Promise.all(listener.fds.map((fd, index) => accept(fd, () => (counts[index] = (counts[index] as number) + 1))))
  t.teardown(() => servers.map((server) => server.close()))
  const answers = await Promise.all(Array.from({ length: 60 }, () => visit(listener.port)))
  t.ok(answers.every((answer) => answer === 'hi'))
  t.ok(
    counts.every((count) => count > 0),
    `spread as ${counts}`,
  )
})

t.test('who comes second to a port gets EADDRINUSE, whether it shares or not', async (t) => {
  const listener = openListener(ANY, 1)
  t.teardown(() => closeListener(listener))
  t.throws(() => openListener({ ...ANY, port: listener.port }, 2), { code: 'listener-unavailable', message: /EADDRINUSE/, retryable: true })
  const plain = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => plain.once('listening', resolve))
  t.teardown(() => plain.close())
  t.throws(() => openListener({ ...ANY, port: (plain.address() as { port: number }).port }, 1), { message: /EADDRINUSE/ })
})

t.test('IPv6 works, and its URL has brackets', async (t) => {
  const listener = openListener({ name: 'six', address: '::1', port: 0 }, 1)
  const server = await accept(listener.fds[0] as number, () => {})
  t.teardown(() => server.close())
  t.equal(await visit(listener.port, '::1'), 'hi')
  t.equal(urlOf('::1', 80), 'http://[::1]:80')
  t.equal(urlOf('127.0.0.1', 80), 'http://127.0.0.1:80')
  const all = openListener({ name: 'all', address: '::', port: 0 }, 1)
  const both = await accept(all.fds[0] as number, () => {})
  t.teardown(() => both.close())
  t.equal(await visit(all.port), 'hi', '`::` takes IPv4 as well')
})

t.test('connections wait in the queue of a socket whose server is gone, as long as a duplicate is open', async (t) => {
  t.ok(libc)
  const listener = openListener(ANY, 1)
  t.teardown(() => closeListener(listener))
  const first = await accept(libc?.duplicate(listener.fds[0] as number) as number, () => {})
  await new Promise((resolve) => first.close(resolve))
  const waiting = visit(listener.port)
  const second = await accept(libc?.duplicate(listener.fds[0] as number) as number, () => {})
  t.teardown(() => second.close())
  t.equal(await waiting, 'hi')
})

t.test('an address that cannot be had says which and why', (t) => {
  t.throws(() => openListener({ name: 'far', address: '192.0.2.1', port: 0 }, 1), {
    message: /`far` cannot have 192\.0\.2\.1:0: EADDRNOTAVAIL/,
  })
  t.throws(() => openListener({ name: 'odd', address: 'no-address', port: 0 }, 1), {
    code: 'address-invalid',
    message: /is not an IP address/,
  })
  t.throws(() => openListener(ANY, 1, { system: null }), { code: 'no-native-sockets' })
  t.end()
})

t.test('without native code Node makes one socket, which is closed here when the child has it', async (t) => {
  const { port, fd } = await withPlainListeners([ANY], ([bound]) => ({ port: bound?.port as number, fd: bound?.fds[0] as number }))
  t.ok(port > 0 && fd > 0)
  await t.rejects(visit(port), { code: 'ECONNREFUSED' })
  const listener = openListener(ANY, 1)
  t.teardown(() => closeListener(listener))
  await t.rejects(
    withPlainListeners([{ ...ANY, port: listener.port }], () => {}),
    { code: 'listener-unavailable', message: /EADDRINUSE/ },
  )
})

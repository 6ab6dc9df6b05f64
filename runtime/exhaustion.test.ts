/** File descriptors run out: whoever is served goes on being served, whoever comes waits, and is served when there is room again. */
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t from 'tap'
import { bundleOf, get, until } from './fixtures/gateway.ts'
import { startProcess } from './fixtures/gateway-process.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

/** Two workers and the supervisor have about 100 open. */
const DESCRIPTORS = 300
const CLIENTS = 400

interface Client {
  readonly socket: Socket
  answers: number
  isClosed: boolean
}

t.test('file descriptors run out: kept connections and backends go on, new connections wait until there is room', async (t) => {
  const backend = createServer((_, response) => response.end('from the backend')).listen(0, '127.0.0.1')
  t.teardown(() => {
    backend.closeAllConnections()
    backend.close()
  })
  await new Promise((resolve) => backend.once('listening', resolve))
  const content = bundleOf({ backendPort: (backend.address() as AddressInfo).port })
  const gateway = await startProcess(t, { content, accessLog: 'off', logLevel: 'warn', descriptors: DESCRIPTORS })
  const clients: Client[] = []
  t.teardown(() => {
    for (const { socket } of clients) socket.destroy()
  })
  const open = () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    const client = { socket, answers: 0, isClosed: false }
    socket.on('connect', () => ask(client, '/hello'))
    socket.on('data', (data) => {
      client.answers += String(data).split('HTTP/1.1 200 OK').length - 1
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      client.isClosed = true
    })
    clients.push(client)
  }
  const ask = ({ socket }: Client, path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: any.example\r\n\r\n`)
  const warnings = () =>
    gateway
      .log()
      .split('\n')
      .filter((line) => line.includes('"reason":"descriptors"'))
      .map((line) => JSON.parse(line) as { worker: string; time: string | number })

  for (let index = 0; index < CLIENTS; index++) open()
  await until(() => warnings().length > 0)
  const rejected = () => clients.filter(({ isClosed }) => isClosed)
  const served = () => clients.filter(({ answers, isClosed }) => answers > 0 && !isClosed)
  const waiting = () => clients.filter(({ answers, isClosed }) => answers === 0 && !isClosed)
  await until(() => served().length > 100)
  const kept = served()
  t.ok(waiting().length > 0)

  for (const client of kept) ask(client, '/hello')
  await until(() => kept.every(({ answers }) => answers === 2))
  const [first] = kept as [Client]
  ask(first, '/backend')
  await until(() => first.answers === 3)
  t.match(JSON.parse((await get(`${gateway.admin}/status`)).body), { state: 'serving', processRestarts: 0, workerRestarts: {} })

  // Those that wait are served as others leave.
  await until(() => {
    for (const { socket } of served().slice(0, 20)) socket.destroy()
    return waiting().length === 0
  })
  const turnedAway = rejected().filter(({ answers }) => answers === 0)
  t.ok(turnedAway.length < CLIENTS / 10, `${turnedAway.length} were turned away`)
  t.comment(`${kept.length} served at once, ${turnedAway.length} of ${CLIENTS} turned away, ${warnings().length} lines in the log`)
  t.match(await get(`${gateway.url}/hello`), { status: 200 })

  for (const worker of new Set(warnings().map((warning) => warning.worker))) {
    const times = warnings().flatMap((warning) => (warning.worker === worker ? [new Date(warning.time).getTime()] : []))
    for (const [index, time] of times.entries()) {
      if (index > 0) t.ok(time - (times[index - 1] as number) > 900, 'a worker says it once per second at most')
    }
  }
})

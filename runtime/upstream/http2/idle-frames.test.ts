import { Agent, get } from 'node:http'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { generationOf, startDataPath } from '../../../test/fixtures/data-path.ts'
import { IDLE_FRAMES_BURST } from './limits.ts'

const REQUESTS = 3 * IDLE_FRAMES_BURST
const CLIENTS = 16

t.test('a backend may end every response with an empty DATA frame, as many do, however busy it is', async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(200)
    response.write('hello')
    response.end()
  })
  let sessions = 0
  server.on('session', () => (sessions += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const backend = { port: (server.address() as AddressInfo).port, protocol: 'http2' } as const
  const { port, ended } = await startDataPath(t, generationOf({ routes: ['GET /**'], backends: [backend] }))
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  t.teardown(() => agent.destroy())
  let left = REQUESTS
  const client = async () => {
    while (left-- > 0) {
      await new Promise<void>((resolve) => {
        const request = get({ port, host: '127.0.0.1', agent }, (response) => {
          response.on('error', () => {})
          response.on('close', resolve)
          response.resume()
        })
        request.on('error', () => resolve())
      })
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  t.equal(ended.length, REQUESTS)
  t.strictSame(new Set(ended.map(({ status, errorCode }) => `${status} ${errorCode}`)), new Set(['200 ']))
  t.equal(sessions, 1)
})

// The weather service. It listens on the loopback interface and answers one caller only: the gateway, which it knows
// by its address. Anyone else gets 401, as from a service in a private network whose firewall admits the gateway.
import { createServer } from 'node:http'

const GATEWAY_ADDRESS = '127.0.0.2'
const port = Number(process.argv[2] ?? 18080)
const SKIES = ['clear', 'cloudy', 'light rain', 'snow']

const server = createServer((request, response) => {
  // The body is read to its end in any case, so that the connection can be used again.
  request.resume().on('end', () => {
    const [status, body] = answer(request)
    response.writeHead(status, { 'content-type': 'application/json', server: 'weather/1' }).end(`${JSON.stringify(body)}\n`)
  })
})

function answer(request) {
  if (request.socket.remoteAddress !== GATEWAY_ADDRESS) return [401, { error: `only ${GATEWAY_ADDRESS} may call` }]
  const path = request.url.split('?')[0]
  const [, api, kind, name = ''] = path.split('/')
  if (api === 'api' && kind === 'forecast' && name !== '') {
    return [200, { city: decodeURIComponent(name), sky: SKIES[name.length % SKIES.length], celsius: (name.length * 7) % 30 }]
  }
  if (api === 'api' && kind === 'stations' && name !== '') return [200, { station: Number(name), online: true }]
  if (path === '/api/reports' && request.method === 'POST') return [202, { accepted: true }]
  return [404, { error: 'not here' }]
}

server.on('error', (error) => {
  const why = error.code === 'EADDRINUSE' ? `port ${port} of 127.0.0.1 is taken by another program` : error.message
  console.error(`weather service: ${why}`)
  process.exitCode = 1
})
server.listen(port, '127.0.0.1', () => console.error(`weather service: on http://127.0.0.1:${port}, for ${GATEWAY_ADDRESS} only`))
process.once('SIGTERM', () => process.exit(0))

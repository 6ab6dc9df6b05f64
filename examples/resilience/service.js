// One copy of a service: `node service.js PORT NAME [STATUS]`. With a status, that is its answer to everything: a copy that is broken.
import { createServer } from 'node:http'

const [port, name, status = '200'] = process.argv.slice(2)
const server = createServer((request, response) => {
  response.writeHead(Number(status), { 'content-type': 'application/json' })
  response.end(`${JSON.stringify({ answeredBy: name, method: request.method, target: request.url })}\n`)
})
server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `${name}: port ${port} of 127.0.0.1 is taken by another program` : error.message)
  process.exitCode = 1
})
server.listen(Number(port), '127.0.0.1', () => console.error(`${name}: on http://127.0.0.1:${port}`))
process.once('SIGTERM', () => process.exit(0))

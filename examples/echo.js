// A backend for the examples: answers every request with what it received, as JSON. `node echo.js PORT`
import { createServer } from 'node:http'

const port = Number(process.argv[2])
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text) => {
    body += text
  })
  request.on('end', () => {
    const { method, url: target, headers } = request
    response.writeHead(200, { 'content-type': 'application/json', server: 'echo/1' })
    response.end(`${JSON.stringify({ method, target, headers, body })}\n`)
  })
})
server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `echo: port ${port} of 127.0.0.1 is taken by another program` : error.message)
  process.exitCode = 1
})
server.listen(port, '127.0.0.1', () => console.error(`echo: on http://127.0.0.1:${port}`))
process.once('SIGTERM', () => process.exit(0))

// A newspaper that counts its readers: `node service.js PORT NAME`. `/flaky` answers once and fails from then on.
import { createServer } from 'node:http'

const [port, name] = process.argv.slice(2)
const readers = new Map()
const server = createServer((request, response) => {
  request.resume()
  const count = (readers.get(request.url) ?? 0) + 1
  readers.set(request.url, count)
  if (request.headers['x-postern-mirror'] !== undefined) console.error(`${name}: a copy of ${request.method} ${request.url}`)
  const isBroken = request.url === '/flaky' && count > 1
  const text = 'All the news that is fit to be sent over and over again. '.repeat(40)
  response.writeHead(isBroken ? 503 : 200, {
    'content-type': 'application/json',
    ...(request.url === '/flaky' ? { 'cache-control': 'max-age=0' } : {}),
  })
  response.end(`${JSON.stringify({ from: name, reader: count, text })}\n`)
})
server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `${name}: port ${port} of 127.0.0.1 is taken by another program` : error.message)
  process.exitCode = 1
})
server.listen(Number(port), '127.0.0.1', () => console.error(`${name}: on http://127.0.0.1:${port}`))
process.once('SIGTERM', () => process.exit(0))

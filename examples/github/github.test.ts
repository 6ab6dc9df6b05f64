/** Real input: GitHub's REST API, compiled and served; one request per operation, each of which must reach its own route. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Pool } from 'undici'

const FOLDER = new URL('.', import.meta.url).pathname
const CLI = new URL('../../cli/postern.js', import.meta.url).pathname

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly schema: { readonly type: string; readonly enum?: readonly string[] } }[]
}

/** Every operation with a path in which each parameter has a value that no literal sibling has. */
function operations(): { readonly id: string; readonly method: string; readonly path: string }[] {
  const { paths } = JSON.parse(readFileSync(join(FOLDER, 'github.openapi.json'), 'utf8')) as {
    paths: { [path: string]: { [method: string]: Operation } }
  }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId, parameters = [] }]) => {
      const filled = path.replace(/\{([^}]+)\}/g, (_, name) => {
        const schema = parameters.find((parameter) => parameter.name === name)?.schema
        return schema?.type === 'integer' ? '4711' : (schema?.enum?.[0] ?? `some-${name}`)
      })
      return { id: operationId, method: method.toUpperCase(), path: `/api/v3${filled}` }
    }),
  )
}

t.test('each of the operations of a real API reaches its own route and arrives upstream as it was sent', async (t) => {
  const all = operations()
  t.ok(all.length > 1000, `${all.length} operations`)

  const backend = createServer((request, response) => {
    request.resume()
    response.setHeader('x-echo', `${request.method} ${request.url}`).end()
  })
  await once(backend.listen(0, '127.0.0.1'), 'listening')
  const folder = mkdtempSync(join(tmpdir(), 'postern-github-'))
  t.teardown(() => {
    backend.close()
    backend.closeAllConnections()
    rmSync(folder, { recursive: true })
  })
  copyFileSync(join(FOLDER, 'github.openapi.json'), join(folder, 'github.openapi.json'))
  const yaml = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8')
  writeFileSync(join(folder, 'gateway.yaml'), yaml.replace('127.0.0.1:18090', `127.0.0.1:${(backend.address() as AddressInfo).port}`))
  const postern = (...args: string[]) => execFileSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: 'utf8' })
  postern('keygen', '--out', '.')
  t.match(postern('compile', '.', '--key', 'postern.key', '-o', 'github.ptb'), new RegExp(`${all.length} routes|routes\\s+${all.length}`))

  const log = join(folder, 'access.log')
  const fixed = [
    '--bundle',
    'github.ptb',
    '--trust',
    'postern.pub',
    '--store',
    'store',
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0',
  ]
  const gateway = spawn(process.execPath, [CLI, 'run', ...fixed, '--workers', '1', '--access-log', log], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(gateway, 'exit')
  t.teardown(async () => {
    gateway.kill('SIGKILL')
    await exited
  })
  let origin = ''
  for await (const line of createInterface({ input: gateway.stdout })) {
    origin = /^listening on (http:\S+)/.exec(line)?.[1] ?? ''
    if (origin !== '') break
  }
  gateway.stdout.resume()

  const client = new Pool(origin, { connections: 8 })
  const echoes = await Promise.all(
    all.map(async ({ method, path }) => {
      const response = await client.request({ method: method as 'GET', path })
      await response.body.dump()
      return response.headers['x-echo']
    }),
  )
  await client.close()
  t.same(
    echoes,
    all.map(({ method, path }) => `${method} ${path.slice('/api/v3'.length)}`),
    'upstream sees method and path, without the base path',
  )

  gateway.kill('SIGTERM')
  t.same(await exited, [0, null], 'it drains and ends')
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  const reached = new Map(lines.map((line) => JSON.parse(line)).map(({ method, path, route }) => [`${method} ${path}`, route]))
  t.same(
    all.map(({ method, path }) => reached.get(`${method} ${path}`)),
    all.map(({ id }) => id),
    'the access log names the operation of every request',
  )
})

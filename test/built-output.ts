/**
 * Shows that what `npm run build` has emitted works without its sources: the built commands compile a folder and a worker of the built
 * runtime serves a request. A script of `.ci/run`, since it needs the build.
 */
import assert from 'node:assert'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = new URL('../dist/cli/main.js', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'postern-built-'))
const postern = (...args: string[]) => execFileSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' })

writeFileSync(
  join(folder, 'gateway.yaml'),
  `apiVersion: postern/v1
kind: Gateway
metadata: { name: built }
spec: { listeners: [ { name: http, address: 127.0.0.1, port: 0 } ] }
---
apiVersion: postern/v1
kind: Api
metadata: { name: hello }
spec: { access: public, routes: { GET /hello: { policies: [ { respond: { status: 200, body: hello } } ] } } }
`,
)
postern('keygen', '--out', '.')
postern('compile', '.', '--key', 'postern.key', '-o', 'built.ptb')
const gateway = spawn(
  process.execPath,
  [MAIN, 'run', '--bundle', 'built.ptb', '--trust', 'postern.pub', '--store', 'store', '--admin', '127.0.0.1:0', '--workers', '1'],
  {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
const exited = once(gateway, 'exit')
try {
  let url: string | undefined
  for await (const line of createInterface({ input: gateway.stdout })) {
    url = /^listening on (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) break
  }
  assert(url !== undefined, 'the built gateway did not say where it listens')
  const response = await fetch(`${url}/hello`)
  assert.strictEqual(response.status, 200)
  assert.strictEqual(await response.text(), 'hello')
  process.stdout.write('the built gateway serves requests\n')
} finally {
  gateway.stdout.resume()
  gateway.kill('SIGTERM')
  const [code] = await exited
  rmSync(folder, { recursive: true })
  assert.strictEqual(code, 0)
}

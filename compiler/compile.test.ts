import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { check, compileText } from '../test/fixtures/carets.ts'
import { compileFolder, createParseCache } from './compile.ts'

const WEATHER = `apiVersion: postern/v1
kind: Gateway
metadata: { name: edge }
spec: { listeners: [ { name: http, port: 8080 } ], access: public }
---
apiVersion: postern/v1
kind: Api
metadata: { name: weather }
spec:
  hosts: [api.example.com, "*.example.org"]
  basePath: /weather
  backend: weather-service
  policies: [ { rate-limit: { limit: 100, per: 1m, by: ip } }, { headers: { request: { set: { x-token: "\${env:TOKEN}" } } } } ]
  routes:
    GET /forecast/{city}: {}
    GET /stations/{id:[0-9]+}: {}
    GET /files/**: {}
---
apiVersion: postern/v1
kind: Backend
metadata: { name: weather-service }
spec: { endpoints: ["http://10.0.0.7:8080"] }
`

const api = (name: string) =>
  `apiVersion: postern/v1\nkind: Api\nmetadata: { name: ${name} }\nspec: { basePath: /${name}, backend: weather-service, routes: { GET /x: {} } }\n`

function temporary(t: { teardown(callback: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-compile-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return directory
}

t.test('the same folder gives the same bytes elsewhere, in another order, locale, time zone and umask', async (t) => {
  const directory = temporary(t)
  const first = join(directory, 'first')
  mkdirSync(join(first, 'sub'), { recursive: true })
  writeFileSync(join(first, 'weather.yaml'), WEATHER)
  for (const name of ['b', 'a', 'z']) writeFileSync(join(first, 'sub', `${name}.yaml`), api(name))
  const second = join(directory, 'an other', 'é $1', 'place')
  mkdirSync(second, { recursive: true })
  // Written in another order: a folder lists its files as it likes.
  for (const file of ['sub/z.yaml', 'sub/a.yaml', 'weather.yaml', 'sub/b.yaml'])
    cpSync(join(first, file), join(second, file), { recursive: true })

  const script = `
    process.umask(Number(process.argv[2]))
    const { compileFolder } = await import(${JSON.stringify(new URL('./compile.ts', import.meta.url).href)})
    const { bundles, errors } = await compileFolder(process.argv[1])
    process.stdout.write(errors + ' ' + bundles.map(({ bytes }) => Buffer.from(bytes).toString('base64')).join())`
  const bytes = async (folder: string, umask: string, environment: { readonly [name: string]: string }) => {
    const args = ['--input-type=module', '-e', script, folder, umask]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: tmpdir(),
      env: { ...process.env, ...environment },
      maxBuffer: 1e8,
    })
    return stdout
  }
  const [here, there] = await Promise.all([
    bytes(first, '0', { TZ: 'UTC', LANG: 'C', LC_ALL: 'C', TOKEN: 'one' }),
    bytes(second, '63', { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TOKEN: 'two' }),
  ])
  t.match(here, /^0 [A-Za-z0-9+/=]{1000,}$/)
  t.equal(here, there)
})

t.test('resources may move between files: only source positions change', async (t) => {
  const directory = temporary(t)
  const compiled = async (files: { readonly [name: string]: string }) => {
    const folder = mkdtempSync(join(directory, 'x'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const { bundles } = await compileFolder(folder)
    return JSON.stringify(bundles[0]?.plan, (key, value) => (key === 'source' ? undefined : value))
  }
  const [gateway = '', weather = '', backend = ''] = WEATHER.split('---\n')
  const one = await compiled({ 'all.yaml': WEATHER })
  t.ok(one.length > 1000)
  t.equal(await compiled({ 'c.yaml': gateway, 'b.yaml': weather, 'a.yaml': backend }), one)
  t.equal(await compiled({ 'all.yaml': [backend, weather, gateway].join('---\n') }), one)
})

t.test('a cache gives the same result, and what changed is seen', async (t) => {
  const directory = temporary(t)
  const cache = createParseCache()
  writeFileSync(join(directory, 'weather.yaml'), WEATHER)
  const first = await compileFolder(directory, { cache })
  const second = await compileFolder(directory, { cache })
  t.same(second.bundles, first.bundles)
  t.equal(first.errors, 0)
  writeFileSync(join(directory, 'a.yaml'), api('a').replace('weather-service', 'wether-service'))
  const broken = await compileFolder(directory, { cache, workingDirectory: directory })
  t.match(broken.diagnostics, [{ code: 'PST0201', range: { file: 'a.yaml' }, hint: 'did you mean `weather-service`?' }])
  t.same(broken.bundles, [])
  t.same(broken.files, ['a.yaml', 'weather.yaml'])
  renameSync(join(directory, 'a.yaml'), join(directory, 'a.txt'))
  t.same((await compileFolder(directory, { cache })).bundles, first.bundles)
})

t.test('mistakes of all phases are reported in one run, sorted, and nothing that follows from them', async (t) => {
  await check(
    t,
    { gateway: true },
    `
    apiVersion: postern/v1
    kind: Backend
    metadata: { name: broken }
    spec: { endpoints: [] }
                       ^^ PST0115
    ---
    apiVersion: postern/v1
    kind: Api
    metadata: { name: one }
    spec:
      backend: broken
      routes:
        GET /a: {}
        GET /b: { backend: nowhere }
                           ^^^^^^^ PST0201
        GET /c/{x:(}: {}
                  ^ PST0404
        get /d: {}
        ^^^ PST0116
    ---
    apiVersion: postern/v1
    kind: Api
    metadata: { name: two }
    spec:
      openapi: gone.yaml
      routes: { GET /a: {} }
    `,
  )
})

t.test('an OpenAPI document that several APIs name is read once', async (t) => {
  let reads = 0
  const { compileSources } = await import('./compile.ts')
  const text = [WEATHER, ...['a', 'b'].map((name) => api(name).replace('routes: { GET /x: {} }', 'openapi: o.yaml'))].join('---\n')
  const compilation = await compileSources([{ file: 'a.yaml', path: 'a.yaml', text }], async () => {
    reads++
    return { file: 'o.yaml', path: 'o.yaml', text: 'openapi: 3.0.0\npaths: { /o: { get: { operationId: getO } } }\n' }
  })
  t.same(compilation.diagnostics, [])
  t.same(
    compilation.bundles[0]?.plan.routes.filter(({ name }) => name === 'getO').map(({ template }) => template),
    ['/a/o', '/b/o'],
  )
  t.equal(reads, 2, 'the path decides, so each is resolved')
  t.same(compilation.files, ['a.yaml', 'o.yaml'])
})

t.test('nothing to compile is a mistake, not an empty bundle', async (t) => {
  t.match((await compileFolder(temporary(t))).diagnostics, [{ code: 'PST0007' }])
  t.match((await compileFolder(join(tmpdir(), 'postern-does-not-exist'))).diagnostics, [{ code: 'PST0001' }])
})

t.test('no text makes the compiler throw', async (t) => {
  const pieces = WEATHER.split(/(?<=[\s{}[\],:])/)
  let state = 20260101
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state % below
  }
  for (let run = 0; run < 300; run++) {
    const text = [...pieces]
    for (let edits = 1 + random(4); edits > 0; edits--) {
      const at = random(text.length)
      const kind = random(3)
      if (kind === 0) text.splice(at, 1)
      else if (kind === 1) text.splice(at, 0, pieces[random(pieces.length)] as string)
      else text[at] = pieces[random(pieces.length)] as string
    }
    const { diagnostics, bundles, sources } = await compileText({}, text.join(''))
    for (const { range, severity } of diagnostics) {
      const size = sources.get(range.file)?.length ?? 0
      if (!(0 <= range.start && range.start <= range.end && range.end <= size)) t.fail(`range outside of the text:\n${text.join('')}`)
      if (severity === 'error' && bundles.length > 0) t.fail('a bundle in spite of errors')
    }
  }
  t.pass()
})

import { join } from 'node:path'
import t from 'tap'
import { EXAMPLES, postern, temporaryFolder } from '../test/postern-process.ts'
import { helloProject } from '../test/projects.ts'

const WEATHER = join(EXAMPLES, 'weather')
const KEY = ['-H', 'x-api-key: weather-demo-key']

t.test('it says route, place, access, policies in order, backend, and what would be sent', async (t) => {
  const { code, stdout, stderr } = await postern([
    'resolve',
    'GET',
    'http://api.test/weather/forecast/oslo?days=2',
    '--bundle',
    WEATHER,
    ...KEY,
  ])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^route +GET \/forecast\/\{city\}$/m)
  t.match(stdout, /^source +weather\.yaml:12:5$/m)
  t.match(stdout, /^access +api-key: granted \(weather\.yaml:\d+:\d+\)$/m)
  t.match(stdout, /1\. request-id .*; before access\n +2\. headers .*\n +3\. rate-limit /)
  t.match(stdout, /^backend +weather-service \(weather\.yaml:\d+:\d+\)$/m)
  t.match(stdout, /^upstream +http:\/\/127\.0\.0\.1:18080\/api\/forecast\/oslo\?days=2$/m)
  t.match(stdout, /^ {4}GET \/api\/forecast\/oslo\?days=2 HTTP\/1\.1\n {4}Host: 127\.0\.0\.1:18080$/m)
  t.notMatch(stdout, 'weather-demo-key', 'the key stays here')
})

t.test('without a key: who refuses, and where the request would go with one', async (t) => {
  const { code, stdout } = await postern(['resolve', 'GET', '/weather/forecast/oslo', '--bundle', WEATHER])
  t.equal(code, 0)
  t.match(stdout, /^access +api-key: refused, 401 api-key-missing/m)
  t.match(stdout, /^upstream +http:\S+\/api\/forecast\/oslo, once access is granted$/m)
  const wrong = await postern(['resolve', 'GET', '/weather/forecast/oslo', '--bundle', WEATHER, '-H', 'x-api-key: a-wrong-key', '--json'])
  const said = JSON.parse(wrong.stdout) as { upstream: { head: string } }
  t.match(said, {
    outcome: 'matched',
    route: { name: 'GET /forecast/{city}', api: 'weather', source: { file: 'weather.yaml', line: 12, column: 5 } },
    access: { policy: 'api-key', verdict: 'replied' },
    backend: { name: 'weather-service' },
    upstream: { url: 'http://127.0.0.1:18080/api/forecast/oslo' },
    reply: { status: 401, code: 'api-key-invalid' },
  })
  t.notMatch(said.upstream.head, 'a-wrong-key')
})

t.test('nothing matches: exit code 1, and whether it is 404 or 405, with the methods there are', async (t) => {
  const unknown = await postern(['resolve', 'GET', '/weather/tides', '--bundle', WEATHER])
  t.match(unknown, { code: 1, stdout: /^route +none\nreply +404 no-route$/m })
  const method = await postern(['resolve', 'DELETE', '/weather/reports', '--bundle', WEATHER])
  t.match(method, { code: 1, stdout: /^reply +405 method-not-allowed$/m })
  t.match(method.stdout, /^ {4}Allow: POST$/m)
  const odd = await postern(['resolve', 'GET', '/a b', '--bundle', WEATHER])
  t.match(odd, { code: 1, stdout: /^reply +400 /m })
})

t.test('a route that the gateway answers itself shows the answer; a URL without a host is for localhost', async (t) => {
  const folder = temporaryFolder(t, helloProject('all is well'))
  t.match(await postern(['resolve', 'GET', '/hello', '--bundle', folder]), { code: 0, stdout: /^reply +200$.*all is well/ms })
  const files = helloProject()
  const hosted = temporaryFolder(t, { ...files, 'hello.yaml': files['hello.yaml']?.replace('spec:', 'spec:\n  hosts: [api.test]') ?? '' })
  t.match(await postern(['resolve', 'GET', '/hello', '--bundle', hosted]), {
    code: 1,
    stderr: /asked for the host localhost; give a whole URL/,
  })
  t.match(await postern(['resolve', 'GET', '/hello', '--bundle', hosted, '-H', 'Host: api.test']), { code: 0 })
  t.match(await postern(['resolve', 'GET', 'http://api.test/hello', '--bundle', hosted]), { code: 0 })
})

t.test('a URL without a scheme is what a client would send, an invalid target; it says what was meant', async (t) => {
  const folder = temporaryFolder(t, helloProject())
  const { code, stdout, stderr } = await postern(['resolve', 'GET', 'localhost/hello', '--bundle', folder])
  t.equal(code, 1)
  t.match(stdout, '400 target-invalid')
  t.match(stderr, 'did you mean http://localhost/hello or /localhost/hello?')
})

t.test('a bundle says the same as the folder it was made from', async (t) => {
  const folder = temporaryFolder(t)
  await postern(['compile', WEATHER], { cwd: folder })
  const args = ['resolve', 'GET', 'http://api.test/weather/stations/7', '--json', ...KEY]
  const [fromFolder, fromBundle] = await Promise.all([
    postern([...args, '--bundle', WEATHER]),
    postern([...args, '--bundle', 'edge.ptb'], { cwd: folder }),
  ])
  const withoutRequestId = (text: string) => text.replace(/x-request-id: \w+/, '')
  t.equal(withoutRequestId(fromFolder.stdout), withoutRequestId(fromBundle.stdout))
})

t.test('a reference to a secret is shown as one', async (t) => {
  const files = helloProject()
  const api = files['hello.yaml']?.replace(
    /GET \/hello: .*/,
    'GET /hello: { backend: app, policies: [{ headers: { request: { set: { authorization: "$' + '{env:TOKEN}" } } } }] }',
  )
  const backend = 'apiVersion: postern/v1\nkind: Backend\nmetadata: { name: app }\nspec: { endpoints: ["http://127.0.0.1:1"] }\n'
  const folder = temporaryFolder(t, { ...files, 'hello.yaml': api ?? '', 'app.yaml': backend })
  const { code, stdout } = await postern(['resolve', 'GET', '/hello', '--bundle', folder], { env: { TOKEN: 'a-secret' } })
  t.equal(code, 0)
  t.match(stdout, 'authorization: $' + '{env:TOKEN}')
  t.notMatch(stdout, 'a-secret')
})

t.test('a split, a mirror and what else a route says of its traffic are shown, in words and as JSON', async (t) => {
  const files = helloProject()
  const api = files['hello.yaml']?.replace(
    /GET \/hello: .*/,
    `GET /hello:
      split: [ { backend: app, weight: 19 }, { backend: next, weight: 1 } ]
      sticky: cookie:part
      mirror: { backend: shadow, share: 12.5% }
      timeouts: { total: 10s }
      retry: { attempts: 2 }
      cache: { ttl: 30s }
      compress: true`,
  )
  const backend = (name: string, url: string) =>
    `apiVersion: postern/v1\nkind: Backend\nmetadata: { name: ${name} }\nspec: { endpoints: ["${url}"] }\n`
  const folder = temporaryFolder(t, {
    ...files,
    'hello.yaml': api ?? '',
    'app.yaml': [backend('app', 'https://app.internal'), backend('next', 'http://10.0.0.2'), backend('shadow', 'http://10.0.0.3')].join(
      '---\n',
    ),
  })
  const { code, stdout } = await postern(['resolve', 'GET', '/hello', '--bundle', folder])
  t.equal(code, 0)
  t.match(stdout, /^backend +app /m)
  t.match(stdout, /^split +95% to app, 5% to next; sticky by cookie:part$/m)
  t.match(stdout, /^mirror +12\.5% to shadow$/m)
  t.match(stdout, /^traffic +within 10000 ms, tried again up to 2 times, kept in the cache, compressed$/m)
  t.match(stdout, /^upstream +https:\/\/app\.internal\/hello$/m)
  const json = await postern(['resolve', 'GET', '/hello', '--bundle', folder, '--json'])
  t.match(JSON.parse(json.stdout), {
    traffic: {
      ...{
        split: [
          { backend: 'app', share: 0.95 },
          { backend: 'next', share: 0.05 },
        ],
        sticky: 'cookie:part',
      },
      ...{ mirror: { backend: 'shadow', share: 0.125 }, totalTimeoutMs: 10_000, retries: 2, isCached: true, isCompressed: true },
    },
  })
})

t.test('mistakes in the folder are exit code 1, a missing or broken bundle 3', async (t) => {
  const folder = temporaryFolder(t, { 'a.yaml': 'apiVersion: postern/v1\nkind: Apy\n', 'b.ptb': 'rubbish' })
  t.match(await postern(['resolve', 'GET', '/', '--bundle', folder]), { code: 1, stdout: '', stderr: /error\[PST/ })
  t.match(await postern(['resolve', 'GET', '/', '--bundle', join(folder, 'b.ptb')]), { code: 3, stderr: /b\.ptb is refused/ })
  t.match(await postern(['resolve', 'GET', '/', '--bundle', join(folder, 'c.ptb')]), { code: 3, stderr: /there is no file/ })
})

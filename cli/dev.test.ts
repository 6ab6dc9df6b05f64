/** The story of examples/weather, with real processes. */
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { copyOfExample, postern, processesWith, send, startDev, temporaryFolder } from '../test/postern-process.ts'
import { helloProject } from '../test/projects.ts'

const KEY = { headers: { 'x-api-key': 'weather-demo-key' } }

t.test(
  'the weather example: four requests, edits, mistakes, a dead service, deleted files, an end that leaves nothing behind',
  async (t) => {
    const { folder } = await copyOfExample(t, 'weather')
    const mark = randomUUID()
    const dev = startDev(t, [folder, '--listen', '127.0.0.1:0'], { POSTERN_TEST_MARK: mark })
    const url = await dev.url()
    const [, pid = ''] = await dev.match('stderr', /started `node service\.js \d+` \(process (\d+)\)/)
    await dev.match('stderr', /weather service: on http:/)
    await dev.match('stderr', /serving 3 routes/)

    const lines = dev.stdout.split('\n').flatMap((line) => (line.startsWith('  curl ') ? [line.trim()] : []))
    const [, direct = ''] = /curl -i (http:\S+api\S+)/.exec(dev.stdout) ?? []
    t.equal(lines.length, 4)
    t.equal(lines[0], `curl -i -H 'x-api-key: weather-demo-key' ${url}/weather/forecast/oslo`)
    t.match(await send(`${url}/weather/forecast/oslo`, KEY), { status: 200, body: /"city":"oslo"/ })
    t.equal((await send(`${url}/weather/forecast/oslo`)).status, 401)
    t.equal((await send(direct)).status, 401, 'past the gateway')
    t.equal((await send(`${url}/weather/tides`, KEY)).status, 404)

    const file = join(folder, 'weather.yaml')
    const good = readFileSync(file, 'utf8')
    let seen = dev.stderr.length
    writeFileSync(
      file,
      good.replace('  routes:\n', '  routes:\n    GET /forecasts/{city}: { policies: [{ rewrite: { path: "/forecast/{city}" } }] }\n'),
    )
    await dev.match('stderr', /swapped to sha256:[0-9a-f]+ in \d+ ms: 4 routes/, seen)
    t.equal((await send(`${url}/weather/forecasts/oslo`, KEY)).status, 200, 'a new route is served')

    seen = dev.stderr.length
    writeFileSync(file, good.replace('backend: weather-service', 'backend: wether-service'))
    await dev.match(
      'stderr',
      /weather\.yaml:\d+:\d+: error\[PST0201\].*did you mean `weather-service`\?.*the last good version goes on serving/s,
      seen,
    )
    t.equal((await send(`${url}/weather/forecasts/oslo`, KEY)).status, 200, 'a mistake changes nothing')

    seen = dev.stderr.length
    writeFileSync(file, good)
    await dev.match('stderr', /swapped to .*: 3 routes/, seen)
    t.equal((await send(`${url}/weather/forecasts/oslo`, KEY)).status, 404, 'and can be mended')

    seen = dev.stderr.length
    process.kill(Number(pid), 'SIGKILL')
    await dev.match('stderr', /`node service\.js \d+` was ended by SIGKILL; starting it again in 1 s/, seen)
    t.ok([502, 503].includes((await send(`${url}/weather/forecast/oslo`, KEY)).status), 'the service is gone, the gateway is not')
    await dev.match('stderr', /weather service: on http:/, seen)
    t.equal((await send(`${url}/weather/forecast/oslo`, KEY)).status, 200, 'it is back')

    seen = dev.stderr.length
    rmSync(file)
    await dev.match('stderr', /goes on serving/, seen)
    t.equal((await send(`${url}/weather/forecast/oslo`, KEY)).status, 200, 'the YAML is deleted')
    seen = dev.stderr.length
    rmSync(folder, { recursive: true })
    await dev.match('stderr', /goes on serving/, seen)
    t.equal((await send(`${url}/weather/forecast/oslo`, KEY)).status, 200, 'so is its folder')

    const { code } = await dev.stop('SIGTERM')
    t.equal(code, 0)
    t.strictSame(processesWith(mark), [], 'no process is left')
    t.equal(dev.output.match(/listening on/g)?.length, 1, 'one line per listener, and no other with these words')
  },
)

t.test('mistakes at the start: they are shown, and serving begins when they are mended', async (t) => {
  const folder = temporaryFolder(t, { ...helloProject(), 'broken.yaml': 'apiVersion: postern/v1\nkind: Apy\n' })
  const dev = startDev(t, [folder])
  await dev.match('stderr', /error\[PST.*nothing is served yet; waiting for a change/s)
  rmSync(join(folder, 'broken.yaml'))
  const url = await dev.url()
  t.equal((await send(`${url}/hello`)).status, 200)
})

t.test('a port of the YAML that is taken: a free one is used, and said; one that was asked for is an error', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const files = helloProject()
  const folder = temporaryFolder(t, { ...files, 'gateway.yaml': files['gateway.yaml']?.replace('port: 0', `port: ${port}`) ?? '' })
  const dev = startDev(t, [folder])
  const url = await dev.url()
  t.not(new URL(url).port, String(port))
  t.match(dev.stderr, `port ${port} is taken by another program; using a free one`)
  t.equal((await send(`${url}/hello`)).status, 200)
  const asked = await postern(['dev', folder, '--listen', `127.0.0.1:${port}`], { env: { XDG_STATE_HOME: temporaryFolder(t) } })
  t.equal(asked.code, 3)
  t.match(asked.stderr, /EADDRINUSE/)
})

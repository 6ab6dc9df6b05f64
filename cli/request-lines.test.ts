import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../test/postern-process.ts'
import { RequestLines, requestLine } from './request-lines.ts'

const ENTRY = { method: 'GET', path: '/weather/forecast/oslo', status: 200, durationMs: 3.14, consumer: 'acme', source: 'weather.yaml:14' }

t.test('a request is one short line', async (t) => {
  t.equal(requestLine(JSON.stringify(ENTRY)), 'GET /weather/forecast/oslo 200 in 3.1 ms, by acme, weather.yaml:14')
  t.equal(
    requestLine('{"status":400,"durationMs":0.2,"error":"bad-request"}'),
    'a request that was not understood 400 in 0.2 ms, bad-request',
  )
  t.equal(requestLine('{"method":"GET","path":"/","status":0,"durationMs":1200.4}'), 'GET / given up by the client in 1200 ms')
})

t.test('what is appended is shown, however it is cut; a flood is counted, and does not fill the disk', async (t) => {
  const file = join(temporaryFolder(t), 'access.log')
  const shown: string[] = []
  let wake = () => {}
  const lines = new RequestLines(file, (line) => {
    shown.push(line)
    wake()
  })
  t.teardown(() => lines.close())
  const until = async (isDone: () => boolean) => {
    while (!isDone()) await new Promise<void>((resolve) => (wake = resolve))
  }
  const text = `${JSON.stringify(ENTRY)}\n`
  appendFileSync(file, text.slice(0, 20))
  appendFileSync(file, text.slice(20))
  await until(() => shown.length === 1)
  appendFileSync(file, text.repeat(10_000))
  await until(() => shown.some((line) => line.startsWith('… and ')))
  appendFileSync(file, text)
  const before = shown.length
  await until(() => shown.length > before)
  t.ok(statSync(file).size < 1024 * 1024)
  t.ok(shown.length < 1000)
})

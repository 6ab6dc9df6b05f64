import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder, until } from '../fixtures/gateway.ts'
import { LineWriter } from './line-writer.ts'
import { LogStream } from './process-log.ts'

t.test('a file gets all bytes in order, and after a rotation the new one does', async (t) => {
  const path = join(temporaryFolder(t), 'log')
  let ready = 0
  const writer = new LineWriter({ path }, () => {
    ready += 1
  })
  writer.write(Buffer.from('one\n'))
  t.equal(writer.isBusy, true)
  writer.reopen()
  await until(() => ready === 1)
  t.equal(readFileSync(path, 'utf8'), 'one\n')
  renameSync(path, `${path}.1`)
  writer.reopen()
  writer.write(Buffer.from('two\n'))
  await until(() => ready === 2)
  t.equal(readFileSync(path, 'utf8'), 'two\n')
  writer.close()
  writer.close()
})

t.test('a full pipe is waited for without a thread, and what was begun is finished when there is room', async (t) => {
  const { path, fd } = pipe(t)
  let ready = 0
  const writer = new LineWriter({ path }, () => {
    ready += 1
  })
  t.teardown(() => writer.close())
  const line = `${'x'.repeat(999)}\n`
  writer.write(Buffer.from(line.repeat(200)))
  t.equal(writer.isBusy, true)
  let text = ''
  const target = Buffer.alloc(64 * 1024)
  await until(() => {
    try {
      text += target.toString('latin1', 0, readSync(fd, target))
    } catch {
      // Empty just now.
    }
    return ready === 1 && text.length === 200_000
  })
  t.equal(text, line.repeat(200))
})

t.test('a pipe that nobody reads any more, and a target that cannot be opened, are failures with a name', (t) => {
  const { path, fd } = pipe(t)
  const writer = new LineWriter({ path }, () => {})
  closeSync(fd)
  writer.write(Buffer.from('lost\n'))
  t.match(writer, { failures: 1, lastFailure: 'EPIPE', isBusy: false })
  writer.close()
  t.throws(() => new LineWriter({ path: '/does/not/exist/log' }, () => {}), { code: 'log-unavailable' })
  t.throws(() => new LineWriter({ path }, () => {}), { code: 'log-unavailable', message: /ENXIO/ })
  t.notOk(existsSync('/does'))
  t.end()
})

t.test('a process log behind a reader that is stuck keeps so much, then drops and counts', (t) => {
  const { path } = pipe(t)
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const stream = new LogStream(fd, false)
  for (let line = 0; line < 10_000; line++) stream.write(`{"line":${line},"text":"${'x'.repeat(100)}"}\n`)
  t.ok(stream.dropped > 0)
  stream.close()
  closeSync(fd)
  t.end()
})

/** A named pipe with a reader that reads when the test wants. */
function pipe(t: { teardown(end: () => unknown): unknown }): { path: string; fd: number } {
  const path = join(temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  return { path, fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) }
}

import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { temporaryFolder } from '../test/postern-process.ts'
import { Companion } from './companion.ts'

/** Lines of both kinds, as they come. */
function observed(command: string, directory: string) {
  const lines = new EventEmitter()
  const companion = new Companion({
    command,
    directory,
    output: (line) => lines.emit('output', line),
    say: (line) => lines.emit('say', line),
  })
  return { companion, lines }
}

/** Whether a process is there. A zombie that nobody has reaped yet counts as gone. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

t.test('it runs in its folder, and everything it has started ends with it', async (t) => {
  const directory = temporaryFolder(t, { 'child.js': 'setInterval(() => {}, 1000); console.log(process.pid)' })
  // The shell stays in front of two children, which ignore that it goes.
  const { companion, lines } = observed('node child.js & node child.js; wait', directory)
  const pids: number[] = []
  companion.start()
  t.teardown(() => companion.stop())
  for (let index = 0; index < 2; index++) pids.push(Number((await once(lines, 'output'))[0]))
  t.ok(pids.every(isRunning))
  await companion.stop()
  // SIGKILL has been sent to all of the group: the kernel ends them on their next turn.
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 5))
  t.pass('all are gone')
})

t.test('one that ends is started again, after a pause that is said', async (t) => {
  const { companion, lines } = observed('exit 7', temporaryFolder(t))
  companion.start()
  t.teardown(() => companion.stop())
  const said: string[] = []
  while (said.length < 3) said.push((await once(lines, 'say'))[0] as string)
  t.match(said, [/^started `exit 7` \(process \d+\)$/, '`exit 7` ended with exit code 7; starting it again in 1 s', /^started `exit 7`/])
})

t.test('one that does not listen to SIGTERM is killed', async (t) => {
  const { companion, lines } = observed("trap '' TERM; echo $$; while :; do sleep 1; done", temporaryFolder(t))
  companion.start()
  const [pid] = await once(lines, 'output')
  await companion.stop()
  t.notOk(isRunning(Number(pid)))
})

import t from 'tap'
import { Watchdog } from './watchdog.ts'

const OPTIONS = { hungAfterChecks: 3, watchdogIntervalMs: 60_000 }

t.test('whoever stands still for so many checks in a row is reported, once', (t) => {
  const hung: string[] = []
  const report = ({ name }: { name: string }) => hung.push(name)
  const watchdog = new Watchdog<{ name: string; heartbeat: Int32Array }>(OPTIONS, report)
  t.teardown(() => watchdog.close())
  const beating = { name: 'beating', heartbeat: new Int32Array(new SharedArrayBuffer(4)) }
  const still = { name: 'still', heartbeat: new Int32Array(new SharedArrayBuffer(4)) }
  const gone = { name: 'gone', heartbeat: new Int32Array(new SharedArrayBuffer(4)) }
  for (const watched of [beating, still, gone]) watchdog.watch(watched)
  const check = () => {
    Atomics.add(beating.heartbeat, 0, 1)
    watchdog.check(report)
  }
  check()
  check()
  t.strictSame(hung, [])
  watchdog.forget(gone)
  check()
  t.strictSame(hung, ['still'])
  for (let more = 0; more < 10; more++) check()
  t.strictSame(hung, ['still'])
  t.end()
})

t.test('one beat between the checks begins the count anew', (t) => {
  const hung: unknown[] = []
  const watchdog = new Watchdog<{ heartbeat: Int32Array }>(OPTIONS, (watched) => hung.push(watched))
  t.teardown(() => watchdog.close())
  const slow = { heartbeat: new Int32Array(new SharedArrayBuffer(4)) }
  watchdog.watch(slow)
  for (let round = 0; round < 10; round++) {
    watchdog.check((watched) => hung.push(watched))
    watchdog.check((watched) => hung.push(watched))
    Atomics.add(slow.heartbeat, 0, 1)
  }
  t.strictSame(hung, [])
  t.end()
})

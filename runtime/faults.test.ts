/** Workers and children that die in every way, under load: their own connections are lost, and nothing else. */
import t from 'tap'
import { startFaulty } from './fixtures/faulty-gateway.ts'
import { bundleOf, get, replaceFile, until } from './fixtures/gateway.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const CONNECTIONS_PER_SECOND = 1500

t.test('a worker that hangs is found and replaced; what waits in its queue is served by the next one', async (t) => {
  const gateway = await startFaulty(t, { watchdogIntervalMs: 50, hungAfterChecks: 10, heartbeatIntervalMs: 20 })
  const load = startLoad(gateway.url, CONNECTIONS_PER_SECOND)
  await gateway.calm(load)
  await gateway.strike('hang')
  await gateway.calm(load)
  const tally = await load.stop()
  const { workerRestarts } = await gateway.status()
  t.equal(tally.refused, 0, tally.errors.join('\n'))
  t.ok(tally.lost <= Math.min(1, gateway.openAtDeath()), tally.errors.join('\n'))
  t.match(workerRestarts, { hung: Number })
  t.match(await gateway.metrics(), /postern_worker_restarts_total\{reason="hung"\} [1-9]/)
})

t.test('when the serving process is killed, connections wait for the next one, and are served by it', async (t) => {
  const gateway = await startFaulty(t)
  const load = startLoad(gateway.url, 200)
  const milliseconds: number[] = []
  for (let kill = 0; kill < 3; kill++) {
    await gateway.calm(load)
    const pid = gateway.childPid as number
    process.kill(pid, 'SIGKILL')
    const killedAtMs = performance.now()
    await until(() => isGone(pid))
    // Accepted by nobody yet: answered when somebody serves again, and not refused before.
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(`${gateway.url}/hello`)))
    milliseconds.push(Math.round(performance.now() - killedAtMs))
    t.ok(answers.every(({ status }) => status === 200))
    t.not(gateway.childPid, pid)
  }
  t.comment(`from the kill to the answers to connections that came after it: ${milliseconds.join(', ')} ms`)
  await gateway.calm(load)
  const tally = await load.stop()
  t.equal(tally.refused, 0, tally.errors.join('\n'))
  t.ok(tally.lost <= 3 * 2 * 2, `${tally.lost} lost: ${tally.errors.join('\n')}`)
  t.equal((await gateway.status()).processRestarts, 3)
})

t.test('a bundle that hangs or kills the worker that tries it is refused, and harms nothing', async (t) => {
  process.env['POSTERN_TEST_POISON'] = 'hang'
  const gateway = await startFaulty(t, { probeTimeoutMs: 300 })
  const load = startLoad(gateway.url, 200)
  replaceFile(gateway.bundlePath, bundleOf({ body: 'poisoned', template: '/poison' }))
  t.match(await gateway.reload(), { outcome: 'rejected', code: 'probe-timeout' })
  t.match(await get(`${gateway.url}/hello`), { status: 200, body: 'hello' })
  replaceFile(gateway.bundlePath, bundleOf({ body: 'hello', ballast: 3 }))
  // `unchanged`: the gateway watches the file, too, and was quicker.
  t.match(await gateway.reload(), { outcome: /swapped|unchanged/ })
  const tally = await load.stop()
  t.match(tally, { refused: 0, lost: 0 })
  t.match(await gateway.metrics(), /postern_bundle_rejections_total\{code="probe-timeout"\} [1-9]/)
})

/** A process that was killed may still be there for a moment. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

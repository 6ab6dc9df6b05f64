/** Workers and children that die in every way, under load: their own connections are lost, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cause, type Fault } from './fixtures/faulty-worker.ts'
import { bundleOf, get, replaceFile, startGateway, type Teardown, temporaryFolder, until } from './fixtures/gateway.ts'
import { type Load, startLoad } from './fixtures/load.ts'
import type { Tuning } from './messages.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const FAULTY = new URL('./fixtures/faulty-worker.ts', import.meta.url).href
const CONNECTIONS_PER_SECOND = 1500

async function startFaulty(t: Teardown, tuning: Partial<Tuning> = {}) {
  const faults = temporaryFolder(t)
  process.env['POSTERN_TEST_FAULTS'] = faults
  const gateway = await startGateway(t, { accessLog: 'off' }, { worker: FAULTY, tuning })
  let turn = 0
  return Object.assign(gateway, {
    /** Makes one of the workers fail, the spare one included, and waits until that was noticed. */
    async strike(fault: Fault) {
      const before = await this.restarts()
      const sockets = readdirSync(faults).filter((name) => name.startsWith(`${gateway.childPid}-`))
      cause(join(faults, sockets[turn++ % sockets.length] as string), fault)
      await until(async () => (await this.restarts()) > before)
    },
    /** All seats are taken and nobody waits: what is lost at the next strike was lost by it, and not by a queue that is just being served. */
    async calm(load: Load) {
      const answered = load.tally.answered
      await until(async () => (await gateway.status()).workers.ready === 3 && load.open <= 3 && load.tally.answered > answered + 100)
    },
    /** Connections that dead workers had when they died, together. */
    openAtDeath(): number {
      const confessions = readdirSync(faults).filter((name) => name.startsWith('open-'))
      return confessions.reduce((sum, name) => sum + Number(readFileSync(join(faults, name), 'utf8')), 0)
    },
    async restarts(): Promise<number> {
      const { workerRestarts } = await gateway.status()
      return Object.values(workerRestarts).reduce((sum, count) => sum + count, 0)
    },
  })
}

for (const fault of ['throw', 'reject', 'exit'] as const) {
  t.test(`of 1500 connections per second, a worker that ends by \`${fault}\` costs at most one`, async (t) => {
    const gateway = await startFaulty(t)
    const load = startLoad(gateway.url, CONNECTIONS_PER_SECOND)
    const strikes = 6
    for (let strike = 1; strike <= strikes; strike++) {
      await gateway.calm(load)
      await gateway.strike(fault)
    }
    await gateway.calm(load)
    const tally = await load.stop()
    const restarts = await gateway.restarts()
    t.equal(tally.refused, 0, tally.errors.join('\n'))
    const owned = gateway.openAtDeath()
    t.ok(tally.lost <= owned, `${tally.lost} lost; at their deaths the workers had ${owned}`)
    t.ok(tally.lost <= restarts, `${tally.lost} lost in ${restarts} deaths, ${tally.answered} answered\n${tally.errors.join('\n')}`)
    t.comment(`${tally.lost} lost in ${restarts} deaths of workers with ${owned} connections, ${tally.answered} answered`)
  })
}

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

t.test('when the serving process is killed, connections wait for the next one', async (t) => {
  const gateway = await startFaulty(t)
  const load = startLoad(gateway.url, 200)
  for (let kill = 0; kill < 3; kill++) {
    await gateway.calm(load)
    const pid = gateway.childPid as number
    process.kill(pid, 'SIGKILL')
    await until(() => gateway.childPid !== pid)
  }
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

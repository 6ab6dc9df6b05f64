/** Twenty workers die under load: their own connections are lost, and nothing else. */
import t from 'tap'
import { startFaulty } from './fixtures/faulty-gateway.ts'
import type { Fault } from './fixtures/faulty-worker.ts'
import { startLoad } from './fixtures/load.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

const CONNECTIONS_PER_SECOND = 1500
const STRIKES = 20

t.test('of 1500 connections per second, twenty workers that die in every way cost at most one each', async (t) => {
  const gateway = await startFaulty(t)
  const load = startLoad(gateway.url, CONNECTIONS_PER_SECOND)
  const ways = ['throw', 'reject', 'exit'] as const
  for (let strike = 0; strike < STRIKES; strike++) {
    await gateway.calm(load)
    await gateway.strike(ways[strike % ways.length] as Fault)
  }
  await gateway.calm(load)
  const tally = await load.stop()
  const restarts = await gateway.restarts()
  t.ok(restarts >= STRIKES)
  t.equal(tally.refused, 0, tally.errors.join('\n'))
  const owned = gateway.openAtDeath()
  t.ok(tally.lost <= owned, `${tally.lost} lost; at their deaths the workers had ${owned}`)
  t.ok(tally.lost <= restarts, `${tally.lost} lost in ${restarts} deaths, ${tally.answered} answered\n${tally.errors.join('\n')}`)
  t.comment(`${tally.lost} lost in ${restarts} deaths of workers with ${owned} connections, ${tally.answered} answered`)
})

/** Backends with many endpoints through running gateways of two workers: endpoints that die, hang, fail and come back. */
import t from 'tap'
import { ACTIVE, bundleFor, type Endpoint, endpoints, PASSIVE, startWith } from './fixtures/endpoints.ts'
import { until } from './fixtures/gateway.ts'

// Real processes on a machine that may be busy.
t.setTimeout(60_000)

t.test('of six endpoints one dies, one hangs and one fails: a few requests notice, and then none', async (t) => {
  const all = await endpoints(t, 6)
  const [dying, hanging, failing] = all as [Endpoint, Endpoint, Endpoint]
  const gateway = await startWith(t, bundleFor(all, { responseTimeoutMs: 1000, passiveHealth: PASSIVE }))
  const before = await gateway.askAll(60)
  t.strictSame(
    [...before.keys()].sort(),
    all.map(({ name }) => name),
  )

  dying.stop()
  hanging.mode = 'hang'
  failing.mode = '500'
  const during = await gateway.askAll(300)
  const errors = [...during].reduce((sum, [key, count]) => (key.startsWith('e') ? sum : sum + count), 0)
  // Each may be at so many of them when it is ejected, in a row and at the same time.
  t.ok(errors <= 3 * (PASSIVE.consecutiveFailures + 10), `${errors} of 300 failed: ${JSON.stringify([...during])}`)
  t.strictSame([...(await gateway.askAll(60)).keys()].sort(), ['e3', 'e4', 'e5'])
  const label = `{backend="service",endpoint="127.0.0.1:${failing.port}"`
  t.equal(await gateway.metric(`postern_upstream_healthy${label}`), 0)
  t.ok((await gateway.metric(`postern_upstream_ejections_total${label}`)) >= 1)
})

t.test('an endpoint that was ejected comes back by itself when its time is over', async (t) => {
  const all = await endpoints(t, 2)
  const [failing] = all as [Endpoint]
  failing.mode = '500'
  const gateway = await startWith(t, bundleFor(all, { passiveHealth: { ...PASSIVE, ejectMs: 300 } }))
  const ejections = `postern_upstream_ejections_total{backend="service",endpoint="127.0.0.1:${failing.port}"`
  await until(async () => {
    await gateway.askAll(10)
    return (await gateway.metric(ejections)) >= 2
  })
  failing.mode = 'ok'
  await until(async () => (await gateway.askAll(10)).has('e0'))
})

t.test('when all endpoints fail, all of them are used and their own answers come through', async (t) => {
  const all = await endpoints(t, 3)
  for (const each of all) each.mode = '500'
  const gateway = await startWith(t, bundleFor(all, { passiveHealth: PASSIVE }))
  t.strictSame(await gateway.askAll(100), new Map([['500', 100]]))
  t.ok(all.filter(({ requests }) => requests >= 20).length >= 2, 'the last half is never ejected')
})

t.test('requests with the same header go to the same endpoint, in all workers; when one goes only its own move', async (t) => {
  const all = await endpoints(t, 3)
  const gateway = await startWith(t, bundleFor(all, { balance: { kind: 'consistent-hash', by: 'header', name: 'x-tenant' } }))
  const homes = async () => {
    const found = new Map<string, string>()
    for (let tenant = 0; tenant < 24; tenant++) {
      const answers = new Set<string>()
      for (let i = 0; i < 4; i++) answers.add((await gateway.ask({ 'x-tenant': `t${tenant}` })).body)
      t.equal(answers.size, 1, `t${tenant} is at ${[...answers].join(', ')}`)
      found.set(`t${tenant}`, [...answers].join())
    }
    return found
  }
  const before = await homes()
  t.strictSame(new Set(before.values()), new Set(['e0', 'e1', 'e2']))
  all[1]?.stop()
  for (const [tenant, home] of await homes()) {
    if (before.get(tenant) === 'e1') t.not(home, 'e1')
    else t.equal(home, before.get(tenant))
  }
  await all[1]?.start()
  t.strictSame(await homes(), before)
})

t.test('an open breaker keeps requests from the backend, and lets them through when a few have succeeded', async (t) => {
  const all = await endpoints(t, 1)
  const [only] = all as [Endpoint]
  const breaker = { failurePercent: 50, minRequests: 10, windowMs: 10_000, openMs: 1000 }
  const gateway = await startWith(t, bundleFor(all, { breaker }))
  await gateway.askAll(20)
  only.mode = '500'
  const refusal = await until(async () => {
    const answer = await gateway.ask()
    return answer.status === 503 && answer
  })
  t.match(JSON.parse(refusal.body), { code: 'circuit-open', status: 503 })
  const openings = () => gateway.metric('postern_upstream_breaker_openings_total{backend="service"}')
  const [opened, asked] = [await openings(), only.requests]
  t.ok(opened >= 1)
  await gateway.askAll(50)
  // Three probes each time that it is half-open, and no others.
  t.ok(only.requests - asked <= 3 * ((await openings()) - opened + 1), `${only.requests - asked} requests`)
  only.mode = 'ok'
  await until(async () => {
    await gateway.ask()
    return (await gateway.metric('postern_upstream_breaker_state{backend="service"}')) === 0
  })
  t.strictSame(await gateway.askAll(20), new Map([['e0', 20]]))
  t.ok((await gateway.metric('postern_upstream_refused_total{backend="service",reason="circuit-open"}')) > 0)
})

t.test('an endpoint whose checks fail gets no requests, though it would answer them; one prober checks for all workers', async (t) => {
  const all = await endpoints(t, 2)
  const [bad] = all as [Endpoint]
  bad.isWell = false
  const gateway = await startWith(t, bundleFor(all, { activeHealth: ACTIVE }))
  const label = `{backend="service",endpoint="127.0.0.1:${bad.port}"`
  await until(async () => (await gateway.metric(`postern_upstream_healthy${label}`)) === 0)
  t.strictSame([...(await gateway.askAll(40)).keys()], ['e1'])
  const counted = await gateway.metric('postern_upstream_health_checks_total{outcome="failed"}')
  t.ok(bad.checks >= counted && bad.checks <= counted + 2, `${bad.checks} checks seen, ${counted} counted`)
  bad.isWell = true
  await until(async () => (await gateway.askAll(10)).has('e0'))
})

import t from 'tap'
import { check, imageOf, isRejection, LIMITS, METHODS, visitsByNode, writeBundle } from '../bundle/bundle.ts'
import type { BundlePlan } from '../bundle/plan.ts'
import { Report } from '../spec/diagnostic.ts'
import { parseDuration } from '../spec/duration.ts'
import { known } from '../spec/grammar.ts'
import { backendSpec } from '../spec/kinds/backend.ts'
import { checkLimits } from './checks/index.ts'
import { link } from './link.ts'
import { api, BASE, compileFiles, resourcesOf } from './link-fixture.ts'
import { buildRouteTree } from './route-tree.ts'
import { boundVisits, worstWalk } from './route-tree-visits.ts'

function planOf(lines: string): BundlePlan {
  const { plans, text } = compileFiles(`${BASE}---\n${api('a', lines)}`)
  if (plans[0] === undefined) throw new Error(text)
  return plans[0]
}

t.test('GET answers HEAD unless HEAD has a route of its own', (t) => {
  const plan = planOf('  routes: { GET /a: {}, GET /b: {}, HEAD /b: {} }')
  const answers = (label: string) => {
    const index = plan.nodes[0]?.literals.find((literal) => literal.label === label)?.nodeIndex ?? -1
    return plan.nodes[index]?.routes.map(({ methodId, routeIndex }) => `${METHODS[methodId]} ${plan.routes[routeIndex]?.method}`)
  }
  t.strictSame(answers('a'), ['GET GET', 'HEAD GET'])
  t.strictSame(answers('b'), ['GET GET', 'HEAD HEAD'])
  t.end()
})

t.test('the base path is taken off unless the route or its API keeps it', (t) => {
  const routes = '  routes: { GET /a: {}, GET /b: { stripBasePath: false } }'
  t.strictSame(
    planOf(`  basePath: /weather\n${routes}`).routes.map(({ strippedBytes }) => strippedBytes),
    [8, 0],
  )
  t.strictSame(
    planOf('  basePath: /weather\n  stripBasePath: false\n  routes: { GET /a: {} }').routes.map(({ strippedBytes }) => strippedBytes),
    [0],
  )
  t.equal(planOf('  basePath: /é\n  routes: { GET /a: {} }').routes[0]?.strippedBytes, '/%C3%A9'.length, 'bytes of the canonical form')
  t.end()
})

t.test('children stand behind their parents and labels are sorted', (t) => {
  const plan = planOf(
    '  routes: { GET /b/a: {}, "GET /a/{x}/b": {}, "GET /a/{x:[0-9]}": {}, GET /B: {}, GET /~: {}, GET /a/: {}, GET /**: {} }',
  )
  plan.nodes.forEach((node, index) => {
    const labels = node.literals.map(({ label }) => label)
    t.strictSame(labels, [...labels].sort())
    const children = [...node.literals, ...node.constrained].map(({ nodeIndex }) => nodeIndex)
    for (const child of [...children, node.parameterNodeIndex ?? Number.POSITIVE_INFINITY]) t.ok(child > index)
  })
  t.end()
})

t.test('only backends that a route of the gateway uses are in its bundle', (t) => {
  const other = 'apiVersion: postern/v1\nkind: Backend\nmetadata: { name: aaa }\nspec: { endpoints: ["http://10.0.0.1"] }\n'
  const { plans, diagnostics } = compileFiles(`${BASE}---\n${other}---\n${api('a', '  routes: { GET /a: {} }')}`)
  t.strictSame(
    plans[0]?.backends.map(({ name }) => name),
    ['echo'],
  )
  t.match(diagnostics, [{ code: 'PST0406', severity: 'warning' }])
  t.end()
})

t.test('what a backend leaves out is what its schema says', (t) => {
  const { timeouts, pool } = backendSpec.properties ?? {}
  const defaultOf = (group: typeof pool, field: string) => group?.properties?.[field]?.default
  const ms = (group: typeof pool, field: string) => known(parseDuration(String(defaultOf(group, field))))
  t.match(planOf('  routes: { GET /a: {} }').backends[0], {
    connectTimeoutMs: ms(timeouts, 'connect'),
    responseTimeoutMs: ms(timeouts, 'response'),
    idleTimeoutMs: ms(timeouts, 'idle'),
    maxConnections: defaultOf(pool, 'maxConnections'),
    maxPending: defaultOf(pool, 'maxPending'),
    pendingTimeoutMs: ms(pool, 'pendingTimeout'),
    poolIdleMs: ms(pool, 'idle'),
    sourceAddress: '',
  })
  t.end()
})

t.test('self-tests stay within their limit, take all kinds of entries, and the bundle with them is accepted', (t) => {
  const routes = Array.from({ length: 3000 }, (_, index) =>
    `    GET /c${index}/{id}/x{}: {}`.replace('x{}', index % 2 === 0 ? 'x' : `{n:[a-z]{${(index % 300) + 1}}}`),
  )
  const plan = planOf(`  hosts: [a.test, "*.b.test"]\n  routes:\n${routes.join('\n')}`)
  t.ok(plan.selfTests.length > 500)
  t.ok(plan.selfTests.length <= LIMITS.selfTests)
  t.ok(plan.selfTests.some(({ routeIndex }) => routeIndex === undefined))
  t.ok(plan.selfTests.some(({ method }) => method === 'HEAD'))
  const bytes = writeBundle(plan)
  t.notOk(isRejection(check(imageOf(bytes), bytes.length)))
  t.end()
})

t.test('what a walk can cost is counted as the gateway counts it', (t) => {
  const text = `${BASE}---\n${api('a', '  routes: { "GET /a/{x}/c": {}, "GET /{y}/b/{z:[0-9]+}": {}, "GET /a/b/{q}/d": {}, GET /**: {} }')}`
  const tree = buildRouteTree(link(resourcesOf({ 'test.yaml': text }), new Report()).apis)
  const root = tree.roots[0]?.node
  const nodes = compileFiles(text).plans[0]?.nodes ?? []
  if (root === undefined) throw new Error('no root')
  t.equal(boundVisits(root), visitsByNode(nodes)[0])
  const worst = worstWalk(root, Number.POSITIVE_INFINITY)
  t.ok(worst.visits <= root.mostVisits && worst.visits >= 7, `${worst.visits} on ${worst.path}`)
  t.end()
})

t.test('a plan that no gateway would take is refused at the gateway that it is for', (t) => {
  const text = `${BASE}---\n${api('a', '  routes: { GET /a: {} }')}`
  const { plans, graph } = compileFiles(text)
  const [plan, gateway] = [plans[0], graph.gateways[0]]
  if (plan === undefined || gateway === undefined) throw new Error('no plan')
  const report = new Report()
  t.equal(checkLimits(plan, report, gateway), true)
  t.equal(checkLimits({ ...plan, secrets: new Array(LIMITS.secrets + 1) }, report, gateway), false)
  t.match(report.diagnostics, [{ code: 'PST0502', message: 'gateway `edge` has 10001 secrets, more than 10000' }])
  t.end()
})

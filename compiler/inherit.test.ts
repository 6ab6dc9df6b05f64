import t from 'tap'
import type { BundlePlan } from '../bundle/plan.ts'
import { api, BASE, compileFiles } from './link-fixture.ts'

const KEYED = BASE.replace(
  'access: public',
  'access: { api-key: {} }, policies: [ { headers: { request: { set: { x-a: a } } } }, { cors: { origins: ["https://a.test"] } } ]',
)
const CONSUMER = `apiVersion: postern/v1\nkind: Consumer\nmetadata: { name: acme }\nspec: { keys: [ { hash: "sha256:${'0'.repeat(63)}1" } ] }\n`

function planOf(...documents: readonly string[]): BundlePlan {
  const { plans, text } = compileFiles(documents.join('---\n'))
  if (plans[0] === undefined) throw new Error(text)
  return plans[0]
}

/** Ids of what is in force on a route, access first. */
function chainOf(plan: BundlePlan, name: string): { access: string; early: string[]; request: string[] } {
  const route = plan.routes.find((entry) => entry.name === name)
  const chain = route === undefined ? undefined : plan.chains[route.chainIndex]
  if (route === undefined || chain === undefined) throw new Error(`no route ${name}`)
  const id = (index: number) => plan.attachments[index]?.id ?? 'none'
  return { access: id(route.accessAttachmentIndex), early: chain.early.map(id), request: chain.request.map(id) }
}

t.test('policies run from the gateway inwards, early ones in front, and the innermost access counts', (t) => {
  const plan = planOf(
    KEYED,
    CONSUMER,
    api(
      'a',
      `
  access: { api-key: { consumers: [acme] } }
  policies: [ { body-limit: { max: 1KiB } } ]
  routes:
    GET /plain: {}
    GET /own: { access: public, policies: [ { request-id: {} }, { headers: { request: { set: { x-b: b } } } }, { headers: { request: { remove: [x-c] } } } ] }`,
    ),
  )
  t.strictSame(chainOf(plan, 'GET /plain'), {
    access: 'api/a#api-key',
    early: ['gateway/edge#cors'],
    request: ['gateway/edge#headers', 'api/a#body-limit'],
  })
  t.strictSame(chainOf(plan, 'GET /own'), {
    access: 'route/a/GET /own#public',
    early: ['gateway/edge#cors', 'route/a/GET /own#request-id'],
    request: ['gateway/edge#headers', 'api/a#body-limit', 'route/a/GET /own#headers', 'route/a/GET /own#headers/2'],
  })
  t.ok(
    plan.routes.every(({ answersPreflight }) => answersPreflight),
    'cors on the gateway answers preflights of all routes',
  )
  t.end()
})

t.test('ids of attachments do not depend on what else there is', (t) => {
  const idsOf = (plan: BundlePlan) => plan.attachments.map(({ id }) => id)
  const before = idsOf(planOf(KEYED, CONSUMER, api('m', '  routes: { GET /m: { policies: [ { request-id: {} } ] } }')))
  const after = idsOf(
    planOf(
      KEYED,
      CONSUMER,
      api('a', '  routes: { GET /a: { policies: [ { request-id: {} } ] } }'),
      api('m', '  routes: { GET /b: { policies: [ { request-id: {} } ] }, GET /m: { policies: [ { request-id: {} } ] } }'),
    ),
  )
  t.ok(before.length > 0)
  t.strictSame(
    before.filter((id) => !after.includes(id)),
    [],
  )
  t.equal(new Set(after).size, after.length, 'and they are unique')
  t.end()
})

t.test('a thousand routes below the same policies share one chain', (t) => {
  const routes = Array.from({ length: 1000 }, (_, index) => `    GET /r${index}/{id}: {}`).join('\n')
  const plan = planOf(
    KEYED,
    CONSUMER,
    api('a', `  policies: [ { rate-limit: { limit: 1, per: 1s, by: consumer } } ]\n  routes:\n${routes}`),
  )
  t.equal(plan.chains.length, 1)
  t.equal(plan.attachments.length, 4)
  t.end()
})

t.test('a policy whose bytes depend on the route has an attachment for each result', (t) => {
  const plan = planOf(
    KEYED,
    CONSUMER,
    api('a', '  policies: [ { rewrite: { path: "/v2/{id}" } } ]\n  routes: { "GET /a/{id}": {}, "GET /b/{id}": {}, "GET /c/d/{id}": {} }'),
  )
  const [a, b, c] = ['GET /a/{id}', 'GET /b/{id}', 'GET /c/d/{id}'].map((name) => chainOf(plan, name).request.at(-1))
  t.match(a, /^api\/a#rewrite~[0-9a-f]{8}$/)
  t.equal(a, b, 'the same segment, the same attachment')
  t.not(a, c)
  t.end()
})

t.test('what is wrong with a policy is said once, however many routes it is in force for', (t) => {
  const routes = Array.from({ length: 50 }, (_, index) => `    GET /r${index}: {}`).join('\n')
  const policies = '{ rate-limit: { limit: 1, per: 1s, by: consumer } }, { rewrite: { path: "/v2/{id}" } }'
  const { diagnostics } = compileFiles(`${BASE}---\n${api('a', `  policies: [ ${policies} ]\n  routes:\n${routes}`)}`)
  t.equal(diagnostics.filter(({ code }) => code === 'rate-limit/no-consumer').length, 1)
  t.ok(diagnostics.filter(({ code }) => code.startsWith('rewrite/')).length >= 1)
  t.end()
})

t.test('a route without an access decision is refused, each one', (t) => {
  const open = BASE.replace(', access: public', '')
  const { diagnostics } = compileFiles(`${open}---\n${api('a', '  routes: { GET /a: {}, GET /b: { access: public }, GET /c: {} }')}`)
  t.match(diagnostics, [{ code: 'PST0301' }, { code: 'PST0301' }])
  t.end()
})

t.test('policies that are in force on one route are at most 256', (t) => {
  const many = Array(60).fill('{ headers: { request: { remove: [x-c] } } }').join(', ')
  const sets = ['s1', 's2', 's3', 's4'].map(
    (name) => `apiVersion: postern/v1\nkind: PolicySet\nmetadata: { name: ${name} }\nspec: { policies: [${many}] }\n`,
  )
  const use = '{ use: s1 }, { use: s2 }, { use: s3 }, { use: s4 }'
  const text = [BASE, ...sets, api('a', `  policies: [ ${use} ]\n  routes: { GET /a: {}, GET /b: { policies: [ { use: s1 } ] } }`)].join(
    '---\n',
  )
  t.match(compileFiles(text).diagnostics, [{ code: 'PST0502', message: /300 policies/ }])
  t.end()
})

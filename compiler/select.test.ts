import t from 'tap'
import { api, BASE, compileFiles } from './link-fixture.ts'

const gateway = (name: string, labels: string) =>
  `apiVersion: postern/v1\nkind: Gateway\nmetadata: { name: ${name} }\nspec: { listeners: [ { name: http, port: 8081 } ], access: public, apis: { matchLabels: { ${labels} } } }\n`
const labelled = (name: string, labels: string) =>
  api(name, `  routes: { GET /${name}: {} }`).replace(`{ name: ${name} }`, `{ name: ${name}, labels: { ${labels} } }`)
const FOLDER = [
  BASE,
  gateway('climate', 'team: climate'),
  gateway('both', 'team: climate, public: "yes"'),
  labelled('a', 'team: climate'),
  labelled('b', 'team: climate, public: "yes"'),
  labelled('c', 'team: other'),
].join('---\n')

t.test('a gateway serves the APIs that have all its labels, or all of them where it names none', (t) => {
  const { plans } = compileFiles(FOLDER)
  t.strictSame(
    plans.map((plan) => [plan.gateway, plan.apis.map(({ name }) => name)]),
    [
      ['both', ['b']],
      ['climate', ['a', 'b']],
      ['edge', ['a', 'b', 'c']],
    ],
  )
  t.end()
})

t.test('one of several gateways can be named', (t) => {
  t.strictSame(
    compileFiles(FOLDER, { gateway: 'climate' }).plans.map(({ gateway }) => gateway),
    ['climate'],
  )
  t.match(compileFiles(FOLDER, { gateway: 'climat' }).diagnostics, [{ code: 'PST0207', hint: 'did you mean `climate`?' }])
  t.match(compileFiles(FOLDER, {}).diagnostics, [{ code: 'PST0206', message: 'there are several gateways: `both`, `climate`, `edge`' }])
  t.end()
})

t.test('a folder without a gateway makes no bundle', (t) => {
  const { diagnostics, plans } = compileFiles(api('a', '  routes: { GET /a: {} }'), {})
  t.match(diagnostics, [{ code: 'PST0207' }, { code: 'PST0201' }])
  t.strictSame(plans, [])
  t.end()
})

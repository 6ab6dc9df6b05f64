/** What holds for every policy: its folder, its two halves, its README, the generated indices. */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { FakeExchange, loadRecord } from '../test/fixtures/exchange.ts'
import { compileConfig, type Place } from '../test/fixtures/policy.ts'
import { policyIndices, policyNames } from '../tools/generate/policy-indices.ts'
import { compilePolicies } from './compile-index.ts'
import type { Runner } from './contract.ts'
import { fuzzRecords, SEED_PLACE, SEEDS } from './records.fuzz.ts'
import { runners } from './run-index.ts'

const names = policyNames()
const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

t.test('the generated indices are those of the folders: npm run generate', (t) => {
  for (const [file, expected] of Object.entries(policyIndices(names))) t.equal(text(file), expected, file)
  t.strictSame(Object.keys(compilePolicies), names)
  t.strictSame([...runners.keys()], names)
  t.end()
})

for (const name of names) {
  t.test(`${name}: both halves say the same name and version, and its codes are its own`, (t) => {
    const policy = compilePolicies[name]?.policy
    const runner = runners.get(name)
    t.match(policy, { name, version: runner?.version })
    t.equal(runner?.name, name)
    t.ok(Number.isInteger(runner?.version) && (runner?.version ?? 0) > 0)
    t.match(policy?.summary, /^[A-Z].*\.$/)
    for (const [code, explanation] of Object.entries(policy?.codes ?? {})) {
      t.match(code, new RegExp(`^${name}/[a-z]+(-[a-z]+)*$`))
      t.match(explanation, /^[A-Z`].*\.$/s, 'a sentence')
    }
    if (policy?.kind === 'access') t.ok(runner?.request, 'an access policy decides')
    t.end()
  })

  t.test(`${name}: every code it has is reported by a test of its compile half`, (t) => {
    const tests = existsSync(new URL(`${name}/compile.test.ts`, import.meta.url)) ? text(`${name}/compile.test.ts`) : ''
    for (const code of Object.keys(compilePolicies[name]?.policy.codes ?? {})) {
      t.ok(tests.includes(code) || tests.includes(code.replaceAll('/', '\\/')), code)
    }
    t.end()
  })

  t.test(`${name}: its README says when to use it and when not, and its examples compile`, (t) => {
    const readme = text(`${name}/README.md`)
    t.match(readme, new RegExp(`^# ${name}\n\n`))
    t.match(readme, /\n## When to use it\n/)
    t.match(readme, /\n## When not\n/)
    const examples = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml as string)
    t.ok(examples.length > 0)
    const used = new Set<string>()
    for (const example of examples) {
      for (const { policy, config, place } of usesIn(parse(example))) {
        used.add(policy)
        t.strictSame(compileConfig(policy, config, place).errors, [], `${policy} in\n${example}`)
      }
    }
    t.ok(used.has(name), 'shows the policy itself')
    t.end()
  })
}

t.test('a record that no compiler wrote is refused, or read as some config: nothing else', (t) => {
  const seed = Date.now() % 1e9
  t.comment(`seed ${seed}`)
  t.ok(fuzzRecords(seed, (tried) => tried > 20_000) > 20_000)
  t.end()
})

t.test('a record of zeros, which is what memory reads as when something has gone wrong, permits nothing', (t) => {
  for (const name of ['api-key', 'body-limit', 'ip-filter', 'public', 'rate-limit', 'request-id', 'respond']) {
    const { compiled } = compileConfig(name, SEEDS[name], SEED_PLACE)
    const zeros = new Uint8Array(compiled?.record.length ?? 0)
    t.throws(() => loadRecord(runners.get(name) as Runner<unknown>, zeros), { code: 'record-invalid' }, name)
  }
  // As long as its lists say: no range admits nobody.
  const filter = loadRecord(runners.get('ip-filter') as Runner<unknown>, new Uint8Array(8))
  for (const client of ['192.0.2.1', '2001:db8::1'])
    t.match(filter.runner.request?.(filter.config, new FakeExchange({ client })), { status: 403 })
  t.end()
})

type Scope = {
  readonly access?: unknown
  readonly policies?: readonly object[]
  readonly basePath?: string
  readonly routes?: { readonly [key: string]: Scope }
}

interface PolicyUse {
  readonly policy: string
  readonly config: unknown
  readonly place: Place
}

/** Every use of a policy in a piece of an Api's spec. */
function usesIn(scope: Scope, outer: Place = {}): PolicyUse[] {
  const place = { consumers: ['acme'], ...outer, ...(scope.access === undefined ? {} : { knowsConsumer: scope.access !== 'public' }) }
  const access = scope.access === undefined ? [] : [scope.access === 'public' ? { public: {} } : (scope.access as object)]
  const here = [...access, ...(scope.policies ?? [])].flatMap((entry) =>
    Object.entries(entry).map(([policy, config]) => ({ policy, config, place })),
  )
  const routes = Object.entries(scope.routes ?? {}).flatMap(([key, route]) => {
    const [method = '', template = ''] = key.split(' ')
    return usesIn(route, { ...place, method, template: `${scope.basePath ?? ''}${template}` })
  })
  return [...here, ...routes]
}

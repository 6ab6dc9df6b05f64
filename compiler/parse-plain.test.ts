import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { compare, mutate, run } from './parse-plain.fuzz.ts'
import { parsePlain } from './parse-plain.ts'
import { plainValue } from './validate.ts'

t.test('plain sources are read directly, with the same nodes as the oracle gives', (t) => {
  const text = [
    '# comment',
    'apiVersion: postern/v1 # behind a value',
    'metadata: { name: weather, labels: { team: "climate # one", n: [1, -x, a:b] } }'.replace('-x', 'x'),
    'spec:',
    '  hosts:',
    '  - api.example.com',
    "  - '*.example.com'",
    '  routes:',
    '    GET /a/{id:[0-9]+}/b#c: {}',
    '    "GET /files/**": { access: public }',
    '  policies:',
    '    - rate-limit: { limit: 100, per: 1m }',
    '      note: true',
    '    - 10.0.0.1',
    '---',
    '',
    '- a',
    '-   b: 012x',
    '    c: http://x:80/y',
    '',
  ].join('\n')
  t.same(parsePlain(text)?.map(plainValue), [
    {
      apiVersion: 'postern/v1',
      metadata: { name: 'weather', labels: { team: 'climate # one', n: [1, 'x', 'a:b'] } },
      spec: {
        hosts: ['api.example.com', '*.example.com'],
        routes: { 'GET /a/{id:[0-9]+}/b#c': {}, 'GET /files/**': { access: 'public' } },
        policies: [{ 'rate-limit': { limit: 100, per: '1m' }, note: true }, '10.0.0.1'],
      },
    },
    ['a', { b: '012x', c: 'http://x:80/y' }],
  ])
  t.equal(compare(text), undefined)
  t.end()
})

t.test('whatever is not plain is left to the oracle', (t) => {
  for (const text of [
    'a: &x 1',
    'a: *x',
    'a: !t 1',
    'a: |\n  x',
    'a:\n',
    'a: b\n  c',
    'a: "\\n"',
    "a: 'it''s'",
    'a: 012',
    'a: 1.5',
    'a: -1',
    'a: ~',
    'a: True',
    'a: 1\na: 2',
    'a:\tb',
    'a: 1\r\n',
    '? a\n: b',
    'a: {b: 1,}',
    'a: {b}',
    'a: [b: c]',
    'a: {b:1}',
    '{a: 1\n}',
    'a: b: c',
    '- - a',
    '<<: {}',
    'a: %x',
    'a: @x',
    'text',
    '--- a: 1',
    '...',
    'a : b',
    'a: 😀',
    '%YAML 1.2\n---\na: 1',
    'a: b\n c: d',
    `${'['.repeat(70)}`,
  ]) {
    t.equal(parsePlain(text), undefined, JSON.stringify(text))
  }
  t.end()
})

t.test('every source of the repository is read as the oracle reads it', (t) => {
  for (const file of globSync('{examples,compiler/cases}/**/*.yaml')) t.equal(compare(readFileSync(file, 'utf8')), undefined, file)
  t.end()
})

t.test('mutated sources are read as the oracle reads them, or left to it', (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  t.comment(`seed ${seed}`)
  const { tried, plain, difference } = run({ seed, texts: 1500 })
  t.equal(difference, undefined, `seed ${seed}`)
  t.ok(plain > tried / 20, `${plain} of ${tried} were plain`)
  t.type(
    mutate('a: 1\n', () => 0),
    'string',
  )
  t.end()
})

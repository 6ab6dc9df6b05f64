import fc from 'fast-check'
import t from 'tap'
import { parse as parseValue } from 'yaml'
import { Report } from '../spec/diagnostic.ts'
import type { Node, Source } from './document.ts'
import { createParseCache, parse, parseReferenced } from './parse.ts'
import { parseInPool, parseMany } from './parse-pool.ts'
import { MAX_ALIASED_VALUES, MAX_DEPTH, parseYaml } from './parse-yaml.ts'
import { flatten, unflatten } from './parsed.ts'
import { plainValue } from './validate.ts'

const source = (text: string, file = 'a.yaml'): Source => ({ file, path: file, text })

t.test('a document is a tree of nodes, each with its range', (t) => {
  const text = 'a: { b: [1, "two", true] }\nc:\n  d: null\n'
  const [root] = parseYaml(text).documents
  if (root?.type !== 'map') throw new Error('no map')
  t.same(plainValue(root), { a: { b: [1, 'two', true] }, c: { d: null } })
  t.same(
    root.entries.map((entry) => text.slice(entry.keyStart, entry.keyEnd)),
    ['a', 'c'],
  )
  t.equal(text.slice(root.entries[0]?.node.start, root.entries[0]?.node.end), '{ b: [1, "two", true] }')
  t.end()
})

t.test('several documents, empty ones left out', (t) => {
  t.same(parseYaml('a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n').documents.map(plainValue), [{ a: 1 }, { b: 2 }])
  t.same(parseYaml('').documents, [])
  t.end()
})

t.test('values are those of YAML 1.2: no octal by a leading zero, no yes and no, no dates', (t) => {
  const [root] = parseYaml('[012, 0x10, yes, on, 2027-01-01, 1_000, ~, .5, 1e3]').documents
  t.same(plainValue(root as Node), [12, 16, 'yes', 'on', '2027-01-01', '1_000', null, 0.5, 1000])
  t.end()
})

t.test('a document cannot ask for YAML 1.1, which reads values otherwise', (t) => {
  t.match(parseYaml('%YAML 1.1\n---\na: yes\n').problems, [{ code: 'PST0105', start: 0, end: 5 }])
  t.same(parseYaml('%YAML 1.2\n---\na: yes\n').problems, [])
  t.end()
})

t.test('keys are texts as they are written, and no key changes what an object is', (t) => {
  const [root] = parseYaml('8080: a\ntrue: b\n~: c\n__proto__: { x: 1 }\nconstructor: d\n').documents
  const value = plainValue(root as Node) as object
  t.same(Object.keys(value), ['8080', 'true', '~', '__proto__', 'constructor'])
  t.equal(Object.getPrototypeOf(value), Object.prototype)
  t.end()
})

t.test('nesting has a limit, whichever way it is written', (t) => {
  t.same(parseYaml('['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH)).problems, [])
  t.match(parseYaml('['.repeat(MAX_DEPTH + 1) + ']'.repeat(MAX_DEPTH + 1)).problems, [{ code: 'PST0103', start: MAX_DEPTH }])
  t.match(parseYaml('{a: '.repeat(10_000)).problems, [{ code: 'PST0103' }])
  t.match(parseYaml('- '.repeat(100)).problems, [{ code: 'PST0103' }])
  t.match(parseYaml(Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')).problems, [{ code: 'PST0103' }])
  t.end()
})

t.test('aliases share what they stand for, up to a limit', (t) => {
  t.same(parseYaml('a: &x { b: 1 }\nc: [*x, *x]\n').documents.map(plainValue), [{ a: { b: 1 }, c: [{ b: 1 }, { b: 1 }] }])
  const list = `a: &x [${'0, '.repeat(999)}0]\n`
  t.same(parseYaml(`${list}b: [${'*x, '.repeat(MAX_ALIASED_VALUES / 1001 - 2)}*x]\n`).problems, [])
  t.match(parseYaml(`${list}b: [${'*x, '.repeat(MAX_ALIASED_VALUES / 1000)}*x]\n`).problems, [{ code: 'PST0104' }])
  t.match(parseYaml('a: &x [*x]\n').problems, [{ code: 'PST0101', start: 7, end: 9 }])
  t.end()
})

t.test('a map of 100 000 keys is read, and its one duplicate found', (t) => {
  const keys = Array.from({ length: 100_000 }, (_, index) => `key-${index}: 0\n`).join('')
  const { documents, problems } = parseYaml(`${keys}key-7: 1\n`)
  t.equal(documents[0]?.type === 'map' && documents[0].entries.length, 100_000)
  t.match(problems, [{ code: 'PST0102', message: 'duplicate key `key-7`' }])
  t.end()
})

t.test('an unclosed quote or bracket is reported where it opens', (t) => {
  const at = (text: string) => parseYaml(text).problems.map(({ start, end, message }) => `${text.slice(start, end)}: ${message}`)
  t.same(at('a: 1\nb: "two\nc: 3\n'), ['"two: a quoted text is not closed'])
  t.same(at("a: 'two\n"), ["'two: a quoted text is not closed"])
  t.same(at('a: [1, 2\nb: 3\n'), ['[: `[` is not closed'])
  t.end()
})

t.test('no text makes the parser throw, and every range lies within it', (t) => {
  const pieces = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '&x ',
    '*x',
    '!t ',
    '|',
    '>',
    '#',
    '? ',
    '---\n',
    '...\n',
    '\t',
    '%',
    '@',
    '${',
    '}',
    '*.a',
    'GET /',
    '\r\n',
    '\0',
    '😀',
    '<<',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
      const text = parts.join('')
      const parsed = parseYaml(text)
      for (const { start, end, related = [] } of parsed.problems) {
        for (const range of [{ start, end }, ...related]) {
          if (!(0 <= range.start && range.start <= range.end && range.end <= text.length)) return false
        }
      }
      t.same(unflatten(flatten(parsed, text), text), parsed)
      return true
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('the same values come out as the package gives by itself', (t) => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    map: fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4 }),
  })).value
  fc.assert(
    fc.property(value, (value) => {
      const text = JSON.stringify(value, null, 1)
      t.same(parseYaml(text).documents.map(plainValue), [parseValue(text)])
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('threads give what one thread gives', async (t) => {
  const texts = Array.from({ length: 40 }, (_, index) => `a: ${index}\n"b\\n": [x, 'y''z', { c: *none }]\n${'# filler\n'.repeat(2000)}`)
  t.same(await parseInPool(texts, 2), texts.map(parseYaml))
  t.same(await parseMany(texts), texts.map(parseYaml))
})

t.test('a file with none of our documents is left alone, mistakes included', async (t) => {
  const report = new Report()
  const texts = [
    'kind: Deployment\na: [',
    'openapi: 3.1.0\na: 1\na: 2\n',
    '{{ template }}',
    'apiVersion: v1\nkind: ConfigMap\na: 1\na: 2\n',
  ]
  const { documents, isIncomplete } = await parse(
    texts.map((text, index) => source(text, `${index}.yaml`)),
    report,
  )
  t.same(report.diagnostics, [])
  t.same(documents, [])
  t.notOk(isIncomplete)
})

t.test('a file with a syntax error gives no documents, for they would be guesses', async (t) => {
  const report = new Report()
  const { documents, isIncomplete } = await parse([source('apiVersion: postern/v1\nkind: Api\nspec: { hosts: [*.a] }\n')], report)
  t.match(report.diagnostics, [{ code: 'PST0101', range: { file: 'a.yaml' } }])
  t.same(documents, [])
  t.ok(isIncomplete)
})

t.test('a cache spares what has not changed, by content, and forgets what is gone', async (t) => {
  const cache = createParseCache()
  const text = 'apiVersion: postern/v1\nkind: Api\n'
  const first = await parse([source(text)], new Report(), cache)
  cache.sweep()
  const moved = await parse([source(text, 'b.yaml')], new Report(), cache)
  t.equal(moved.documents[0]?.root, first.documents[0]?.root)
  t.equal(moved.documents[0]?.source.file, 'b.yaml')
  cache.sweep()
  cache.sweep()
  const again = await parse([source(text)], new Report(), cache)
  t.not(again.documents[0]?.root, first.documents[0]?.root)
})

t.test('a referenced file is JSON or YAML by what it looks like', async (t) => {
  const report = new Report()
  const value = async (text: string, file: string) => {
    const document = await parseReferenced(source(text, file), report)
    return document && plainValue(document.root)
  }
  t.same(await value('{ "a": 1 }', 'a.json'), { a: 1 })
  t.same(await value('{ a: 1 }', 'a.yaml'), { a: 1 })
  t.same(await value('a: 1\n', 'a.json'), { a: 1 })
  t.equal(await value('', 'a.yaml'), null)
  t.same(report.diagnostics, [])
  t.equal(await value('{ "a": }', 'a.json'), undefined)
  t.match(report.diagnostics, [{ code: 'PST0101', message: 'a value is missing', range: { start: 7 } }])
})

import fc from 'fast-check'
import t from 'tap'
import { parseJson } from './parse-json.ts'
import { MAX_DEPTH, parseYaml } from './parse-yaml.ts'
import { plainValue } from './validate.ts'

t.test('values are those of JSON.parse, and ranges are where they stand', (t) => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      const { documents, problems } = parseJson(text)
      const [root] = documents
      if (root === undefined) return false
      t.same(plainValue(root), JSON.parse(text))
      return problems.length === 0 && text.slice(root.start, root.end) === text
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('nodes are those that the YAML parser makes of the same text', (t) => {
  const text = '{ "a": [1, -2.5e3, true, null, "x\\u00e9\\n"], "b": { "c": {} }, "": [] }'
  t.same(parseJson(text), parseYaml(text))
  t.end()
})

t.test('a mistake is reported where it stands', (t) => {
  const cases: readonly (readonly [text: string, start: number, message: string])[] = [
    ['{ "a": 1, }', 10, 'a key in quotes is missing'],
    ['{ a: 1 }', 2, 'a key in quotes is missing'],
    ['{ "a" 1 }', 6, '`:` is missing'],
    ['[1 2]', 3, '`,` or `]` is missing'],
    ['{ "a": 1 "b": 2 }', 9, '`,` or `}` is missing'],
    ['[01]', 1, '`01` is not a value'],
    ['[NaN]', 1, '`NaN` is not a value'],
    ['[', 1, 'a value is missing'],
    ['', 0, 'a value is missing'],
    ['"abc', 0, 'a text is not closed'],
    ['"a\\', 0, 'a text is not closed'],
    ['"a\nb"', 2, 'a text has a line break or control character'],
    ['"\\x"', 0, 'a text has an escape sequence or a character that JSON does not have'],
    ['{} {}', 3, 'something follows the document'],
  ]
  for (const [text, start, message] of cases) {
    const { documents, problems } = parseJson(text)
    t.same(documents, [], text)
    t.match(problems, [{ code: 'PST0101', start, message }], text)
    t.ok((problems[0]?.end ?? 0) <= text.length, text)
  }
  t.end()
})

t.test('duplicate keys are reported with the first place, and depth is limited', (t) => {
  t.match(parseJson('{ "a": 1, "a": 2 }').problems, [{ code: 'PST0102', start: 10, end: 13, related: [{ start: 2, end: 5 }] }])
  t.same(parseJson('['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH)).problems, [])
  t.match(parseJson('['.repeat(100_000)).problems, [{ code: 'PST0103', start: MAX_DEPTH }])
  t.end()
})

import fc from 'fast-check'
import t from 'tap'
import { canonicalise } from '../runtime/http1/path.ts'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { isMistake } from './grammar.ts'
import { canonicalSegment } from './path-segment.ts'
import { escapePattern, parsePathTemplate, parseRouteKey, type Segment } from './path-template.ts'

const short = (segments: readonly Segment[]) =>
  segments.map((segment) => {
    if (segment.type === 'literal') return segment.text
    if (segment.type === 'parameter') return `<${segment.name}>`
    return segment.type === 'rest' ? '<rest>' : `<${segment.name}~${segment.pattern}>`
  })

const segmentsOf = (text: string) => {
  const parsed = parsePathTemplate(text)
  return isMistake(parsed) ? parsed : short(parsed.segments)
}

t.test('a template is literals, parameters, constrained parameters and a rest', (t) => {
  accepts(t, segmentsOf, {
    '/': [''],
    '/a': ['a'],
    '/a/': ['a', ''],
    '/a/{id}': ['a', '<id>'],
    '/stations/{id:[0-9]+}/x/**': ['stations', '<id~[0-9]+>', 'x', '<rest>'],
    '/**': ['<rest>'],
    '/{a}/{b-c.d_1}': ['<a>', '<b-c.d_1>'],
    '/{x:[0-9]{2,3}}': ['<x~[0-9]{2,3}>'],
    '/{x:[^/]+}/y': ['<x~[^/]+>', 'y'],
    '/{x:[{]\\}\\{}': ['<x~[{]\\}\\{>'],
    '/{x:a:b}': ['<x~a:b>'],
    '/%61/%e2%82%ac/€/a%2b': ['a', '%E2%82%AC', '%E2%82%AC', 'a%2B'],
    "/a!$&'()+,;=:@~-._": ["a!$&'()+,;=:@~-._"],
    '/...': ['...'],
  })
  t.end()
})

t.test('a route key has a method and a template, and says where its segments stand', (t) => {
  const key = parseRouteKey('GET /a/{id:[0-9]+}')
  if (isMistake(key)) throw new Error(key.message)
  t.equal(key.method, 'GET')
  t.equal(key.template, '/a/{id:[0-9]+}')
  const [, constrained] = key.segments
  t.match(constrained, { type: 'constrained', start: 7, end: 18, patternStart: 11, patternEnd: 17 })
  t.end()
})

t.test('what is no route key is refused where it is wrong', (t) => {
  refuses(t, parseRouteKey, [
    ['', ' a method is missing'],
    ['/a', '^^ a route begins with a method', 'such as `GET /a`'],
    ['GET', '^^^ a route has a path behind the method', 'such as `GET /`'],
    ['GET  /a', '   ^^ one space stands between method and path'],
    ['get /a', '^^^ methods are written in capitals', 'did you mean `GET`?'],
    ['ANY /a', '^^^ a route has one method'],
    ['BREW /a', '^^^^ `BREW` is not a method that routes can have'],
    ['GET a', '    ^ a path begins with `/`', '`/a`'],
    ['GET //a', '    ^^ a path has no empty segment'],
    ['GET /a//', '      ^^ a path has no empty segment'],
    ['GET /**/a', '     ^^ `**` stands only at the end of a path'],
    ['GET /a/*', '       ^ `*` cannot stand in a path', '`{name}` for one segment, `**` for all that follow'],
    ['GET /*.js', '     ^ `*` cannot stand in a path'],
    ['GET /:id', '     ^^^ `:` does not make a parameter', 'did you mean `{id}`?'],
    ['GET /{}', '     ^^ a parameter has no name'],
    ['GET /{id', '     ^^^ `{` has no `}`'],
    ['GET /id}', '     ^^^ a parameter is a whole segment'],
    ['GET /{id:}', '        ^ a constraint is empty', '`{id}` for any segment'],
    ['GET /v{n}', '     ^^^^ a parameter is a whole segment', '`{n:v.+}` matches the whole segment'],
    ['GET /{a}...{b}', '     ^^^^^^^^^ a parameter is a whole segment', '`{a-b:.+\\.\\.\\..+}` matches the whole segment'],
    ['GET /{a}/{a}', '         ^^^ parameter `a` stands twice'],
    ['GET /{a b}', '       ^ ` ` cannot stand in the name of a parameter'],
    ['GET /{**}', '     ^^^^ `{**}` is not a parameter'],
    ['GET /a b', '      ^ ` ` cannot stand in a path'],
    ['GET /.', '     ^ `.` is not a segment that a request can have'],
    ['GET /%2e%2E', '     ^^^^^^ `..` is not a segment that a request can have'],
    ['GET /%5c', '     ^^^ `%5c` in a path is refused by the gateway'],
    ['GET /%4', '     ^^ `%` is not followed by two hex digits'],
    ['GET /a#b', '      ^ `#` cannot stand in a path'],
    ['GET /\ud800', '     ^ `\ud800` cannot stand in a path'],
    [`GET ${'/a'.repeat(257)}`, `${' '.repeat(517)}^ a path has at most 256 segments`],
    [`GET /${'a'.repeat(4096)}`, `    ${'^'.repeat(4097)} a path has at most 4096 characters`],
  ])
  t.end()
})

t.test('every refused text has a range within it, whatever it is', (t) => {
  const pieces = fc.constantFrom(
    '/',
    '{',
    '}',
    ':',
    '[',
    ']',
    '\\',
    '*',
    '**',
    '%',
    '%41',
    '%2',
    'a',
    'é',
    ' ',
    '.',
    '..',
    '?',
    '😀',
    '\ud800',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = `GET ${parts.join('')}`
      const answer = parseRouteKey(text)
      return !isMistake(answer) || (0 <= answer.start && answer.start <= answer.end && answer.end <= text.length)
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('a literal is what the gateway makes of the same text in a request', (t) => {
  const pieces = fc.constantFrom('a', 'Z', '0', '~', '-', '%41', '%7e', '%c3%a9', '%20', '%2b', '!', '$', ':', '@', '+', '.', '%2E')
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 6 }), (parts) => {
      const segment = parts.join('')
      const literal = canonicalSegment(segment, 0, segment.length)
      const path = Buffer.from(`/x/${segment}`)
      const out = new Uint8Array(path.length)
      const size = canonicalise(path, 0, path.length, out)
      const canonical = size === 0 ? path.toString() : Buffer.from(out.subarray(0, size)).toString()
      // `.` and `..` change the path, and are refused as literals.
      return isMistake(literal) ? /^(\.|%2e){1,2}$/i.test(segment) : canonical === `/x/${literal}`
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('an escaped text is a pattern for itself', (t) => {
  for (const text of ['a.b', '(x)|[y]{2}', '^$*+?\\']) t.match(text, new RegExp(`^${escapePattern(text)}$`))
  t.end()
})

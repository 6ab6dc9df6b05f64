import t from 'tap'
import type { Diagnostic } from '../spec/diagnostic.ts'
import { render, summary } from './render.ts'

const FILE = 'apis/weather.yaml'

/** A diagnostic for the first place where `wrong` stands in `text`. */
function at(text: string, wrong: string, rest: Partial<Diagnostic> = {}): Diagnostic {
  const start = text.indexOf(wrong)
  return {
    severity: 'error',
    code: 'PST0201',
    message: 'backend `x` does not exist',
    range: { file: FILE, start, end: start + wrong.length },
    ...rest,
  }
}

const show = (text: string, diagnostics: readonly Diagnostic[], options: { color?: boolean; maxShown?: number } = {}) =>
  render(diagnostics, new Map([[FILE, text]]), { format: 'text', color: false, ...options })

const frame = (text: string, wrong: string, hint?: string) =>
  show(text, [at(text, wrong, hint === undefined ? {} : { hint })])
    .split('\n')
    .slice(1, 3)
    .join('\n')

t.test('a diagnostic has place, severity, code, message and the line with carets, notes behind it', (t) => {
  const text = 'spec:\n  backend: wether-service\n'
  const diagnostic = at(text, 'wether-service', {
    hint: 'did you mean `weather-service`?',
    related: [{ range: { file: FILE, start: 0, end: 4 }, message: 'in here' }],
  })
  t.equal(
    show(text, [diagnostic]),
    [
      'apis/weather.yaml:2:12: error[PST0201]: backend `x` does not exist',
      '  2 |   backend: wether-service',
      '    |            ^^^^^^^^^^^^^^ did you mean `weather-service`?',
      'apis/weather.yaml:1:1: note: in here',
      '  1 | spec:',
      '    | ^^^^',
      '',
      '1 error',
      '',
    ].join('\n'),
  )
  t.end()
})

t.test('carets stand below tabs, wide characters and combining ones', (t) => {
  t.equal(frame('\t\tkey: bad', 'bad'), '  1 |         key: bad\n    |              ^^^')
  t.equal(frame('名前: bad', 'bad'), '  1 | 名前: bad\n    |       ^^^')
  t.equal(frame('a: 名前', '名前'), '  1 | a: 名前\n    |    ^^^^')
  t.equal(frame('e\u0301: bad', 'bad'), '  1 | e\u0301: bad\n    |    ^^^')
  t.equal(frame('👩‍👩‍👧: bad', 'bad'), '  1 | 👩‍👩‍👧: bad\n    |     ^^^')
  t.end()
})

t.test('of a long line the part round what is wrong is shown', (t) => {
  const text = `${'a'.repeat(500)} bad ${'b'.repeat(500)}`
  const [line = '', carets = ''] = frame(text, 'bad').split('\n')
  t.ok(line.length < 120, line)
  t.match(line, /^ {2}1 \| … a+ bad b+ …$/)
  t.equal(line.indexOf('bad'), carets.indexOf('^'))
  t.match(carets, /^ +\| +\^\^\^$/)
  const [, long = ''] = frame('x'.repeat(1000), 'x'.repeat(1000)).split('\n')
  t.ok(long.length < 120)
  t.end()
})

t.test('a range over several lines is marked on its first one, an empty one with one caret', (t) => {
  t.equal(frame('a: {\n  b\n}\n', '{\n  b\n}'), '  1 | a: {\n    |    ^')
  t.equal(frame('a:\r\nb: 1\r\n', ''), '  1 | a:\n    | ^')
  t.equal(show('a', [{ ...at('a', 'a'), range: { file: FILE, start: 1, end: 1 } }]).split('\n')[2], '    |  ^')
  t.end()
})

t.test('a long hint has a line of its own', (t) => {
  const text = `${' '.repeat(50)}bad`
  t.match(show(text, [at(text, 'bad', { hint: 'h'.repeat(90) })]), `\n    = ${'h'.repeat(90)}\n`)
  t.end()
})

t.test('a file whose text is not known is named without a place', (t) => {
  const diagnostic: Diagnostic = {
    severity: 'error',
    code: 'PST0001',
    message: 'folder `x` does not exist',
    range: { file: 'x', start: 0, end: 0 },
    hint: 'make it',
  }
  t.equal(
    render([diagnostic], new Map(), { format: 'text', color: false }),
    'x: error[PST0001]: folder `x` does not exist\n  make it\n\n1 error\n',
  )
  t.end()
})

t.test('nothing in a source can move the cursor or turn the text round', (t) => {
  const text = 'a: \x1b[2J\u202ebad'
  const shown = show(text, [at(text, 'bad', { message: 'no \x07 \u2066', hint: 'no\nbreak' })])
  t.notMatch(shown.replaceAll('\n', ''), /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
  t.end()
})

t.test('colour only when asked', (t) => {
  t.notMatch(show('bad', [at('bad', 'bad')]), '\x1b')
  t.match(show('bad', [at('bad', 'bad')], { color: true }), '\x1b[31m')
  t.end()
})

t.test('of many diagnostics some are shown and all are counted', (t) => {
  const many = Array.from({ length: 5 }, () => at('bad', 'bad'))
  const shown = show('bad', [...many, at('bad', 'bad', { severity: 'warning' })], { maxShown: 2 })
  t.equal(shown.split('error[').length - 1, 2)
  t.match(shown, '… and 4 more\n')
  t.ok(shown.endsWith('5 errors, 1 warning\n'))
  t.equal(show('bad', []), '')
  t.equal(summary([]), 'no errors')
  t.end()
})

t.test('as JSON every diagnostic has offsets, lines and columns', (t) => {
  const text = 'a: 1\nb: bad\n'
  const diagnostic = at(text, 'bad', { hint: 'h', related: [{ range: { file: FILE, start: 0, end: 1 }, message: 'm' }] })
  t.same(JSON.parse(render([diagnostic], new Map([[FILE, text]]), { format: 'json', color: false })), {
    version: 1,
    diagnostics: [
      {
        severity: 'error',
        code: 'PST0201',
        message: 'backend `x` does not exist',
        file: FILE,
        start: 8,
        end: 11,
        line: 2,
        column: 4,
        endLine: 2,
        endColumn: 7,
        hint: 'h',
        related: [{ message: 'm', file: FILE, start: 0, end: 1, line: 1, column: 1, endLine: 1, endColumn: 2 }],
      },
    ],
  })
  t.same(JSON.parse(render([], new Map(), { format: 'json', color: false })), { version: 1, diagnostics: [] })
  t.end()
})

t.test('a secret that was written out is not printed, whatever else is wrong on its line', (t) => {
  const text = 'key: |\n  -----BEGIN\n  hunter2\nca: hunter3, x: bad\n'
  const secrets = ['|\n  -----BEGIN\n  hunter2', 'hunter3'].map((secret) => at(text, secret, { code: 'PST0120' }))
  const out = show(text, [...secrets, at(text, 'bad')])
  t.notMatch(out, /BEGIN|hunter/)
  t.match(out, 'ca: *******, x: bad\n')
  t.end()
})

t.test('for GitHub every diagnostic is a workflow command on one line', (t) => {
  const text = 'a: 1\nb: bad\n'
  const found = at(text, 'bad', { message: '100 %', hint: 'a\nb', range: { file: 'a,b:c.yaml', start: 8, end: 11 } })
  t.equal(
    render([found], new Map([['a,b:c.yaml', text]]), { format: 'github', color: false }),
    '::error file=a%2Cb%3Ac.yaml,line=2,endLine=2,col=4,endColumn=7,title=PST0201::100 %25%0Aa%0Ab\n',
  )
  t.end()
})

import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseHost } from './host.ts'

t.test('hosts are lower case, with or without a wildcard in front', (t) => {
  accepts(t, parseHost, {
    'api.example.com': 'api.example.com',
    'API.Example.COM': 'api.example.com',
    localhost: 'localhost',
    '*.example.com': '*.example.com',
    '10.0.0.1': '10.0.0.1',
    '[2001:DB8::1]': '[2001:db8::1]',
    'a_b.example': 'a_b.example',
    'xn--mnchen-3ya.de': 'xn--mnchen-3ya.de',
  })
  t.end()
})

t.test('what is no host is refused where it is wrong', (t) => {
  refuses(t, parseHost, [
    ['', ' a host is empty'],
    ['*', '^ `*` is not a host', 'leave `hosts` out to serve any host'],
    ['a..b', '  ^ a host has an empty label'],
    ['.a', '^ a host has an empty label'],
    ['a.', ' ^ a host does not end with a dot'],
    ['-a.b', '^ a label of a host does not begin with `-`'],
    ['a-.b', ' ^ a label of a host does not end with `-`'],
    ['api.*.com', '    ^ `*` cannot stand in a host'],
    ['**.com', '^ `*` cannot stand in a host'],
    ['a.com:80', '     ^ `:` cannot stand in a host', 'a host has no port: `a.com`'],
    ['a.com/x', '     ^ `/` cannot stand in a host'],
    ['http://a.com/x', '^^^^^^^ a host has no scheme', '`a.com`'],
    ['münchen.de', ' ^ `ü` cannot stand in a host', 'write international names in their `xn--` form'],
    ['256.1.1.1', '^^^^^^^^^ `256.1.1.1` is neither a name nor an IPv4 address'],
    ['1.2.3', '^^^^^ `1.2.3` is neither a name nor an IPv4 address'],
    ['*.10.0.0.1', '^^ an address has no wildcard'],
    ['[::1', '^^^^ an IPv6 host ends with `]`'],
    ['[1.2.3.4]', ' ^^^^^^^ `1.2.3.4` is not an IPv6 address'],
    [`${'x'.repeat(64)}.de`, `${'^'.repeat(64)} a label of a host has at most 63 characters`],
    [`${'a.'.repeat(130)}b`, `${' '.repeat(253)}${'^'.repeat(8)} a host has at most 253 characters`],
  ])
  t.end()
})

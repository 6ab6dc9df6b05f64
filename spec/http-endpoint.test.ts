import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseHttpEndpoint } from './http-endpoint.ts'

const PLAIN = { hasPort: false, isTls: false, pathPrefix: '' }

t.test('an endpoint has scheme, host, port, what `Host` says, and a prefix', (t) => {
  accepts(t, parseHttpEndpoint, {
    'http://10.0.0.7:8080/api': { ...PLAIN, host: '10.0.0.7', port: 8080, hasPort: true, authority: '10.0.0.7:8080', pathPrefix: '/api' },
    'HTTP://Example.COM': { ...PLAIN, host: 'example.com', port: 80, authority: 'example.com' },
    'http://example.com:80/': { ...PLAIN, host: 'example.com', port: 80, hasPort: true, authority: 'example.com' },
    'http://[2001:db8::1]:8080/a/b/': {
      ...{ ...PLAIN, host: '2001:db8::1', port: 8080, hasPort: true },
      ...{ authority: '[2001:db8::1]:8080', pathPrefix: '/a/b' },
    },
    'http://[::1]/%c3%a9': { ...PLAIN, host: '::1', port: 80, authority: '[::1]', pathPrefix: '/%C3%A9' },
    'https://orders.internal': { ...PLAIN, host: 'orders.internal', port: 443, isTls: true, authority: 'orders.internal' },
    'HTTPS://orders.internal:443': {
      ...PLAIN,
      host: 'orders.internal',
      port: 443,
      hasPort: true,
      isTls: true,
      authority: 'orders.internal',
    },
    'https://[::1]:80/a': { host: '::1', port: 80, hasPort: true, isTls: true, authority: '[::1]:80', pathPrefix: '/a' },
  })
  t.end()
})

t.test('what is no endpoint is refused where it is wrong', (t) => {
  refuses(t, parseHttpEndpoint, [
    ['', ' an endpoint begins with `http://` or `https://`'],
    ['10.0.0.7:8080', '^^^^^^^^^^^^^ an endpoint begins with `http://` or `https://`', '`http://10.0.0.7:8080`'],
    ['ftp://a.com', '^^^^^^ `ftp://` is not a scheme that backends can have', '`http://` or `https://`'],
    [
      'grpc://a.com',
      '^^^^^^^ `grpc://` is not a scheme that backends can have',
      '`http://`, with `protocol: http2` for HTTP/2 with prior knowledge',
    ],
    ['wss://a.com', '^^^^^^ `wss://` is not a scheme that backends can have', '`https://`'],
    ['http://', '        an endpoint has no host'],
    ['https://', '         an endpoint has no host'],
    ['https://a.com:99999', '              ^^^^^ `99999` is not a port from 1 to 65535'],
    ['http:///a', '        an endpoint has no host'],
    ['http://user:pass@a.com', '       ^^^^^^^^^^ an endpoint has no user or password'],
    ['http://a.com?x=1', '            ^^^^ an endpoint has no query'],
    ['http://a.com/b#c', '              ^^ an endpoint has no fragment'],
    ['http://a.com:0', '             ^ `0` is not a port from 1 to 65535'],
    ['http://a.com:', '            ^ `` is not a port from 1 to 65535'],
    ['http://a.com:65536', '             ^^^^^ `65536` is not a port from 1 to 65535'],
    ['http://a.com:08', '             ^^ `08` is not a port from 1 to 65535'],
    ['http://[::1', '       ^^^^ an IPv6 host ends with `]`'],
    ['http://[::1]x', '            ^ `` is not a port from 1 to 65535'],
    ['http://a_b..c', '           ^ a host has an empty label'],
    ['http://a.com/b//c', '              ^^ a path has no empty segment'],
    ['http://a.com/../b', '             ^^ `..` is not a segment that a request can have'],
  ])
  t.end()
})

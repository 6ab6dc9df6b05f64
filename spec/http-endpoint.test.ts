import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseHttpEndpoint } from './http-endpoint.ts'

t.test('an endpoint has host, port, what `Host` says, and a prefix', (t) => {
  accepts(t, parseHttpEndpoint, {
    'http://10.0.0.7:8080/api': { host: '10.0.0.7', port: 8080, authority: '10.0.0.7:8080', pathPrefix: '/api' },
    'HTTP://Example.COM': { host: 'example.com', port: 80, authority: 'example.com', pathPrefix: '' },
    'http://example.com:80/': { host: 'example.com', port: 80, authority: 'example.com', pathPrefix: '' },
    'http://[2001:db8::1]:8080/a/b/': { host: '2001:db8::1', port: 8080, authority: '[2001:db8::1]:8080', pathPrefix: '/a/b' },
    'http://[::1]/%c3%a9': { host: '::1', port: 80, authority: '[::1]', pathPrefix: '/%C3%A9' },
  })
  t.end()
})

t.test('what is no endpoint is refused where it is wrong', (t) => {
  refuses(t, parseHttpEndpoint, [
    ['', ' an endpoint begins with `http://`'],
    ['10.0.0.7:8080', '^^^^^^^^^^^^^ an endpoint begins with `http://`', '`http://10.0.0.7:8080`'],
    ['https://a.com', '^^^^^ TLS to backends is not supported by this version'],
    ['ftp://a.com', '^^^^^^ `ftp://` is not a scheme that backends can have'],
    ['http://', '        an endpoint has no host'],
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

import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseOrigin } from './origin.ts'

t.test('an origin is what a browser sends, or `*`', (t) => {
  accepts(t, parseOrigin, {
    '*': '*',
    'https://app.example.com': 'https://app.example.com',
    'HTTPS://App.Example.com:443': 'https://app.example.com',
    'http://localhost:3000': 'http://localhost:3000',
    'http://[::1]:8080': 'http://[::1]:8080',
    'http://a.com:80': 'http://a.com',
  })
  t.end()
})

t.test('what is no origin is refused where it is wrong', (t) => {
  refuses(t, parseOrigin, [
    ['app.example.com', '^^^^^^^^^^^^^^^ `app.example.com` is not an origin'],
    ['https://a.com/', '             ^ an origin has no path', '`https://a.com`'],
    ['https://*.a.com', '        ^ an origin has no wildcard'],
    ['null', '^^^^ `null` is the origin of sandboxed pages and local files: anybody can be it'],
    ['https://a.com:99999', '             ^^^^^^ `99999` is not a port from 1 to 65535'],
    ['https://', '         a host is empty'],
    ['https://a..b', '          ^ a host has an empty label'],
  ])
  t.end()
})

import t from 'tap'
import { headerField, lifetimeSeconds, socketAddress, workerCount } from './values.ts'

t.test('a socket address is HOST:PORT, an IPv6 address in brackets', async (t) => {
  t.strictSame(socketAddress('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 })
  t.strictSame(socketAddress('localhost:0'), { host: 'localhost', port: 0 })
  t.strictSame(socketAddress('[::1]:65535'), { host: '::1', port: 65_535 })
  for (const wrong of [
    '',
    '8080',
    ':8080',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:80',
    '[1.2.3.4]:80',
    '[::1]',
    'a b:1',
    '127.0.0.1:1e3',
  ]) {
    t.throws(() => socketAddress(wrong), { code: 'commander.invalidArgument' }, wrong)
  }
})

t.test('a lifetime is a duration of the language, in whole seconds', async (t) => {
  t.equal(lifetimeSeconds('365d'), 365 * 86_400)
  t.equal(lifetimeSeconds('1500ms'), 1)
  for (const wrong of ['', '365', '1y', '-1d', '0s', '999ms', '36501d', '1.5h', '9999999999999999999d']) {
    t.throws(() => lifetimeSeconds(wrong), { code: 'commander.invalidArgument' }, wrong)
  }
})

t.test('a lifetime may end at a point in time; one that is over, or only a date, is refused with what to write', async (t) => {
  const nowMs = Date.parse('2026-12-31T23:00:00.900Z')
  t.equal(lifetimeSeconds('2027-01-01T00:00:00Z', nowMs), 3600)
  t.throws(() => lifetimeSeconds('2026-12-31T23:00:00Z', nowMs), { message: /in the past/ })
  t.throws(() => lifetimeSeconds('2027-01-01', nowMs), { message: /time of day; write 365d, or a time such as 2030-01-01T00:00:00Z/ })
})

t.test('workers are a whole number from 1 on', async (t) => {
  t.equal(workerCount('4'), 4)
  for (const wrong of ['', '0', '-1', '1.5', '0x10', '1e2', '1025', '99999999']) {
    t.throws(() => workerCount(wrong), { code: 'commander.invalidArgument' }, wrong)
  }
})

t.test('a field is written as for curl, and cannot smuggle another one in', async (t) => {
  t.strictSame(headerField('x-api-key: secret'), ['x-api-key', 'secret'])
  t.strictSame(headerField('Accept:*/*'), ['Accept', '*/*'])
  t.strictSame(headerField('x-empty:'), ['x-empty', ''])
  for (const wrong of ['', 'no colon', ': value', 'a b: c', 'a: b\r\nc: d', 'a: b\0', 'a: \u20ac', 'é: x']) {
    t.throws(() => headerField(wrong), { code: 'commander.invalidArgument' }, JSON.stringify(wrong))
  }
})

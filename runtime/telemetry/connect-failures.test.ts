import t from 'tap'
import { type ConnectFailureFields, ConnectFailures, LOG_INTERVAL_MS } from './connect-failures.ts'

t.test('a kind of failure is told at once, and then once per interval with how many there were', (t) => {
  let now = 0
  const lines: ConnectFailureFields[] = []
  const failures = new ConnectFailures(
    (line) => lines.push(line),
    () => now,
  )
  const fail = (reason: string) => failures.failed('orders', '10.0.0.1:443', 'upstream-certificate-invalid', reason)
  for (let i = 0; i < 5; i++) fail('CERT_HAS_EXPIRED')
  fail('ERR_TLS_CERT_ALTNAME_INVALID')
  t.same(lines, [
    { backend: 'orders', address: '10.0.0.1:443', code: 'upstream-certificate-invalid', reason: 'CERT_HAS_EXPIRED', count: '1' },
    {
      backend: 'orders',
      address: '10.0.0.1:443',
      code: 'upstream-certificate-invalid',
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
      count: '1',
    },
  ])
  now = LOG_INTERVAL_MS
  fail('CERT_HAS_EXPIRED')
  t.match(lines[2], { reason: 'CERT_HAS_EXPIRED', count: '5' })
  t.end()
})

t.test('what is remembered is bounded', (t) => {
  let count = 0
  const failures = new ConnectFailures(() => {
    count += 1
  })
  for (let i = 0; i < 1000; i++) failures.failed('orders', `10.0.0.${i}`, 'upstream-connect-failed', 'ECONNREFUSED')
  t.equal(count, 1000)
  t.end()
})

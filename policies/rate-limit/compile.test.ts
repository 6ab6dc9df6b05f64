import t from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'

const outcome = (config: object, knowsConsumer = false) =>
  compileConfig('rate-limit', { limit: 100, per: '1m', by: 'ip', ...config }, { knowsConsumer })
const errors = (config: object, knowsConsumer = false) => outcome(config, knowsConsumer).errors

t.test('by address it counts before access is decided, otherwise after', (t) => {
  t.match(outcome({ by: 'ip' }).compiled, { phase: 'early' })
  t.match(outcome({ by: 'route' }).compiled, { phase: 'request' })
  t.match(outcome({ by: 'consumer' }, true).compiled, { phase: 'request' })
  t.end()
})

t.test('by consumer needs somebody who can be known', (t) => {
  t.strictSame(errors({ by: 'consumer' }), [
    'rate-limit/no-consumer by: nobody is known as a consumer here: access is public (route `GET /` is public: `by: ip`, or an access policy such as `api-key`)',
  ])
  t.end()
})

t.test('a window is whole seconds, from one to 30 days', (t) => {
  t.strictSame(errors({ per: '30d' }), [])
  t.strictSame(errors({ per: '1s' }), [])
  t.strictSame(errors({ limit: 5, per: '500ms' }), [
    'rate-limit/bad-window per: `500ms` is not a whole number of seconds from `1s` to `30d` (such as `limit: 10` with `per: 1s`)',
  ])
  t.match(errors({ per: '31d' }), [/^rate-limit\/bad-window per: .*\(at most `30d`\)/])
  t.match(errors({ per: '1500ms' }), [/^rate-limit\/bad-window/])
  t.end()
})

t.test('what cannot be counted exactly is refused', (t) => {
  t.strictSame(errors({ limit: 1_000_000, per: '1s' }), [])
  t.match(errors({ limit: 1_000_001, per: '1s' }), [/^rate-limit\/too-fast limit: /])
  t.match(errors({ limit: 1, per: '1d', burst: 31 }), [/^rate-limit\/burst-too-long burst: .*\(at most 30\)$/])
  t.strictSame(errors({ limit: 1, per: '1d', burst: 30 }), [])
  for (const limit of [0, -1, 1.5, 2e9]) t.match(errors({ limit }), [/^schema \/limit/])
  t.end()
})

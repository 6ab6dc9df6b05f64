import t from 'tap'
import { RecordReader } from '../../bundle/record.ts'
import { compileConfig } from '../../test/fixtures/policy.ts'

t.test('a size becomes bytes, also beyond 4 GiB', (t) => {
  for (const [max, bytes] of [
    ['1B', 1],
    ['64KiB', 65_536],
    ['8GiB', 8 * 1024 ** 3],
  ] as const) {
    const { compiled } = compileConfig('body-limit', { max })
    t.equal(new RecordReader(compiled?.record as Uint8Array).f64(), bytes)
  }
  t.end()
})

t.test('nothing, no unit and no limit are refused', (t) => {
  t.strictSame(compileConfig('body-limit', { max: '0B' }).errors, [
    'body-limit/nothing max: a limit of 0 refuses every body (at least `1B`)',
  ])
  for (const config of [{ max: '64' }, { max: 64 }, {}]) t.match(compileConfig('body-limit', config).errors, [/^schema/])
  t.end()
})

import t from 'tap'
import { FakeExchange, through } from '../../test/fixtures/exchange.ts'
import { use } from '../../test/fixtures/policy.ts'

const reply = (config: unknown) => through([use('respond', config)], new FakeExchange())

t.test('it always answers, by default 200 with nothing', async (t) => {
  t.strictSame(await reply({}), { status: 200, code: '', detail: '', fields: [], body: '' })
})

t.test('status, fields and body are sent as written', async (t) => {
  t.match(await reply({ status: 418, headers: { 'X-Tea': 'yes', 'content-type': 'text/html' }, body: '<p>' }), {
    status: 418,
    fields: [
      ['X-Tea', 'yes'],
      ['content-type', 'text/html'],
    ],
    body: '<p>',
  })
})

t.test('a body without content type is text, unless it is a JSON object or list', async (t) => {
  const type = async (body: string) => (await reply({ body }))?.fields.find(([name]) => name === 'content-type')?.[1]
  t.equal(await type('hello'), 'text/plain; charset=utf-8')
  t.equal(await type('{"ok":true}'), 'application/json')
  t.equal(await type('[]'), 'application/json')
  t.equal(await type('42'), 'text/plain; charset=utf-8')
  t.equal(await type('{"ok":'), 'text/plain; charset=utf-8')
  t.equal(await type(''), undefined)
})

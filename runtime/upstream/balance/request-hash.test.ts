import t from 'tap'
import { fieldName } from '../../../policies/contract.ts'
import { exchangeOf } from '../../../test/fixtures/carriers.ts'
import { hashBytes, hashText } from './hash.ts'
import { type HashPlan, RequestHash } from './request-hash.ts'

const by = (by: HashPlan['by'], name = '') => new RequestHash({ kind: 'consistent-hash', by, name })
const request = (...fields: string[]) =>
  exchangeOf(`GET / HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`).exchange

t.test('a header, whatever the case of its name', (t) => {
  const hash = by('header', 'x-tenant')
  t.equal(hash.of(request('X-Tenant: acme')), hashText('acme'))
  t.equal(hash.of(request('accept: */*', 'x-tenant:   acme  ')), hashText('acme'))
  t.equal(hash.of(request('x-tenants: acme')), undefined)
  t.end()
})

t.test('a header as policies have left it', (t) => {
  const hash = by('header', 'x-tenant')
  const added = request()
  added.request.setField(fieldName('X-Tenant'), 'acme')
  t.equal(hash.of(added), hashText('acme'))
  const changed = request('x-tenant: other')
  changed.request.setField(fieldName('X-Tenant'), 'acme')
  t.equal(hash.of(changed), hashText('acme'))
  const removed = request('x-tenant: acme')
  removed.request.removeField(fieldName('X-Tenant'))
  t.equal(hash.of(removed), undefined)
  const untouched = request('x-tenant: acme')
  untouched.request.setField(fieldName('X-Other'), 'a')
  t.equal(hash.of(untouched), hashText('acme'))
  t.end()
})

t.test('a cookie, among others and in several fields', (t) => {
  const hash = by('cookie', 'sid')
  t.equal(hash.of(request('cookie: sid=abc')), hashText('abc'))
  t.equal(hash.of(request('cookie: a=1; sid=abc; b=2')), hashText('abc'))
  t.equal(hash.of(request('cookie: a=1;sid=abc')), hashText('abc'))
  t.equal(hash.of(request('cookie: a=1', 'cookie: sid=abc')), hashText('abc'))
  t.equal(hash.of(request('cookie: sid=')), hashText(''))
  for (const other of ['cookie: asid=abc', 'cookie: sidd=abc', 'cookie: SID=abc', 'cookie: sid', 'cookie: a=sid=abc', 'accept: sid=abc']) {
    t.equal(hash.of(request(other)), undefined, other)
  }
  t.end()
})

t.test('the address of the client', (t) => {
  const exchange = request()
  t.equal(by('ip').of(exchange), hashBytes(exchange.client.bytes, 0, 16))
  t.end()
})

t.test('the consumer, when one is known', (t) => {
  t.equal(by('consumer').of(request()), undefined)
  const exchange = request()
  exchange.consumer = 0
  t.equal(by('consumer').of(exchange), hashText(exchange.consumerName))
  t.end()
})

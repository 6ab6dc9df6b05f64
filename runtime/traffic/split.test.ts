import t from 'tap'
import { cookieValue, partId, Split, type SplitPart, type SplitRequest } from './split.ts'
import { stableHash } from './stable-hash.ts'

const V1: SplitPart = { backendIndex: 3, backend: 'orders-v1', weight: 95 }
const V2: SplitPart = { backendIndex: 7, backend: 'orders-v2', weight: 5 }

t.test('weights decide, and the same numbers decide alike', (t) => {
  const numbers = [0, 0.5, 0.949, 0.95, 0.999]
  const split = new Split([V1, V2], undefined, () => numbers.shift() as number)
  const chosen = Array.from({ length: 5 }, () => split.backendIndex(split.choose(somebody())))
  t.same(chosen, [3, 3, 3, 7, 7])
  t.equal(split.needsCookie, false)
  t.end()
})

t.test('a part with weight 0 gets nothing, whatever the number', (t) => {
  for (const number of [0, 0.5, 0.9999999]) {
    const split = new Split([{ ...V1, weight: 0 }, V2, { ...V1, weight: 0 }], undefined, () => number)
    t.equal(split.backendIndex(split.choose(somebody())), 7)
  }
  t.end()
})

t.test('a consumer stays with its part, and parts get about their shares', (t) => {
  const split = new Split([V1, V2], { by: 'consumer', name: '' }, neverAsked)
  let second = 0
  for (let i = 0; i < 10_000; i++) {
    const part = split.choose(somebody({ consumerName: `consumer-${i}` }))
    if (split.choose(somebody({ consumerName: `consumer-${i}` })) !== part) t.fail(`consumer-${i} moved`)
    if (split.backendIndex(part) === 7) second += 1
  }
  t.ok(second > 400 && second < 600, `${second} of 10 000 at a weight of 5 %`)
  t.end()
})

t.test('when weights change, consumers only move towards the part that grew', (t) => {
  const before = new Split([V1, V2], { by: 'consumer', name: '' }, neverAsked)
  const after = new Split(
    [
      { ...V2, weight: 20, backendIndex: 1 },
      { ...V1, weight: 80, backendIndex: 0 },
    ],
    { by: 'consumer', name: '' },
    neverAsked,
  )
  let moved = 0
  for (let i = 0; i < 2000; i++) {
    const request = somebody({ consumerName: `c${i}` })
    const was = before.backendIndex(before.choose(request)) === 7 ? 1 : 0
    const is = after.backendIndex(after.choose(request))
    if (was === 1 && is !== 1) t.fail(`c${i} moved to the part that shrank`)
    if (was !== is) moved += 1
  }
  t.ok(moved > 200 && moved < 400, `${moved} of 2 000 for 15 %`)
  t.end()
})

t.test('where nobody is known, consumers cannot be told apart and weights decide', (t) => {
  const split = new Split([V1, V2], { by: 'consumer', name: '' }, () => 0.99)
  t.equal(split.backendIndex(split.choose(somebody())), 7)
  t.end()
})

t.test('a cookie that names a part keeps it; none, an unknown one or one without weight is chosen anew', (t) => {
  const sticky = { by: 'cookie', name: 'variant' } as const
  const split = new Split([V1, V2, { ...V1, backend: 'orders-v0', weight: 0 }], sticky, () => 0)
  const ask = (cookie?: string) => {
    const part = split.choose(somebody({ cookies: cookie === undefined ? [] : [cookie] }))
    return [split.backendIndex(part), split.needsCookie]
  }
  t.same(ask(`a=b; variant=${partId('orders-v2')}; c=d`), [7, false])
  t.same(ask(`variant=${partId('orders-v1')}`), [3, false])
  t.same(ask(), [3, true])
  t.same(ask('variant=orders-v2'), [3, true])
  t.same(ask(`variant=${partId('orders-v0')}`), [3, true])
  t.same(ask(`Variant=${partId('orders-v2')}`), [3, true])
  t.end()
})

t.test('the cookie says which part, and nothing about it', (t) => {
  const split = new Split([V1, V2], { by: 'cookie', name: 'variant' }, () => 0.99)
  const part = split.choose(somebody())
  t.equal(split.setCookie(part, false), `variant=${partId('orders-v2')}; Path=/; HttpOnly; SameSite=Lax`)
  t.equal(split.setCookie(part, true), `variant=${partId('orders-v2')}; Path=/; HttpOnly; SameSite=Lax; Secure`)
  t.notMatch(partId('orders-v2'), /orders|v2/)
  t.end()
})

t.test('what is kept from release to release stays the same', (t) => {
  t.equal(partId('orders-v1'), '7GmOOTaQ8xU')
  t.equal(stableHash('acme'), 2019603394)
  t.end()
})

t.test('cookies are read as browsers write them', (t) => {
  const rows: [fields: string[], value: string | undefined][] = [
    [['a=1'], '1'],
    [['b=2; a=1'], '1'],
    [['b=2;a=1'], '1'],
    [['b=2', 'a=1'], '1'],
    [['a=1; a=2'], '1'],
    [['a='], ''],
    [['a'], undefined],
    [['aa=1; xa=2'], undefined],
    [['x="a=1"'], undefined],
    [['; ;a=1 ;'], '1'],
    [[''], undefined],
  ]
  for (const [fields, value] of rows) t.equal(cookieValue(fields, 'a'), value, JSON.stringify(fields))
  t.end()
})

function somebody({ consumerName = '', cookies = [] }: { consumerName?: string; cookies?: string[] } = {}): SplitRequest {
  return { consumerName, cookies: () => cookies }
}

function neverAsked(): number {
  throw new Error('what sticks needs no luck')
}

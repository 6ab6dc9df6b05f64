import t from 'tap'
import { STATED } from './freshness.ts'
import { MAX_VARIANTS, ResponseStore, type StoredResponse } from './store.ts'

const KIB = 1024
const any = () => true

t.test('what was put in is found, and what is put in again takes its place', (t) => {
  const store = new ResponseStore()
  store.put(response('a', { body: 'one' }))
  t.equal(store.find('a', any)?.body.toString(), 'one')
  store.put(response('a', { body: 'two' }))
  t.equal(store.find('a', any)?.body.toString(), 'two')
  t.equal(store.count, 1)
  t.equal(store.find('b', any), undefined)
  t.end()
})

t.test('bytes are counted, and never more than there may be', (t) => {
  const store = new ResponseStore(100 * KIB)
  for (let i = 0; i < 1000; i++) {
    store.put(response(`key ${i}`, { size: (i % 13) * KIB }))
    if (store.bytes > 100 * KIB) t.fail(`${store.bytes} bytes`)
  }
  t.ok(store.count > 5)
  store.clear()
  t.same([store.bytes, store.count], [0, 0])
  store.put(response('again', {}))
  t.equal(store.count, 1)
  t.end()
})

t.test('what is larger than everything together is not taken, and drives nothing out', (t) => {
  const store = new ResponseStore(20 * KIB)
  store.put(response('a', { size: KIB }))
  t.equal(store.put(response('b', { size: 30 * KIB })), false)
  t.ok(store.find('a', any))
  t.end()
})

t.test('what is in use survives a scan of what nobody asks for twice', (t) => {
  const store = new ResponseStore(64 * KIB)
  for (let i = 0; i < 8; i++) store.put(response(`hot ${i}`, { size: KIB }))
  for (let i = 0; i < 1000; i++) {
    for (let hot = 0; hot < 8; hot++) store.find(`hot ${hot}`, any)
    store.put(response(`scan ${i}`, { size: KIB }))
  }
  for (let hot = 0; hot < 8; hot++) t.ok(store.find(`hot ${hot}`, any), `hot ${hot}`)
  t.end()
})

t.test('without any use, the oldest goes first', (t) => {
  const store = new ResponseStore(8 * KIB)
  for (let i = 0; i < 4; i++) store.put(response(`${i}`, { size: KIB }))
  t.equal(store.find('0', any), undefined)
  t.ok(store.find('3', any))
  t.end()
})

t.test('variants of a key stand side by side, up to a number of them', (t) => {
  const store = new ResponseStore()
  for (let i = 0; i < MAX_VARIANTS + 1; i++) store.put(response('a', { vary: ['accept-language'], varyValues: [`l${i}`], body: `${i}` }))
  t.equal(store.count, MAX_VARIANTS)
  t.equal(
    store.find('a', ({ varyValues }) => varyValues[0] === 'l0'),
    undefined,
  )
  t.equal(store.find('a', ({ varyValues }) => varyValues[0] === 'l5')?.body.toString(), '5')
  t.same(store.varyOf('a'), ['accept-language'])
  t.equal(store.varyOf('b'), undefined)
  t.end()
})

t.test('everything of a URI goes at once, whatever its key', (t) => {
  const store = new ResponseStore()
  store.put(response('a', { uri: 'x/1' }))
  store.put(response('b', { uri: 'x/1' }))
  store.put(response('c', { uri: 'x/2' }))
  t.equal(store.removeUri('x/1'), 2)
  t.equal(store.removeUri('x/1'), 0)
  t.equal(store.count, 1)
  t.ok(store.find('c', any))
  t.end()
})

t.test('one response is removed, and removing it again is nothing', (t) => {
  const store = new ResponseStore()
  const a = response('a', {})
  store.put(a)
  store.put(response('a', { vary: ['x'], varyValues: [''] }))
  store.remove(a)
  store.remove(a)
  t.equal(store.count, 1)
  t.end()
})

t.test('a model that forgets by itself agrees: random puts, finds and removals', (t) => {
  const store = new ResponseStore(40 * KIB)
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
  const model = new Map<string, StoredResponse>()
  for (let step = 0; step < 20_000; step++) {
    const key = `k${random(40)}`
    const action = random(10)
    if (action < 5) {
      const made = response(key, { size: random(4) * KIB, uri: `u${random(10)}` })
      if (store.put(made)) model.set(key, made)
    } else if (action < 9) {
      const found = store.find(key, any)
      if (found !== undefined && found !== model.get(key)) t.fail(`an old response for ${key}, seed ${seed}`)
    } else store.removeUri(`u${random(10)}`)
    let bytes = 0
    let count = 0
    for (let i = 0; i < 40 && step % 500 === 0; i++) {
      const found = store.find(`k${i}`, any)
      if (found === undefined) continue
      count += 1
      bytes += found.body.length
    }
    if (step % 500 === 0 && (count !== store.count || bytes > store.bytes)) t.fail(`${count} of ${store.count}, seed ${seed}`)
  }
  t.ok(store.bytes <= 40 * KIB)
  t.end()
})

function response(key: string, { body = '', size = 0, uri = key, vary = [] as string[], varyValues = [] as string[] }): StoredResponse {
  return {
    key,
    uri,
    status: 200,
    head: Buffer.from('HTTP/1.1 200 OK\r\n'),
    body: size === 0 ? Buffer.from(body) : Buffer.alloc(size),
    etag: '',
    lastModified: '',
    vary,
    varyValues,
    sharing: STATED,
    storedAtMs: 0,
    initialAgeMs: 0,
    lifetimeMs: 1000,
    staleIfErrorMs: 0,
    heldUntilMs: 0,
  }
}

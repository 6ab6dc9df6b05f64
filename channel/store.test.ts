import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Faults, faulty, temporaryFolder } from './fixtures/faults.ts'
import { lockStore } from './lock.ts'
import { Store, type StoreOptions } from './store.ts'

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const OPTIONS: StoreOptions = { digestOf, refuse: (bytes) => (Buffer.from(bytes).includes('untrusted') ? 'no trusted key' : undefined) }
const bundle = (name: string) => Buffer.from(`bundle ${name}`)
const fileOf = (folder: string, bytes: Uint8Array) => join(folder, 'bundles', `${digestOf(bytes).replace(':', '-')}.ptb`)

async function keep(store: Store, name: string): Promise<void> {
  await store.keep(digestOf(bundle(name)), bundle(name))
}

async function usable(store: Store): Promise<string[]> {
  const names: string[] = []
  for await (const { digest, bytes } of store.usable()) {
    if (digestOf(bytes) !== digest) throw new Error('the store believed what it read')
    names.push(Buffer.from(bytes).toString().slice('bundle '.length))
  }
  return names
}

t.test('bundles come back newest first, also after it was opened again', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  const store = await Store.open(folder, OPTIONS)
  t.strictSame(await usable(store), [])
  for (const name of ['a', 'b', 'c']) await keep(store, name)
  t.strictSame(await usable(store), ['c', 'b', 'a'])
  await keep(store, 'a')
  t.strictSame(await usable(await Store.open(folder, OPTIONS)), ['a', 'c', 'b'])
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.equal(statSync(fileOf(folder, bundle('a'))).mode & 0o777, 0o400)
})

t.test('a file that is damaged at any byte, or cut off, is set aside and the next one is used', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  const path = fileOf(folder, bundle('new'))
  for (let position = -1; position < bundle('new').length; position++) {
    const store = await Store.open(folder, OPTIONS)
    for (const name of ['old', 'new']) await keep(store, name)
    const damaged = position < 0 ? bundle('new').subarray(0, 4) : bundle('new')
    if (position >= 0) damaged[position] = (damaged[position] as number) ^ 0x20
    chmodSync(path, 0o600)
    writeFileSync(path, damaged)
    const again = await Store.open(folder, OPTIONS)
    t.strictSame(await usable(again), ['old'])
    t.match(again.findings, [/is set aside: its bytes have changed/])
    t.ok(existsSync(`${path}.corrupt`))
  }
})

t.test('a bundle that no trusted key has signed is not used, and stays: the key may come back', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  const store = await Store.open(folder, OPTIONS)
  for (const name of ['good', 'untrusted']) await keep(store, name)
  t.strictSame(await usable(store), ['good'])
  t.match(store.findings, [/is not used: no trusted key/])
  t.ok(existsSync(fileOf(folder, bundle('untrusted'))))
})

t.test('no state, or any damage to it, keeps nobody from starting', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  const store = await Store.open(folder, OPTIONS)
  for (const name of ['a', 'b']) await keep(store, name)
  const slots = ['state-a', 'state-b'].map((slot) => join(folder, slot))
  const whole = slots.map((slot) => readFileSync(slot))
  for (const [index, slot] of slots.entries()) {
    for (let position = 0; position < (whole[index] as Buffer).length; position++) {
      const damaged = Buffer.from(whole[index] as Buffer)
      damaged[position] = (damaged[position] as number) ^ 1
      writeFileSync(slot, damaged)
      const names = await usable(await Store.open(folder, OPTIONS))
      if (names.toSorted().join() !== 'a,b') t.fail(`byte ${position} of ${slot}: ${names}`)
    }
    writeFileSync(slot, whole[index] as Buffer)
  }
  for (const slot of slots) writeFileSync(slot, 'nonsense')
  const rebuilt = await Store.open(folder, OPTIONS)
  t.match(rebuilt.findings, [/rebuilt from 2 bundles/])
  t.strictSame((await usable(rebuilt)).toSorted(), ['a', 'b'])
  for (const slot of slots) rmSync(slot)
  t.strictSame((await usable(await Store.open(folder, OPTIONS))).toSorted(), ['a', 'b'])
})

t.test('at most five bundles are kept, and at least two whatever they weigh', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  const store = await Store.open(folder, OPTIONS)
  for (const name of ['1', '2', '3', '4', '5', '6', '7']) await keep(store, name)
  t.strictSame(await usable(store), ['7', '6', '5', '4', '3'])
  t.equal(readdirSync(join(folder, 'bundles')).length, 5)
  const tight = await Store.open(folder, { ...OPTIONS, maxBytes: 1 })
  await keep(tight, '8')
  t.strictSame(await usable(tight), ['8', '7'])
})

t.test('on a disk that fails at any call the good ones stay, the mistake has a code, and later it works', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  for (const name of ['a', 'b']) await keep(await Store.open(folder, OPTIONS), name)
  for (const fault of ['open', 'write', 'sync', 'rename'] as const) {
    const faults: Faults = { [fault]: 'ENOSPC' }
    const store = await Store.open(folder, { ...OPTIONS, files: faulty(faults) })
    await t.rejects(keep(store, fault), { code: 'store-unwritable', message: /ENOSPC/, retryable: true })
    t.match((await usable(store)).join(), /^(?!.*undefined).*b/)
    delete faults[fault]
    await keep(store, fault)
    t.equal((await usable(store))[0], fault)
  }
})

t.test('leftovers are swept, links are not followed, and a folder that cannot be made is an empty store', async (t) => {
  const folder = join(temporaryFolder(t), 'store')
  mkdirSync(join(folder, 'bundles'), { recursive: true })
  writeFileSync(join(folder, 'bundles', '.tmp-0123456789abcdef-x'), 'half')
  symlinkSync('/etc/passwd', fileOf(folder, bundle('link')))
  const store = await Store.open(folder, OPTIONS)
  t.strictSame(await usable(store), [])
  t.notOk(existsSync(join(folder, 'bundles', '.tmp-0123456789abcdef-x')))
  writeFileSync(join(folder, 'file'), '')
  const none = await Store.open(join(folder, 'file', 'store'), OPTIONS)
  t.strictSame(await usable(none), [])
  await t.rejects(keep(none, 'a'), { code: 'store-unwritable' })
})

t.test('one writer: the second is told who the first is, and may come when it has gone', (t) => {
  const folder = temporaryFolder(t)
  const lock = lockStore(folder, 'edge-1')
  t.equal(lock.isExclusive, true)
  t.throws(() => lockStore(folder, 'edge-2'), {
    code: 'store-locked',
    message: new RegExp(`gateway \`edge-1\`, process ${process.pid} on `),
  })
  lock.release()
  lockStore(folder, 'edge-2').release()
  t.end()
})

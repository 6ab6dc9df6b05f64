/**
 * The store against a real kernel: killed at every system call that writes it (strace), on a disk that is full at every size (tmpfs), read
 * only, and damaged at every byte. After each, the next start finds the old or the new bundle, never none. Needs root and strace.
 */
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { digestOf, isRejection, signBundle, verifyBundle, writeBundle } from '../../bundle/bundle.ts'
import { Store } from '../../channel/store.ts'
import { plan } from '../../runtime/fixtures/gateway.ts'

t.setTimeout(120_000)

const KEEP = fileURLToPath(new URL('../fixtures/keep-in-store.ts', import.meta.url))
const keys = generateKeyPairSync('ed25519')
const bundle = (body: string, ballast = 0) => signBundle(writeBundle(plan({ body, ballast })), keys.privateKey)
const OLDER = bundle('older')
const OLD = bundle('old')
// Several pages, so that a full disk cuts it somewhere.
const NEW = bundle('new', 400)
const NAMES = new Map([
  [digestOf(OLDER), 'older'],
  [digestOf(OLD), 'old'],
  [digestOf(NEW), 'new'],
])
const OPTIONS = {
  digestOf,
  refuse: (bytes: Uint8Array) => {
    const verified = verifyBundle(bytes, [keys.publicKey])
    return isRejection(verified) ? verified.message : undefined
  },
}

/** What a start would serve, then what it would serve if that were damaged, … */
async function usable(folder: string): Promise<string[]> {
  const names: string[] = []
  for await (const { bytes } of (await Store.open(folder, OPTIONS)).usable()) names.push(NAMES.get(digestOf(bytes)) ?? 'something else')
  return names
}

/** A folder with a store of two good bundles in `seed`, and the newest one in a file beside it. */
async function seeded(): Promise<{ folder: string; seed: string; newest: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const seed = join(folder, 'seed')
  const store = await Store.open(seed, OPTIONS)
  for (const bytes of [OLDER, OLD]) await store.keep(digestOf(bytes), bytes)
  const newest = join(folder, 'newest')
  writeFileSync(newest, NEW)
  return { folder, seed, newest }
}

/** Another process keeps the newest bundle; strace, when it has arguments, watches it do so. */
async function keep(store: string, newest: string, strace: readonly string[] = []): Promise<string> {
  // One thread for files, so that its calls come in the same order each time; strace counts by thread.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const child = spawn(process.execPath, [KEEP, store, newest], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let stdout = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  await once(child.stdout, 'data') // it is ready, all its modules loaded
  if (strace.length > 0) {
    const tracer = spawn('strace', ['-f', '-p', String(child.pid), ...strace], { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(tracer, 'close')
    tracer.stderr.setEncoding('utf8')
    const attached = new Promise<void>((resolve, reject) => {
      tracer.stderr.on('data', (text: string) => (/attached/.test(text) ? resolve() : undefined))
      void ended.then(() => reject(new Error('strace has ended at once')))
    })
    await attached
    child.stdin.end('go')
    await ended
  } else child.stdin.end('go')
  await closed
  return child.signalCode === null ? stdout.slice('ready\n'.length) : child.signalCode
}

t.test('killed at any system call that changes the store, the next start finds the old bundle or the new one', async (t) => {
  const { folder, seed, newest } = await seeded()
  const whole = join(folder, 'whole')
  cpSync(seed, whole, { recursive: true })
  const calls = '/^(fsync|fdatasync|rename.*|unlink.*|p?write.*|openat|mkdir.*|f?chmod.*)$'
  const trace = join(folder, 'trace')
  t.equal(await keep(whole, newest, ['-o', trace, '-e', `trace=${calls}`]), 'kept\n')
  const points = placesToDie(readFileSync(trace, 'utf8'))
  t.ok(points.length >= 20, `${points.length} places to die`)
  const found = { 'killed, old': 0, 'killed, new': 0, lived: 0 }
  for (const { call, count } of points) {
    const where = `${call} ${count}`
    const store = join(folder, `${call}-${count}`)
    cpSync(seed, store, { recursive: true })
    const end = await keep(store, newest, ['-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${count}`])
    const [first = 'nothing', ...more] = await usable(store)
    if (first !== 'old' && first !== 'new') t.fail(`${where}: ${first}`)
    if (more.length === 0) t.fail(`${where}: nothing but ${first}`)
    const leftovers = [...readdirSync(store), ...readdirSync(join(store, 'bundles'))].filter((name) => name.startsWith('.tmp-'))
    if (leftovers.length > 0) t.fail(`${where}: ${leftovers.join()} was not swept`)
    found[end !== 'SIGKILL' ? 'lived' : first === 'new' ? 'killed, new' : 'killed, old'] += 1
    // Whatever was left, the same bundle can be kept now.
    await (await Store.open(store, OPTIONS)).keep(digestOf(NEW), NEW)
    if ((await usable(store))[0] !== 'new') t.fail(`${where}: the store takes nothing more`)
  }
  t.ok(found['killed, old'] > 0 && found['killed, new'] > 0, JSON.stringify(found))
  t.comment(`${points.length} places: ${JSON.stringify(found)}`)
})

t.test('on a disk that is full at any size the old bundle stays, it says so, and works when there is room', async (t) => {
  const { folder, seed, newest } = await seeded()
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  let [failed, kept] = [0, 0]
  // A page less each time: a short write, then none; in the bundle, then in the state.
  for (let freePages = 0; freePages <= Math.ceil(NEW.length / 4096) + 3; freePages++) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'postern-test', disk])
    try {
      const store = join(disk, 'store')
      cpSync(seed, store, { recursive: true })
      const free = (pages: number) => {
        const used = Number(/ (\d+)\n$/.exec(execFileSync('df', ['--output=size,used', '-B4096', disk], { encoding: 'utf8' }))?.[1])
        execFileSync('mount', ['-o', `remount,size=${(used + pages) * 4096}`, disk])
      }
      free(freePages)
      const stdout = await keep(store, newest)
      const names = await usable(store)
      if (stdout === 'kept\n') kept += 1
      else {
        failed += 1
        t.match(stdout, /^store-unwritable: .*ENOSPC/, `${freePages} pages free`)
      }
      t.match(names.join(), stdout === 'kept\n' ? /^new,old/ : /^old,older/, `${freePages} pages free: ${names.join()}`)
      free(64)
      await (await Store.open(store, OPTIONS)).keep(digestOf(NEW), NEW)
      if ((await usable(store))[0] !== 'new') t.fail(`${freePages} pages: not kept when there is room again`)
    } finally {
      execFileSync('umount', [disk])
    }
  }
  t.ok(failed > 1 && kept > 0, `${failed} full, ${kept} kept`)
})

t.test('a store on a disk that is read-only is read, and says that it cannot be written', async (t) => {
  const { folder, seed, newest } = await seeded()
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'postern-test', disk])
  t.teardown(() => execFileSync('umount', [disk]))
  const store = join(disk, 'store')
  cpSync(seed, store, { recursive: true })
  execFileSync('mount', ['-o', 'remount,ro', disk])
  t.match(await keep(store, newest), /^store-unwritable: .*EROFS/)
  t.strictSame(await usable(store), ['old', 'older'])
  execFileSync('mount', ['-o', 'remount,rw', disk])
  t.equal(await keep(store, newest), 'kept\n')
})

t.test('one wrong byte anywhere is found, and the next good bundle is used', async (t) => {
  const { seed } = await seeded()
  const damage = async (path: string, offset: number, expected: RegExp) => {
    const whole = readFileSync(path)
    const damaged = Buffer.from(whole)
    damaged[offset] = (damaged[offset] as number) ^ 0x55
    chmodSync(path, 0o600)
    writeFileSync(path, damaged)
    const names = (await usable(seed)).join()
    if (!expected.test(names)) t.fail(`${path}, byte ${offset}: ${names}`)
    rmSync(`${path}.corrupt`, { force: true })
    writeFileSync(path, whole)
  }
  let count = 0
  for (const slot of ['state-a', 'state-b']) {
    const path = join(seed, slot)
    const { length } = readFileSync(path)
    for (let offset = 0; offset < length; offset++, count++) await damage(path, offset, /^(old,older|older,old)$/)
  }
  const path = join(seed, 'bundles', `${digestOf(OLD).replace(':', '-')}.ptb`)
  const { length } = readFileSync(path)
  // A prime, so that the samples fall on every column of the tables.
  for (let offset = 0; offset < length; offset += 7, count++) await damage(path, offset, /^older$/)
  t.strictSame(await usable(seed), ['old', 'older'])
  t.pass(`${count} bytes`)
})

/** Each call by its name and its number among those of its name and thread. */
function placesToDie(trace: string): { call: string; count: number }[] {
  const counts = new Map<string, number>()
  const places = new Map<string, { call: string; count: number }>()
  for (const line of trace.split('\n')) {
    const [, thread, call] = /^(\d+)\s+(\w+)\(/.exec(line) ?? []
    if (call === undefined) continue
    const count = (counts.get(`${thread} ${call}`) ?? 0) + 1
    counts.set(`${thread} ${call}`, count)
    places.set(`${call} ${count}`, { call, count })
  }
  return [...places.values()]
}

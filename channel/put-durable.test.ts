import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { faulty, temporaryFolder } from './fixtures/faults.ts'
import { putDurable, sweepTemporaries } from './put-durable.ts'

const OLD = Buffer.from('the old one')
const NEW = Buffer.alloc(300_000, 'new')

t.test('the file is whole, has its mode, and nothing else is left', async (t) => {
  const folder = temporaryFolder(t)
  await putDurable(join(folder, 'file'), NEW, 0o400)
  t.equal(readFileSync(join(folder, 'file')).compare(NEW), 0)
  t.equal(statSync(join(folder, 'file')).mode & 0o777, 0o400)
  t.strictSame(readdirSync(folder), ['file'])
})

for (const fault of ['open', 'write', 'sync', 'rename'] as const) {
  t.test(`when ${fault} fails the old file is untouched and no temporary is left`, async (t) => {
    const folder = temporaryFolder(t)
    const path = join(folder, 'file')
    writeFileSync(path, OLD)
    await t.rejects(putDurable(path, NEW, 0o600, faulty({ [fault]: 'ENOSPC' })), { code: 'ENOSPC' })
    t.equal(readFileSync(path).compare(OLD), 0)
    t.strictSame(readdirSync(folder), ['file'])
  })
}

t.test('writes that take only a part of the bytes are continued, and one that takes none is a full disk', async (t) => {
  const folder = temporaryFolder(t)
  await putDurable(join(folder, 'file'), NEW, 0o600, faulty({ shortWrites: 65_536 }))
  t.equal(readFileSync(join(folder, 'file')).compare(NEW), 0)
  await t.rejects(putDurable(join(folder, 'other'), NEW, 0o600, faulty({ shortWrites: 0 })), { code: 'ENOSPC' })
  t.strictSame(readdirSync(folder), ['file'])
})

t.test('bytes are on the disk before the name is, and the name before it says so', async (t) => {
  const folder = temporaryFolder(t)
  const calls: string[] = []
  await putDurable(join(folder, 'file'), NEW, 0o600, faulty({ calls }))
  t.strictSame(calls, ['open', 'write', 'sync', 'close', 'rename', 'open', 'sync', 'close'])
})

t.test('a link in the place of the file is replaced, not followed', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'victim'), OLD)
  symlinkSync('victim', join(folder, 'file'))
  await putDurable(join(folder, 'file'), NEW, 0o600)
  t.equal(readFileSync(join(folder, 'victim')).compare(OLD), 0)
})

t.test('what a crash left behind is swept, and nothing else', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, '.tmp-0123456789abcdef-file'), 'half')
  writeFileSync(join(folder, 'file'), OLD)
  await sweepTemporaries(folder)
  t.strictSame(readdirSync(folder), ['file'])
})

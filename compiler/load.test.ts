import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Report } from '../spec/diagnostic.ts'
import { type Folder, loadReferenced, loadSources, MAX_FILE_BYTES, openFolder } from './load.ts'

/** A folder with these files, opened from its parent. */
async function folderWith(t: Test, files: { readonly [path: string]: string | Uint8Array }): Promise<Folder> {
  const parent = mkdtempSync(join(tmpdir(), 'postern-load-'))
  t.teardown(() => rmSync(parent, { recursive: true }))
  mkdirSync(join(parent, 'sources'))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(parent, 'sources', path, '..'), { recursive: true })
    writeFileSync(join(parent, 'sources', path), content)
  }
  const folder = await openFolder('sources', parent, new Report())
  if (folder === undefined) throw new Error('not opened')
  return folder
}

t.test('every YAML file below the folder is read, sorted by path; dot-folders and node_modules are not', async (t) => {
  const folder = await folderWith(t, {
    'b.yaml': 'b',
    'a/z.yml': 'z',
    'a.yaml': 'a',
    'B.yaml': 'B',
    'notes.txt': 'no',
    'x.yaml.bak': 'no',
    '.git/x.yaml': 'no',
    '.hidden.yaml': 'no',
    'a/node_modules/x.yaml': 'no',
    'a/.well/x.yaml': 'no',
  })
  const report = new Report()
  const sources = await loadSources(folder, report)
  t.same(sources, [
    { file: 'sources/B.yaml', path: 'B.yaml', text: 'B' },
    { file: 'sources/a.yaml', path: 'a.yaml', text: 'a' },
    { file: 'sources/a/z.yml', path: 'a/z.yml', text: 'z' },
    { file: 'sources/b.yaml', path: 'b.yaml', text: 'b' },
  ])
  t.same(report.diagnostics, [])
})

t.test('circles of links end, and a link to nowhere is reported if it should have been a source', async (t) => {
  const folder = await folderWith(t, { 'a/a.yaml': 'a', 'b/b.yaml': 'b' })
  symlinkSync('..', join(folder.directory, 'a', 'up'))
  symlinkSync('../b', join(folder.directory, 'a', 'other'))
  symlinkSync('../a', join(folder.directory, 'b', 'other'))
  symlinkSync('self.yaml', join(folder.directory, 'self.yaml'))
  symlinkSync('nowhere', join(folder.directory, 'gone.yaml'))
  symlinkSync('nowhere', join(folder.directory, 'gone.txt'))
  const report = new Report()
  const sources = await loadSources(folder, report)
  t.same(sources.map(({ text }) => text).sort(), ['a', 'b'])
  t.match(report.sorted(), [
    { code: 'PST0002', message: 'file `sources/gone.yaml` cannot be read (ENOENT)' },
    { code: 'PST0002', message: 'file `sources/self.yaml` cannot be read (ELOOP)' },
  ])
})

t.test('a link that leads outside of the folder is reported and not followed, whether it leads to a source or to a folder', async (t) => {
  const folder = await folderWith(t, { 'apis/a.yaml': 'a', '.data/b.yaml': 'b' })
  mkdirSync(join(folder.workingDirectory, 'elsewhere'))
  writeFileSync(join(folder.workingDirectory, 'elsewhere', 'secret.yaml'), 'secret')
  symlinkSync('../../elsewhere/secret.yaml', join(folder.directory, 'apis', 'secret.yaml'))
  symlinkSync('../elsewhere', join(folder.directory, 'more'))
  symlinkSync('/etc/hostname', join(folder.directory, 'unrelated.txt'))
  // As Kubernetes mounts a ConfigMap: files are links into a dot-folder beside them.
  symlinkSync('.data/b.yaml', join(folder.directory, 'b.yaml'))
  const report = new Report()
  const sources = await loadSources(folder, report)
  t.same(
    sources.map(({ text }) => text),
    ['a', 'b'],
  )
  t.match(report.sorted(), [
    { code: 'PST0005', message: '`sources/apis/secret.yaml` is a link to a place outside of the folder that is compiled' },
    { code: 'PST0005', message: '`sources/more` is a link to a place outside of the folder that is compiled' },
  ])
})

t.test('a file that grows or shrinks while it is read comes out as one of its states, or is reported', async (t) => {
  const [short, long] = ['# short\n', '# long\n'.repeat(10_000)]
  const folder = await folderWith(t, { 'a.yaml': short })
  const file = join(folder.directory, 'a.yaml')
  for (let round = 0; round < 30; round++) {
    const report = new Report()
    const loading = loadSources(folder, report)
    if (round % 3 === 0) writeFileSync(file, long)
    if (round % 3 === 1) writeFileSync(file, short)
    if (round % 3 === 2) appendFileSync(file, long)
    const [source] = await loading
    if (source === undefined) t.match(report.diagnostics, [{ code: 'PST0002' }])
    // A write in several steps has states of its own; none of them mixes what was with what comes.
    else if (![long, short + long].some((whole) => whole.startsWith(source.text))) t.fail(`${source.text.length} characters of no state`)
  }
})

t.test('what is not UTF-8 is reported with the first byte that is wrong', async (t) => {
  const folder = await folderWith(t, { 'a.yaml': Uint8Array.of(0x61, 0x0a, 0xe9, 0x61), 'b.yaml': 'b' })
  const report = new Report()
  t.equal((await loadSources(folder, report)).length, 1)
  t.match(report.diagnostics, [
    { code: 'PST0003', message: 'file `sources/a.yaml` is not UTF-8: byte 2 is 0xe9', range: { file: 'sources/a.yaml' } },
  ])
})

t.test('a byte order mark is no part of the text', async (t) => {
  const folder = await folderWith(t, { 'a.yaml': '\ufeffkind: Api\n' })
  t.same(
    (await loadSources(folder, new Report())).map(({ text }) => text),
    ['kind: Api\n'],
  )
})

t.test('a folder that is none is reported', async (t) => {
  const folder = await folderWith(t, { 'a.yaml': 'a' })
  const report = new Report()
  t.equal(await openFolder('nowhere', folder.workingDirectory, report), undefined)
  t.equal(await openFolder('sources/a.yaml', folder.workingDirectory, report), undefined)
  t.match(report.diagnostics, [
    { code: 'PST0001', message: 'folder `nowhere` does not exist' },
    { code: 'PST0001', message: '`sources/a.yaml` is not a folder' },
  ])
})

t.test('what may not be read is reported', async (t) => {
  const folder = await folderWith(t, { 'a.yaml': 'a', 'locked/b.yaml': 'b' })
  chmodSync(join(folder.directory, 'a.yaml'), 0)
  chmodSync(join(folder.directory, 'locked'), 0)
  t.teardown(() => chmodSync(join(folder.directory, 'locked'), 0o700))
  const report = new Report()
  const sources = await loadSources(folder, report)
  // Nothing is closed to root.
  if (process.getuid?.() === 0) t.equal(sources.length, 2)
  else t.match(report.sorted(), [{ code: 'PST0002' }, { code: 'PST0001' }])
})

t.test('a file beyond the limit is not read', async (t) => {
  const folder = await folderWith(t, { 'a.yaml': new Uint8Array(MAX_FILE_BYTES + 1).fill(0x20) })
  const report = new Report()
  t.same(await loadSources(folder, report), [])
  t.match(report.diagnostics, [{ code: 'PST0006' }])
})

t.test('a referenced file stands in the folder, links followed', async (t) => {
  const folder = await folderWith(t, { 'apis/a.yaml': 'a', 'apis/openapi.json': '{}', 'shared/o.yaml': 'o' })
  writeFileSync(join(folder.workingDirectory, 'outside.yaml'), 'secret')
  symlinkSync('../../outside.yaml', join(folder.directory, 'apis', 'link.yaml'))
  const [from] = await loadSources(folder, new Report())
  if (from === undefined) throw new Error('no source')
  const range = { file: from.file, start: 1, end: 2 }
  const load = async (reference: string) => {
    const report = new Report()
    const source = await loadReferenced(folder, from, reference, range, report)
    return source?.path ?? report.diagnostics.map(({ code, range: at }) => `${code} ${at.start}`).join()
  }
  t.equal(await load('./openapi.json'), 'apis/openapi.json')
  t.equal(await load('../shared/o.yaml'), 'shared/o.yaml')
  t.equal(await load('openapi.yaml'), 'PST0004 1')
  t.equal(await load('openapi.json/x'), 'PST0004 1')
  t.equal(await load('../../outside.yaml'), 'PST0005 1')
  t.equal(await load('/etc/passwd'), 'PST0005 1')
  t.equal(await load('link.yaml'), 'PST0005 1')
  t.equal(await load('a\0b'), 'PST0004 1')
  t.equal(await load('..'), 'PST0002 1')
})

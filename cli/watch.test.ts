import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryFolder } from '../test/postern-process.ts'
import { watchSources } from './watch.ts'

/** A watched folder, and the files of the next save. */
async function watched(t: Test, folder: string) {
  const saves: string[][] = []
  let wake = () => {}
  const watcher = await watchSources(
    folder,
    (_sinceMs, files) => {
      saves.push([...files].sort())
      wake()
    },
    (error) => t.fail(String(error)),
  )
  t.teardown(() => watcher.close())
  return async () => {
    while (saves.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return saves.shift()
  }
}

t.test('every way in which editors save is one call', async (t) => {
  const folder = temporaryFolder(t, { 'a.yaml': '1', 'apis/b.yml': '1' })
  const next = await watched(t, folder)
  const path = join(folder, 'a.yaml')
  writeFileSync(path, '2')
  t.strictSame(await next(), ['a.yaml'], 'written in place')
  writeFileSync(join(folder, '.a.swp'), '3')
  renameSync(join(folder, '.a.swp'), path)
  t.strictSame(await next(), ['a.yaml'], 'written beside it and renamed')
  renameSync(path, `${path}~`)
  writeFileSync(path, '4')
  unlinkSync(`${path}~`)
  t.strictSame(await next(), ['a.yaml'], 'moved away and written anew')
  unlinkSync(path)
  t.strictSame(await next(), ['a.yaml'], 'deleted')
  writeFileSync(path, '5')
  t.strictSame(await next(), ['a.yaml'], 'made again')
})

t.test('new folders and documents that sources refer to are seen, other files are not', async (t) => {
  const folder = temporaryFolder(t, { 'a.yaml': '1' })
  const next = await watched(t, folder)
  writeFileSync(join(folder, 'service.js'), '1')
  mkdirSync(join(folder, '.git'))
  writeFileSync(join(folder, '.git', 'x.yaml'), '1')
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'node_modules', 'x.yaml'), '1')
  mkdirSync(join(folder, 'apis'))
  const seen = new Set<string>()
  writeFileSync(join(folder, 'apis', 'pets.json'), '1')
  while (!seen.has('apis/pets.json')) for (const file of (await next()) ?? []) seen.add(file)
  t.strictSame(
    [...seen].filter((file) => !file.startsWith('apis')),
    [],
  )
})

t.test('a folder that is deleted and made again is watched on', async (t) => {
  const folder = join(temporaryFolder(t), 'project')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.yaml'), '1')
  const next = await watched(t, folder)
  rmSync(folder, { recursive: true })
  await next()
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.yaml'), '2')
  while (!(await next())?.includes('a.yaml'));
  t.pass('seen')
})

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postern, send, startPostern } from '../test/postern-process.ts'
import { servedProject } from '../test/projects.ts'
import { writeKeyPair } from './keygen.ts'

t.test('a missing or refused file: it serves from its store, which by default has the name of the gateway', async (t) => {
  const project = await servedProject(t)
  const { folder, env } = project
  renameSync(join(folder, 'edge.ptb'), join(folder, 'any.ptb'))
  const run = () => startPostern(t, ['run', '--bundle', 'any.ptb', '--trust', 'postern.pub', '--workers', '1'], { cwd: folder, env })
  const first = run()
  t.match(await send(`${await first.url()}/hello`), { status: 200 })
  await first.stop('SIGTERM')
  t.ok(existsSync(join(folder, 'state', 'postern', 'edge')))

  rmSync(join(folder, 'any.ptb'))
  const second = run()
  t.match(await send(`${await second.url()}/hello`), { status: 200, body: 'one' }, 'missing, and nobody has said which gateway it was for')
  await second.stop('SIGTERM')

  writeFileSync(join(folder, 'edge.ptb'), 'rubbish')
  const third = project.start()
  t.match(await send(`${await third.url()}/hello`), { status: 200, body: 'one' }, 'refused')
  await third.stop('SIGTERM')
})

t.test('with nothing in the store it says why, and exits with 3', async (t) => {
  const project = await servedProject(t)
  const { folder } = project
  writeFileSync(join(folder, 'edge.ptb'), 'rubbish')
  const rubbish = await project.finish('--store', join(folder, 'empty'))
  t.match(rubbish, { code: 3, stderr: /^postern: the bundle edge\.ptb is refused: .*; and the store \S+empty has no bundle/ })
  rmSync(join(folder, 'edge.ptb'))
  t.match(await project.finish(), { code: 3, stderr: /^postern: there is no bundle edge\.ptb; and the store \S+ has no bundle/ })
  mkdirSync(join(folder, 'edge.ptb'))
  t.match(await project.finish(), { code: 3, stderr: /^postern: .*edge\.ptb/ })
})

t.test('nothing is served that nobody trusted has signed, or that is for another gateway', async (t) => {
  const project = await servedProject(t)
  const { folder: cwd, env } = project
  writeKeyPair(join(cwd, 'other'), 'postern')
  const run = ['run', '--bundle', 'edge.ptb', '--trust']
  t.match(await postern([...run, 'other/postern.pub'], { cwd, env }), { code: 3, stderr: /no trusted key has signed/ })
  t.match(await project.finish('--gateway', 'inner'), { code: 3, stderr: /for the gateway `edge`, not for `inner`/ })
  t.match(await postern([...run, 'postern.key'], { cwd, env }), { code: 3, stderr: /postern\.key is a private key; give the public one/ })
  t.match(await postern([...run, 'no.pub'], { cwd, env }), { code: 3, stderr: /there is no file no\.pub/ })
})

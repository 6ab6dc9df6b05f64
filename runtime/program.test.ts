import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { temporaryFolder } from './fixtures/gateway.ts'
import { currentFile, programOf } from './program.ts'

t.test('a module is found behind the link that the program was started by, wherever that leads by now', (t) => {
  const folder = temporaryFolder(t)
  for (const version of ['1', '2']) {
    for (const part of ['cli', 'dist']) mkdirSync(join(folder, version, part), { recursive: true })
    writeFileSync(join(folder, version, 'cli', 'postern.js'), '')
    writeFileSync(join(folder, version, 'dist', 'child.js'), '')
  }
  const point = (to: string) => {
    rmSync(join(folder, 'postern'), { force: true })
    symlinkSync(join(folder, to, 'cli', 'postern.js'), join(folder, 'postern'))
  }
  point('1')
  const program = programOf(join(folder, 'postern'))
  const child = pathToFileURL(join(folder, '1', 'dist', 'child.js'))
  t.equal(currentFile(child, program), join(folder, '1', 'dist', 'child.js'))
  point('2')
  t.equal(currentFile(child, program), join(folder, '2', 'dist', 'child.js'))
  rmSync(join(folder, '2', 'dist', 'child.js'))
  t.equal(currentFile(child, program), join(folder, '1', 'dist', 'child.js'), 'half an installation is none')
  rmSync(join(folder, 'postern'))
  t.equal(currentFile(child, program), join(folder, '1', 'dist', 'child.js'), 'and so is no link')
  t.equal(currentFile(child, undefined), join(folder, '1', 'dist', 'child.js'))
  t.equal(programOf(join(folder, 'none')), undefined)
  t.end()
})

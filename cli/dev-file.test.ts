import t from 'tap'
import { temporaryFolder } from '../test/postern-process.ts'
import { DEV_FILE, parseDevFile, readDevFile } from './dev-file.ts'

t.test('a folder without the file has nothing to run and nothing to try', async (t) => {
  t.strictSame(readDevFile(temporaryFolder(t)), { run: [], try: [] })
  t.strictSame(readDevFile(temporaryFolder(t, { [DEV_FILE]: '# only a comment\n' })), { run: [], try: [] })
})

t.test('commands and requests are read as they are written', async (t) => {
  const text = `
    run: [node service.js]
    try:
      - { says: all is well, curl: "-i {gateway}/a", status: 200 }
      - { says: nothing here, curl: "-i {gateway}/b", status: 404, shows: not-found }
  `
  t.strictSame(parseDevFile(text, DEV_FILE), {
    run: ['node service.js'],
    try: [
      { says: 'all is well', curl: '-i {gateway}/a', status: 200 },
      { says: 'nothing here', curl: '-i {gateway}/b', status: 404, shows: 'not-found' },
    ],
  })
})

t.test('what it cannot mean is an error that names the file', async (t) => {
  const wrong: readonly (readonly [text: string, says: RegExp])[] = [
    ['run: [', /postern\.dev\.yaml: /],
    ['- a', /must be a map/],
    ['runs: []', /unknown key `runs`/],
    ['run: node', /`run` must be a list of commands/],
    ['run: [1]', /`run` must be a list of commands/],
    ['try: {}', /`try` must be a list/],
    ['try: [{ says: a, curl: b }]', /`try`, entry 1: it must have `says`/],
    ['try: [{ says: a, curl: b, status: 200 }, { says: a, curl: b, status: 200, show: x }]', /entry 2/],
    ['a: &a [x]\nrun: *a', /alias/i],
  ]
  for (const [text, says] of wrong)
    t.throws(() => parseDevFile(text, DEV_FILE), { name: 'PosternError', code: 'dev-file-invalid', message: says }, text)
})

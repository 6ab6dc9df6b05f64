/** The launcher behind `npx postern`, under a Node that cannot run the sources. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test('in a checkout, a Node that is too old says so in one sentence', (t) => {
  const launcher = fileURLToPath(new URL('../cli/postern.js', import.meta.url))
  const { NODE_OPTIONS: _, ...env } = process.env
  // What an old Node lacks is switched off: the launcher asks for nothing else.
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-strip-types', launcher, '--version'], { encoding: 'utf8', env })
  t.equal(status, 3)
  t.equal(stdout, '')
  t.match(stderr, /^postern: Node \S+ is too old; in a checkout run `npm ci`, then `npx postern`\n$/)
  t.end()
})

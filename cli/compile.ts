/** `postern compile`: one gateway's bundle, signed or not, put in place at once. */
import { resolve } from 'node:path'
import { digestOf, signBundle } from '../bundle/bundle.ts'
import { readPrivateKey, writeFileAtomically } from './files.ts'
import { assertFolder, compileSources, renderText } from './sources.ts'
import { paint, type Terminal } from './terminal.ts'

interface Options {
  readonly gateway?: string
  readonly key?: string
  readonly out?: string
}

export async function run([directory = '']: readonly string[], { gateway, key, out }: Options, terminal: Terminal): Promise<number> {
  assertFolder(directory)
  // Read first: a missing key is known before any work is done.
  const privateKey = key === undefined ? undefined : readPrivateKey(key)
  const compilation = await compileSources(directory, { gateway })
  const text = renderText(compilation, terminal.colorErr)
  if (text !== '') terminal.say(`${text}\n`)
  const [bundle] = compilation.bundles
  if (compilation.errors > 0 || bundle === undefined) {
    terminal.say('nothing was written')
    return 1
  }
  const bytes = privateKey === undefined ? bundle.bytes : signBundle(bundle.bytes, privateKey)
  const file = out ?? `${bundle.gateway}.ptb`
  writeFileAtomically(resolve(file), bytes)
  const { plan } = bundle
  terminal.print(file)
  terminal.print(`  digest    ${digestOf(bytes)}`)
  terminal.print(`  gateway   ${bundle.gateway}`)
  terminal.print(`  routes    ${plan.routes.length}`)
  terminal.print(`  policies  ${plan.policies.length === 0 ? 'none' : plan.policies.map(({ name }) => name).join(', ')}`)
  terminal.print(`  bytes     ${bytes.length}`)
  terminal.print(`  signed    ${privateKey === undefined ? 'no' : 'yes'}`)
  if (privateKey === undefined) {
    terminal.say(
      `${paint('yellow', 'unsigned', terminal.colorErr)}: \`postern run\` refuses it; sign with --key (\`postern keygen\` makes one)`,
    )
  }
  return 0
}

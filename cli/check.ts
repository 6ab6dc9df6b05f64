/** `postern check`: every mistake in a folder, without writing anything. */
import { render } from '../compiler/render.ts'
import { assertFolder, compileSources, plural } from './sources.ts'
import { paint, type Terminal } from './terminal.ts'

interface Options {
  readonly format: 'text' | 'json' | 'github'
  readonly gateway?: string
}

export async function run([directory = '']: readonly string[], { format, gateway }: Options, terminal: Terminal): Promise<number> {
  assertFolder(directory)
  const { diagnostics, sources, errors, files, bundles } = await compileSources(directory, { gateway, all: gateway === undefined })
  const text = render(diagnostics, sources, { format, color: format === 'text' && terminal.colorOut }).trimEnd()
  if (text !== '') terminal.print(text)
  if (errors > 0) return 1
  const gateways = bundles.map(({ gateway, plan }) => `gateway ${gateway} has ${plural(plan.routes.length, 'route')}`)
  terminal.say(`${paint('green', 'ok', terminal.colorErr)}: ${plural(files.length, 'file')}; ${gateways.join(', ')}`)
  return 0
}

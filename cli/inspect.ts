/** `postern inspect`: what a bundle says, after it was checked; and, with `--trust`, whether its signature holds. */
import { type Inspection, inspectBundle, isRejection, verifyBundle } from '../bundle/bundle.ts'
import { readBundleFile, readPublicKey } from './files.ts'
import { paint, type Terminal } from './terminal.ts'

interface Options {
  readonly json?: boolean
  readonly trust?: readonly string[]
}

export async function run([file = '']: readonly string[], { json = false, trust }: Options, terminal: Terminal): Promise<number> {
  const trusted = trust?.map(readPublicKey)
  const bytes = readBundleFile(file)
  const red = paint('red', 'refused', terminal.colorErr)
  // Verified first, and what does not hold is not looked into: nothing that an unknown hand wrote should come across as the bundle's contents.
  const verified = trusted === undefined ? undefined : verifyBundle(bytes, trusted)
  if (isRejection(verified)) {
    terminal.say(`${red}: ${verified.message} (${verified.code})`)
    return 1
  }
  const inspection = inspectBundle(bytes)
  if (isRejection(inspection)) {
    terminal.say(`${red}: ${inspection.message} (${inspection.code})`)
    return 1
  }
  if (json) terminal.print(JSON.stringify({ ...inspection, trustedKeyId: verified?.keyId }, undefined, 2))
  else
    for (const [name, value] of rows(inspection, verified?.keyId))
      terminal.print(`${paint('dim', name.padEnd(14), terminal.colorOut)} ${value}`)
  return 0
}

function rows(bundle: Inspection, trustedKeyId: string | undefined): readonly (readonly [name: string, value: string])[] {
  const { counts } = bundle
  const listeners = bundle.listeners.map(({ name, protocol, address, port }) => `${name} (${protocol}, ${address} port ${port})`)
  const policies = bundle.policies.map(({ name, version }) => (version === 1 ? name : `${name} (version ${version})`))
  const secrets = bundle.secrets.map(({ kind, name }) => `\${${kind}:${name}}`)
  return [
    ['gateway', bundle.gateway],
    ['digest', bundle.digest],
    ['content digest', bundle.contentDigest],
    ['signature', signature(bundle, trustedKeyId)],
    ['bytes', String(bundle.bytes)],
    ['format', `${bundle.format}, written by ${bundle.compiler}`],
    ['listeners', listeners.join(', ')],
    ['hosts', shortened(bundle.hosts)],
    ['routes', String(counts.routes)],
    ['apis', String(counts.apis)],
    ['backends', String(counts.backends)],
    ['consumers', String(counts.consumers)],
    ['policies', policies.join(', ') || 'none'],
    ...(secrets.length === 0 ? [] : [['secrets', shortened(secrets)] as const]),
  ]
}

function signature({ signed, keyIds }: Inspection, trustedKeyId: string | undefined): string {
  if (trustedKeyId !== undefined) return `holds, by the trusted key ${trustedKeyId}`
  if (!signed) return 'none: `postern run` refuses this bundle'
  return `by key ${keyIds.join(', ')}; not verified (that takes --trust)`
}

/** A line stays a line. */
function shortened(items: readonly string[], most = 8): string {
  if (items.length === 0) return 'none'
  return items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more (--json lists all)`
}

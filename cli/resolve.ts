/**
 * `postern resolve`: what would happen to a request. All of it is asked from the code that serves traffic; here it is only told.
 * Who has no key at hand still wants to see where a request would go: when access is refused, a second question is asked with access granted.
 */
import { statSync } from 'node:fs'
import { type Bundle, isRejection, openBytes, type SourcePosition } from '../bundle/bundle.ts'
import { PosternError } from '../bundle/error.ts'
import type { ApiKeyConfig } from '../policies/api-key/run.ts'
import { compilePolicies } from '../policies/compile-index.ts'
import { runners } from '../policies/run-index.ts'
import { type AnyRunner, createGeneration, sharedBytesByPolicy } from '../runtime/generation.ts'
import { type Resolution, type ResolvedPolicy, type ResolveRequest, resolve } from '../runtime/resolve.ts'
import type { ResolvedTraffic } from '../runtime/resolve-traffic.ts'
import { readBundleFile } from './files.ts'
import { compileSources, renderText } from './sources.ts'
import { paint, type Terminal } from './terminal.ts'

interface Options {
  readonly bundle: string
  readonly header?: readonly (readonly [name: string, value: string])[]
  readonly json?: boolean
  readonly gateway?: string
}

/** Where a URL is only a path, the request is one for this host. */
const DEFAULT_HOST = 'localhost'

export async function run([method = '', url = '']: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const bundle = await openSource(options.bundle, options.gateway, terminal)
  if (bundle === undefined) return 1
  const isPath = !/^https?:\/\//i.test(url)
  const fields = options.header ?? []
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host')
  const request = { method, url, fields: isPath && !hasHost ? [['host', DEFAULT_HOST] as const, ...fields] : fields }
  const asked = await ask(bundle, request, runners)
  const granted = asked.access?.verdict === 'replied' ? await ask(bundle, request, grantingRunners()) : undefined
  if (options.json === true) terminal.print(JSON.stringify(merged(asked, granted), undefined, 2))
  else tell(asked, granted, terminal)
  if (isPath && !/^[/*]/.test(url)) terminal.say(`a URL begins with http://, a path with /: did you mean http://${url} or /${url}?`)
  if (asked.outcome === 'no-route' && isPath && !hasHost && !servesAnyHost(bundle)) {
    terminal.say(`asked for the host ${DEFAULT_HOST}; give a whole URL, or -H 'host: …', for another one`)
  }
  return asked.outcome === 'matched' || asked.outcome === 'answered' ? 0 : 1
}

/** A folder is compiled in memory. `undefined`: it has mistakes, which have been printed. */
async function openSource(path: string, gateway: string | undefined, terminal: Terminal): Promise<Bundle | undefined> {
  let bytes: Uint8Array
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    const compilation = await compileSources(path, { gateway })
    const text = renderText(compilation, terminal.colorErr)
    if (text !== '') terminal.say(`${text}\n`)
    const [compiled] = compilation.bundles
    if (compiled === undefined) return undefined
    bytes = compiled.bytes
  } else {
    bytes = readBundleFile(path)
  }
  const bundle = openBytes(bytes)
  if (isRejection(bundle)) throw new PosternError(bundle.code, `${path} is refused: ${bundle.message}`)
  if (gateway !== undefined && bundle.manifest.gateway !== gateway) {
    throw new PosternError('gateway-mismatch', `${path} is for the gateway \`${bundle.manifest.gateway}\`, not for \`${gateway}\``)
  }
  return bundle
}

function servesAnyHost({ hosts }: Bundle): boolean {
  for (let index = 0; index < hosts.count; index++) if (hosts.pattern(index) === '') return true
  return false
}

/** A generation of its own for each question: no limit is used up by another one. */
function ask(bundle: Bundle, request: ResolveRequest, using: ReadonlyMap<string, AnyRunner>): Promise<Resolution> {
  const shared = new Map(Array.from(sharedBytesByPolicy(using), ([name, bytes]) => [name, new SharedArrayBuffer(bytes)] as const))
  // The reference stands for the secret: nothing has to be resolved, and nothing is shown that must not be.
  const secret = (index: number) => `\${${bundle.secrets.kind(index)}:${bundle.secrets.name(index)}}`
  return resolve(createGeneration(bundle, 1, { shared, secret, lenient: true, runners: using }), request)
}

/** As in live traffic, except that access policies let everybody through. */
function grantingRunners(): ReadonlyMap<string, AnyRunner> {
  return new Map(
    Array.from(runners, ([name, runner]): readonly [string, AnyRunner] => {
      if (compilePolicies[name]?.policy.kind !== 'access') return [name, runner]
      const request: AnyRunner['request'] = (config, exchange) => {
        if (name === 'api-key') {
          const { header, isForwarded, consumers } = config as ApiKeyConfig
          if (consumers.count > 0) exchange.consumer = 0 // somebody: policies may ask who it is
          if (!isForwarded) exchange.request.removeField(header)
        }
        return undefined
      }
      return [name, { ...runner, request }]
    }),
  )
}

/** What was found, and where it would go with access granted. */
function merged(asked: Resolution, granted: Resolution | undefined): Resolution {
  if (granted === undefined) return asked
  const { backend, upstream } = granted
  return { ...asked, ...(backend === undefined ? {} : { backend }), ...(upstream === undefined ? {} : { upstream }) }
}

function tell(asked: Resolution, granted: Resolution | undefined, terminal: Terminal): void {
  const { colorOut } = terminal
  const row = (name: string, value: string) => terminal.print(`${paint('dim', name.padEnd(10), colorOut)} ${value}`)
  const { route, access, reply: refusal } = asked
  if (route === undefined) {
    row('route', 'none')
  } else {
    row('route', paint('bold', route.name, colorOut))
    row('source', place(route.source))
    row('api', route.api)
    row('matches', `${route.method} ${route.template}`)
  }
  if (access !== undefined)
    row(
      'access',
      `${access.policy}: ${granted === undefined ? 'granted' : `refused, ${refusal?.status} ${refusal?.code}`} (${place(access.source)})`,
    )
  const shown = granted ?? asked
  const width = Math.max(0, ...shown.policies.map(({ policy }) => policy.length))
  for (const [index, policy] of shown.policies.entries()) row(index === 0 ? 'policies' : '', policyText(policy, index, width))
  if (shown.backend !== undefined) row('backend', `${shown.backend.name} (${place(shown.backend.source)})`)
  if (shown.traffic !== undefined) for (const [name, value] of trafficRows(shown.traffic)) row(name, value)
  if (shown.upstream !== undefined) {
    row('upstream', `${shown.upstream.url}${granted === undefined ? '' : ', once access is granted'}`)
    terminal.print(`\n${indented(shown.upstream.head)}`)
  }
  if (shown.reply !== undefined) {
    row('reply', `${shown.reply.status} ${shown.reply.code}`.trimEnd())
    terminal.print(`\n${indented(shown.reply.text)}`)
  }
}

function policyText({ policy, phase, source, verdict }: ResolvedPolicy, index: number, width: number): string {
  const what = verdict === 'passed' ? '' : verdict === 'replied' ? '; it replies' : '; not reached'
  return `${index + 1}. ${policy.padEnd(width)}  ${place(source)}${phase === 'early' ? '; before access' : ''}${what}`
}

function trafficRows(traffic: ResolvedTraffic): (readonly [name: string, value: string])[] {
  const { split, sticky, mirror, totalTimeoutMs, retries, isCached, isCompressed } = traffic
  const parts = (split ?? []).map(({ backend, share }) => `${percent(share)} to ${backend}`).join(', ')
  const also = [
    ...(totalTimeoutMs === undefined ? [] : [totalTimeoutMs === 0 ? 'without a total timeout' : `within ${totalTimeoutMs} ms`]),
    ...(retries === undefined ? [] : [`tried again up to ${retries} times`]),
    ...(isCached ? ['kept in the cache'] : []),
    ...(isCompressed ? ['compressed'] : []),
  ]
  return [
    ...(parts === '' ? [] : [['split', `${parts}${sticky === undefined ? '' : `; sticky by ${sticky}`}`] as const]),
    ...(mirror === undefined ? [] : [['mirror', `${percent(mirror.share)} to ${mirror.backend}`] as const]),
    ...(also.length === 0 ? [] : [['traffic', also.join(', ')] as const]),
  ]
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`
}

function place({ file, line, column }: SourcePosition): string {
  return `${file}:${line}:${column}`
}

function indented(message: string): string {
  return message.trimEnd().replaceAll('\r\n', '\n').replaceAll(/^/gm, '    ')
}

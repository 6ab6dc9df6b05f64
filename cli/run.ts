/** `postern run`: serves a bundle file. The runtime does the work; here the options get their defaults. */
import type { KeyObject } from 'node:crypto'
import { basename } from 'node:path'
import { isRejection, openBytes, verifyBundle } from '../bundle/bundle.ts'
import { PosternError } from '../bundle/error.ts'
import { type RunningGateway, runGateway } from '../runtime/main.ts'
import { readBundleFile, readPublicKey } from './files.ts'
import { rememberedGateway, rememberGateway, stateDirectory, storeDirectory } from './state-directory.ts'
import { INTERRUPTED, type Terminal } from './terminal.ts'
import { addressText, type SocketAddress } from './values.ts'

interface Options {
  readonly bundle: string
  readonly trust: readonly string[]
  readonly gateway?: string
  readonly id?: string
  readonly store?: string
  readonly listen?: SocketAddress
  readonly admin?: SocketAddress
  readonly workers?: number
  readonly accessLog: string
  readonly takeover?: boolean
}

export async function run(_args: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const trusted = options.trust.map(readPublicKey)
  const gateway = await runGateway({
    bundle: options.bundle,
    trust: trusted,
    gateway: options.gateway,
    id: options.id,
    store: options.store ?? defaultStore(options.bundle, options.gateway, trusted),
    listen: options.listen === undefined ? undefined : addressText(options.listen),
    admin: options.admin === undefined ? undefined : addressText(options.admin),
    workers: options.workers,
    accessLog: options.accessLog,
    takeover: options.takeover,
    onListenersChanged: (listeners) => announce(listeners, terminal),
  })
  let wasInterrupted = false
  terminal.serve(() => {
    wasInterrupted = true // the runtime has the signal too, and lets requests finish
  })
  announce(gateway.listeners, terminal)
  if (gateway.admin !== undefined) terminal.print(`admin on ${gateway.admin}`)
  const code = await gateway.exited
  return wasInterrupted && code === 0 ? INTERRUPTED : code
}

function announce(listeners: RunningGateway['listeners'], terminal: Terminal): void {
  for (const { url } of listeners) terminal.print(`listening on ${url}`)
}

/** The store of the gateway that the file is for, or was for when it could last be read. */
function defaultStore(bundleFile: string, gateway: string | undefined, trusted: readonly KeyObject[]): string {
  const state = stateDirectory()
  const name = gateway ?? nameIn(bundleFile, trusted)
  if (name !== undefined) {
    rememberGateway(state, bundleFile, name)
    return storeDirectory(state, name)
  }
  return storeDirectory(state, rememberedGateway(state, bundleFile) ?? basename(bundleFile, '.ptb'))
}

/** The gateway's name in a bundle that a trusted key has signed; what is wrong with another one is the runtime's to say. */
function nameIn(bundleFile: string, trusted: readonly KeyObject[]): string | undefined {
  try {
    const bytes = readBundleFile(bundleFile)
    if (isRejection(verifyBundle(bytes, trusted))) return undefined
    const bundle = openBytes(bytes)
    return isRejection(bundle) ? undefined : bundle.manifest.gateway
  } catch (error) {
    if (error instanceof PosternError) return undefined
    throw error
  }
}

/**
 * Where things live that outlast a process: the stores with the last good bundles, and the development key.
 * Names of gateways have no dot, so what begins with one here is never a store.
 */
import { createHash } from 'node:crypto'
import { readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { makeFolder } from './files.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** systemd's, then the XDG one, then the system's for root and the user's for others. */
export function stateDirectory(environment: Environment = process.env, isRoot = process.getuid?.() === 0): string {
  // With several `StateDirectory=` systemd separates them by colons (systemd.exec(5)).
  const systemd = environment['STATE_DIRECTORY']?.split(':', 1)[0]
  if (systemd) return systemd
  const xdg = environment['XDG_STATE_HOME']
  if (xdg?.startsWith('/')) return join(xdg, 'postern') // a relative one is invalid, says the XDG specification
  return isRoot ? '/var/lib/postern' : join(homedir(), '.local', 'state', 'postern')
}

/** The store of a gateway. */
export function storeDirectory(state: string, gateway: string): string {
  return join(state, gateway)
}

/**
 * A start with a missing or refused bundle has nothing to read the gateway's name from, and serves from the store all the same: so the
 * name that a bundle file last had is kept beside the stores, as a link from a digest of the file's path.
 */
export function rememberGateway(state: string, bundleFile: string, gateway: string): void {
  const link = linkOf(state, bundleFile)
  try {
    if (gatewayAt(link) === gateway) return
    makeFolder(join(state, '.by-bundle'), 0o700)
    const fresh = `${link}.${process.pid}`
    symlinkSync(join('..', gateway), fresh)
    try {
      renameSync(fresh, link)
    } catch (error) {
      unlinkSync(fresh)
      throw error
    }
  } catch {
    // A state directory that cannot be written is the store's to report; without the link, --gateway says the name.
  }
}

export function rememberedGateway(state: string, bundleFile: string): string | undefined {
  return gatewayAt(linkOf(state, bundleFile))
}

function linkOf(state: string, bundleFile: string): string {
  const digest = createHash('sha256').update(resolve(bundleFile)).digest('hex')
  return join(state, '.by-bundle', digest.slice(0, 32))
}

function gatewayAt(link: string): string | undefined {
  try {
    return basename(readlinkSync(link))
  } catch {
    return undefined
  }
}

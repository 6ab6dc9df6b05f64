/**
 * Looks, before any other process exists, which bundle the gateway will begin with, only to learn its name and its listeners. The child
 * verifies and decides again for itself; should the file change in between, it asks for other listeners in the usual way.
 */
import type { KeyObject } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { check, digestOf, imageOf, isRejection, openBundle, PosternError, verifyBundle } from '../bundle/bundle.ts'
import { Store } from '../channel/store.ts'
import { listenersOf } from './activate.ts'
import { readWhole } from './file-source.ts'
import type { ListenerAddress } from './sockets.ts'

export interface StartBundle {
  readonly gateway: string
  readonly listeners: readonly ListenerAddress[]
}

export interface StartChoice {
  /** From the file, else from the store. */
  readonly bundle: StartBundle
  /** Left out: there is no store (in dev). */
  readonly store: string | undefined
}

/** Throws a `PosternError` that says why nothing can be served. */
export async function chooseStartBundle(options: {
  readonly path: string
  readonly trusted: readonly KeyObject[]
  readonly gateway: string | undefined
  readonly store: string | undefined
  readonly hasStore: boolean
}): Promise<StartChoice> {
  const fromFile = await lookAtFile(options.path, options.trusted)
  const refusal = 'code' in fromFile ? fromFile : wrongGateway(fromFile, options.gateway)
  const gateway = options.gateway ?? ('code' in fromFile ? undefined : fromFile.gateway)
  const store = options.store ?? (options.hasStore && gateway !== undefined ? defaultStore(gateway) : undefined)
  if (refusal === undefined) return { bundle: fromFile as StartBundle, store }
  if (store !== undefined) {
    const bundle = await lookAtStore(store, options.trusted, options.gateway)
    if (bundle !== undefined) return { bundle, store }
  }
  const nothing = store === undefined ? 'and no store was named' : `and the store ${store} has no bundle that could be served instead`
  throw new PosternError(refusal.code, `${refusal.message}; ${nothing}`)
}

/** Where a gateway keeps its last good bundles unless it is told: the system's state folder for root, the user's otherwise. */
export function defaultStore(gateway: string): string {
  if (process.getuid?.() === 0) return join('/var/lib/postern', gateway)
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(state, 'postern', gateway)
}

interface Refusal {
  readonly code: string
  readonly message: string
}

async function lookAtFile(path: string, trusted: readonly KeyObject[]): Promise<StartBundle | Refusal> {
  let bytes: Uint8Array | undefined
  try {
    bytes = (await readWhole(path))?.bytes
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (isMissing) return { code: 'bundle-missing', message: `there is no bundle ${path}` }
    return { code: 'bundle-unreadable', message: `the bundle ${path} cannot be read: ${(error as Error).message}` }
  }
  if (bytes === undefined) return { code: 'bundle-unreadable', message: `the bundle ${path} is being written` }
  const opened = open(bytes, trusted)
  return 'code' in opened ? { code: opened.code, message: `the bundle ${path} is refused: ${opened.message}` } : opened
}

async function lookAtStore(folder: string, trusted: readonly KeyObject[], gateway: string | undefined): Promise<StartBundle | undefined> {
  const refuse = (bytes: Uint8Array) => {
    const verified = verifyBundle(bytes, trusted)
    return isRejection(verified) ? verified.message : undefined
  }
  const store = await Store.open(folder, { digestOf, refuse })
  for await (const { bytes } of store.usable()) {
    const opened = open(bytes, trusted)
    if (!('code' in opened) && wrongGateway(opened, gateway) === undefined) return opened
  }
  return undefined
}

function open(bytes: Uint8Array, trusted: readonly KeyObject[]): StartBundle | Refusal {
  const verified = verifyBundle(bytes, trusted)
  if (isRejection(verified)) return verified
  const checked = check(imageOf(bytes), bytes.length)
  if (isRejection(checked)) return checked
  const bundle = openBundle(checked)
  return { gateway: bundle.manifest.gateway, listeners: listenersOf(bundle) }
}

function wrongGateway(bundle: StartBundle, gateway: string | undefined): Refusal | undefined {
  if (gateway === undefined || bundle.gateway === gateway) return undefined
  return { code: 'gateway-mismatch', message: `the bundle is for the gateway \`${bundle.gateway}\`, not for \`${gateway}\`` }
}

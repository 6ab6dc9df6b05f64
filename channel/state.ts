/**
 * What the store remembers besides the bundles themselves: which of them served without complaint, newest first. Two slots, written in turn,
 * each with a checksum and a counter: whatever a crash or a bad sector does to one, the other is whole. Losing both loses nothing but the
 * order, which is rebuilt from the files; no state ever keeps a gateway from starting.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Files, putDurable } from './put-durable.ts'

export interface StoreState {
  /** Grows by one with each write; the slot with the greater one is in force. */
  readonly counter: number
  /** Digests, newest first. */
  readonly good: readonly string[]
}

const SLOTS = ['state-a', 'state-b'] as const
const MAX_STATE_BYTES = 64 * 1024
const MAX_DIGESTS = 64
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** The state in force, or `undefined` when no slot is whole. */
export async function readState(folder: string, files: Files): Promise<StoreState | undefined> {
  let newest: StoreState | undefined
  for (const slot of SLOTS) {
    const state = await readSlot(join(folder, slot), files)
    if (state !== undefined && (newest === undefined || state.counter > newest.counter)) newest = state
  }
  return newest
}

/** Overwrites the slot that is not in force. */
export async function writeState(folder: string, state: StoreState, files: Files): Promise<void> {
  const slot = SLOTS[state.counter % SLOTS.length] as string
  const body = JSON.stringify({ counter: state.counter, good: state.good })
  await putDurable(join(folder, slot), Buffer.from(`${checksum(body)}\n${body}\n`), 0o600, files)
}

async function readSlot(path: string, files: Files): Promise<StoreState | undefined> {
  try {
    if ((await files.stat(path)).size > MAX_STATE_BYTES) return undefined
    const text = (await files.readFile(path)).toString('utf8')
    const newline = text.indexOf('\n')
    const body = text.slice(newline + 1, -1)
    if (text.slice(0, newline) !== checksum(body)) return undefined
    const value: unknown = JSON.parse(body)
    return isState(value) ? value : undefined
  } catch {
    return undefined // missing, unreadable or not JSON: as if it had never been
  }
}

function isState(value: unknown): value is StoreState {
  if (typeof value !== 'object' || value === null || !('counter' in value) || !('good' in value)) return false
  const { counter, good } = value
  return (
    typeof counter === 'number' &&
    Number.isSafeInteger(counter) &&
    counter >= 0 &&
    Array.isArray(good) &&
    good.length <= MAX_DIGESTS &&
    good.every((digest) => typeof digest === 'string' && DIGEST.test(digest))
  )
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

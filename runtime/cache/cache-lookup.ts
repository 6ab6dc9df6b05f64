/** Which stored response answers a request, how old it is, and under which key a new one would stand. */
import { type CacheRequest, varyValue } from './cache-request.ts'
import type { Sharing } from './freshness.ts'
import type { ResponseStore, StoredResponse } from './store.ts'

/** The newest one that the request selects and may have, fresh or not. */
export function findStored(store: ResponseStore, request: CacheRequest): StoredResponse | undefined {
  const { key, ownKey, sharing, ownSharing } = request
  const shared = store.find(key, (response) => response.sharing >= sharing && selects(request, response))
  if (shared !== undefined || ownKey === '') return shared
  return store.find(ownKey, (response) => response.sharing >= ownSharing && selects(request, response))
}

/** Where a response that may be shared so far is stored; empty: nowhere, because others would get what was meant for one. */
export function keyFor(request: CacheRequest, sharing: Sharing): string {
  if (sharing >= request.sharing) return request.key
  return sharing >= request.ownSharing ? request.ownKey : ''
}

/** The values by which `vary` selects among responses, in its order. */
export function selectingValues(request: CacheRequest, vary: readonly string[]): string[] {
  return vary.map((name) => varyValue(name, request.field(name)))
}

/** The same for requests that would get the same: by key, need of sharing, and what the responses so far were selected by. */
export function flightKey(store: ResponseStore, request: CacheRequest, found: StoredResponse | undefined): string {
  const { key, ownKey, sharing, ownSharing } = request
  const isOwn = ownKey !== '' && found?.key !== key
  const mine = isOwn ? ownKey : key
  const values = selectingValues(request, store.varyOf(mine) ?? [])
  return `${mine}\n${isOwn ? ownSharing : sharing}\n${values.join('\n')}`
}

/** RFC 9111 §4.2.3. `nowMs` is monotonic. */
export function ageMs(stored: StoredResponse, nowMs: number): number {
  return stored.initialAgeMs + nowMs - stored.storedAtMs
}

/** How long it stays fresh; negative: for how long it has been stale. */
export function ttlMs(stored: StoredResponse, nowMs: number): number {
  return stored.lifetimeMs - ageMs(stored, nowMs)
}

/** RFC 5861 §4. */
export function mayServeStale(stored: StoredResponse, nowMs: number): boolean {
  return stored.staleIfErrorMs > 0 && ttlMs(stored, nowMs) + stored.staleIfErrorMs > 0
}

function selects(request: CacheRequest, { vary, varyValues }: StoredResponse): boolean {
  for (let i = 0; i < vary.length; i++) {
    const name = vary[i] as string
    if (varyValue(name, request.field(name)) !== varyValues[i]) return false
  }
  return true
}

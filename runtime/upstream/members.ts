/**
 * From endpoints to members: every address of every endpoint is one. IP addresses stand for themselves; for names there is what the resolver has
 * found. Pure: looking up is done elsewhere, once per process (`runtime/backends-watch/`).
 */
import { isIP } from 'node:net'
import type { EndpointPlan } from '../../bundle/plan.ts'

/** Of one backend; what lies behind is left out. */
export const MAX_MEMBERS = 1024
/** Of one name. */
export const MAX_ADDRESSES_PER_NAME = 64

/** One address of a backend, as the supervisor tells the workers. Plain data. */
export interface MemberEntry {
  /** Position of the endpoint in the backend. */
  readonly endpointIndex: number
  /** IP address, or a name that could not be looked up yet. */
  readonly address: string
  readonly port: number
  readonly weight: number
  /** 0 is the best; others are used when none of the best is left (SRV, RFC 2782). */
  readonly priority: number
  /** Of its state that all workers share; -1: none. */
  readonly slot: number
}

/** What a lookup has found, sorted; never empty. */
export type Found =
  | { readonly kind: 'address'; readonly addresses: readonly string[] }
  | { readonly kind: 'srv'; readonly targets: readonly SrvTarget[] }

export interface SrvTarget {
  readonly addresses: readonly string[]
  readonly port: number
  readonly priority: number
  readonly weight: number
}

export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** Somebody has to ask for its addresses. */
export function needsLookup({ host, resolve }: EndpointPlan): boolean {
  return resolve === 'srv' || !isAddress(host)
}

/** The same for as long as it is a member. */
export function memberKey({ endpointIndex, address, port }: MemberEntry): string {
  return `${endpointIndex} ${address} ${port}`
}

/** For people. */
export function addressText({ address, port }: Pick<MemberEntry, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** For its slot, which is the same in all bundles in which the backend and its endpoint have these names. */
export function slotName(backend: string, { host, port }: EndpointPlan, entry: MemberEntry): string {
  return `${backend} ${host} ${port} ${entry.address} ${entry.port}`
}

/** What is known of endpoint `index`; `undefined`: nothing yet, and its member has the name in the place of an address. */
export type FindEndpoint = (endpoint: EndpointPlan, index: number) => Found | undefined

/** All members of a backend in a fixed order, without slots. Never empty. */
export function membersOf(endpoints: readonly EndpointPlan[], find: FindEndpoint = () => undefined): MemberEntry[] {
  const members: MemberEntry[] = []
  for (const [endpointIndex, endpoint] of endpoints.entries()) {
    const { host, port, weight } = endpoint
    const base = { endpointIndex, slot: -1 }
    const found = needsLookup(endpoint) ? find(endpoint, endpointIndex) : undefined
    if (found === undefined) members.push({ ...base, address: host, port, weight, priority: 0 })
    else if (found.kind === 'address') members.push(...found.addresses.map((address) => ({ ...base, address, port, weight, priority: 0 })))
    else members.push(...srvMembers(found.targets, base, weight))
  }
  return unique(members).slice(0, MAX_MEMBERS)
}

/** RFC 2782: weights count within a priority, and 0 has "a very small chance" beside others. */
function srvMembers(targets: readonly SrvTarget[], base: { endpointIndex: number; slot: number }, endpointWeight: number): MemberEntry[] {
  return targets.flatMap(({ addresses, port, priority, weight }) =>
    addresses.map((address) => ({ ...base, address, port, priority, weight: endpointWeight * Math.max(1, weight) })),
  )
}

/** Two SRV targets may have the same address. */
function unique(members: readonly MemberEntry[]): MemberEntry[] {
  const byKey = new Map<string, MemberEntry>()
  for (const member of members) if (!byKey.has(memberKey(member))) byKey.set(memberKey(member), member)
  return [...byKey.values()]
}

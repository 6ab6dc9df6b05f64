/** Asking for addresses and SRV records: as the system does it, `/etc/hosts` included, or from name servers of one's own. */
import { ADDRCONFIG } from 'node:dns'
import { lookup, Resolver, resolveSrv } from 'node:dns/promises'

export interface SrvRecord {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** Both reject when there is nothing. */
export interface NameLookup {
  /** IPv4 and IPv6. */
  addresses(name: string): Promise<string[]>
  srv(name: string): Promise<SrvRecord[]>
}

export const SYSTEM_LOOKUP: NameLookup = {
  addresses: async (name) => {
    // IPv6 addresses are of no use where there is no IPv6, and would fail one by one.
    const found = await lookup(name, { all: true, order: 'verbatim', hints: ADDRCONFIG })
    return found.map(({ address }) => address)
  },
  srv: (name) => resolveSrv(name),
}

/** `servers` as `127.0.0.1:5353`. They know nothing of `/etc/hosts`. */
export function lookupAt(servers: readonly string[], timeoutMs: number): NameLookup {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  resolver.setServers(servers)
  return {
    addresses: async (name) => {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
      const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      if (found.length === 0) throw (v4 as PromiseRejectedResult).reason
      return found
    },
    srv: (name) => resolver.resolveSrv(name),
  }
}

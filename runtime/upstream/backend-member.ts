/** One member of a backend as a worker has it: where it is, how it does, its connections, and who waits for one that is being opened. */
import type { BackendSettings } from './backend-settings.ts'
import type { Balanced } from './balance/balancer.ts'
import type { Carrier } from './carrier.ts'
import { MemberHealth } from './health/member-health.ts'
import { Outlier } from './health/outlier.ts'
import type { Candidate } from './health/usable.ts'
import type { Member } from './member.ts'
import { type MemberEntry, memberKey } from './members.ts'
import type { UpstreamCells } from './shared-cells.ts'
import { MEMBER_WORDS, ownCell } from './shared-cells.ts'
import type { Attempt, StreamClient } from './stream.ts'

/** A client for whom a connection has to be opened. */
export interface Waiter {
  readonly client: StreamClient
  readonly attempt: Attempt
  /** Members that did not take a connection for it. */
  readonly refusedBy: BackendMember[]
  readonly member: BackendMember
  /** Of what is opened for others, HTTP/2 might come out. */
  readonly needsHttp1: boolean
}

export class BackendMember implements Member, Candidate, Balanced {
  index: number
  readonly endpointIndex: number
  readonly address: string
  readonly port: number
  readonly host: string
  readonly isTls: boolean
  readonly authority: string
  readonly pathPrefix: string
  readonly key: string
  readonly health: MemberHealth
  /** `undefined` where the backend has no passive health. */
  readonly outlier: Outlier | undefined
  readonly addedAtMs: number
  weight: number
  priority: number
  share = 0

  /** HTTP/1.1 connections that nobody uses; used last, last. */
  readonly idle: Carrier[] = []
  /** HTTP/2 sessions. */
  readonly sessions: Carrier[] = []
  /** HTTP/1.1 connections in use. */
  busy = 0
  /** Connections being opened; how many of them can only become HTTP/1.1. */
  opening = 0
  openingHttp1 = 0
  readonly waiting: Waiter[] = []
  /** How many of those need HTTP/1.1. */
  waitingHttp1 = 0
  /** What its connections have turned out to speak; `undefined` before the first one was open. */
  protocol: Carrier['protocol'] | undefined

  constructor(settings: BackendSettings, entry: MemberEntry, index: number, addedAtMs: number, cells: UpstreamCells | undefined) {
    const endpoint = settings.endpoints[entry.endpointIndex]
    this.index = index
    this.endpointIndex = entry.endpointIndex
    this.address = entry.address
    this.port = entry.port
    this.host = endpoint?.host ?? entry.address
    this.isTls = endpoint?.isTls ?? false
    this.authority = endpoint?.authority ?? ''
    this.pathPrefix = endpoint?.pathPrefix ?? ''
    this.key = memberKey(entry)
    this.health = new MemberHealth(cells?.member(entry.slot) ?? ownCell(MEMBER_WORDS))
    this.outlier = settings.passiveHealth === undefined ? undefined : new Outlier(settings.passiveHealth, this.health)
    this.addedAtMs = addedAtMs
    this.weight = entry.weight
    this.priority = entry.priority
  }

  /** Requests of this worker that are on it. */
  get active(): number {
    let active = this.busy
    for (const session of this.sessions) active += session.active
    return active
  }

  /** Its connections may turn out to carry many requests each. */
  mayShare(settings: BackendSettings): boolean {
    return settings.protocol === 'http2' || (settings.protocol === 'auto' && this.isTls)
  }

  /** Its connections carry many requests each. */
  isMultiplexed(settings: BackendSettings): boolean {
    return settings.protocol === 'http2' || this.protocol === 'http2'
  }

  /** Nobody knows before the first handshake is over what its connections speak: others wait for it, and do not open one each. */
  isUnknown(settings: BackendSettings): boolean {
    return settings.protocol === 'auto' && this.isTls && this.protocol === undefined
  }

  /** One with room for a request, or `undefined`. The fullest first, so that the others may come to rest. */
  sessionWithRoom(isFresh: boolean): Carrier | undefined {
    let found: Carrier | undefined
    for (const session of this.sessions) {
      if (session.capacity === 0 || (isFresh && session.isUsed)) continue
      if (found === undefined || session.active > found.active) found = session
    }
    return found
  }
}

/**
 * What a bundle says, as plain tables: the compiler's plan ends here and the writer begins here. `writeBundle` decides nothing:
 * whoever builds a plan has put every table in its final order. Names ending in `Index` are 0-based positions in the table of that name.
 */

/** Where something stands in the sources. `file` is relative to the compiled folder, `line` and `column` are 1-based. */
export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface BundlePlan {
  /** Name and version of the compiler, such as `postern 0.1.0`. */
  readonly compiler: string
  readonly gateway: string
  readonly listeners: readonly ListenerPlan[]
  /** Peers whose forwarding fields are believed. */
  readonly trustedProxies: readonly AddressRange[]
  /** Policies the gateway must know, by name and version; sorted by name. Access policies are among them. */
  readonly policies: readonly { readonly name: string; readonly version: number }[]
  readonly apis: readonly { readonly name: string }[]
  readonly routes: readonly RoutePlan[]
  /** What routes say about their traffic, each distinct one once. */
  readonly traffics: readonly TrafficPlan[]
  /** Lists of attachments, each distinct list once. */
  readonly chains: readonly ChainPlan[]
  readonly attachments: readonly AttachmentPlan[]
  /** Configs of policies, written by their compile halves; each distinct one once. Opaque to compiler and bundle. */
  readonly records: readonly Uint8Array[]
  readonly backends: readonly BackendPlan[]
  readonly consumers: readonly ConsumerPlan[]
  /** References to secrets; never a value. */
  readonly secrets: readonly SecretPlan[]
  readonly hosts: readonly HostPlan[]
  /** Path tries of all hosts in one table. A child's index is greater than its parent's. */
  readonly nodes: readonly NodePlan[]
  readonly automata: readonly AutomatonPlan[]
  /** Questions with the answers that this bundle must give; the gateway asks them before it serves. */
  readonly selfTests: readonly SelfTestPlan[]
}

export interface ListenerPlan {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly protocol: 'http' | 'https'
  /** HTTP/2 is offered beside HTTP/1.1: by ALPN on https, with prior knowledge (RFC 9113 §3.3) on http. */
  readonly http2: boolean
  /** Connections of trusted proxies begin with a PROXY protocol header, version 1 or 2. Never 0 by accident: see docs/bundle-format.md. */
  readonly proxyProtocol: boolean
  /** There on https, and only there. */
  readonly tls?: ListenerTlsPlan
  readonly limits: ListenerLimitsPlan
}

export interface ListenerTlsPlan {
  /** PEM chains and keys, by index into the secrets. The first one answers where no other has the name that was asked for. */
  readonly certificates: readonly { readonly certSecretIndex: number; readonly keySecretIndex: number }[]
  readonly clients?: { readonly caSecretIndex: number; readonly mode: 'required' | 'optional' }
  readonly minVersion: '1.2' | '1.3'
}

/** Every one has a default in spec/kinds/gateway.ts. Times in ms, sizes in bytes; all are at least 1 unless said otherwise. */
export interface ListenerLimitsPlan {
  /** Connections per worker. */
  readonly connections: number
  /** Connections of one client address (IPv6: one /64) per gateway process; 0: no limit. */
  readonly connectionsPerAddress: number
  readonly requestLineBytes: number
  readonly headBytes: number
  readonly headFields: number
  readonly handshakeTimeoutMs: number
  readonly headTimeoutMs: number
  readonly bodyIdleTimeoutMs: number
  /** Slower than this over `bodyIdleTimeoutMs`, and the body of a request is given up; 0: no limit. Bytes per second. */
  readonly minBodyRate: number
  readonly writeTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  /** Requests on one connection; 0: no limit. */
  readonly keepAliveRequests: number
  readonly pipelineDepth: number
  /** HTTP/2 streams open at once on one connection. */
  readonly streams: number
  /** Silence in both directions of a tunnel (WebSocket). */
  readonly tunnelIdleTimeoutMs: number
  /** Age at which a connection gets no further request; 0: no limit. */
  readonly maxAgeMs: number
}

/** Both ends included, 16 bytes each in network order; IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2). */
export interface AddressRange {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

export interface RoutePlan {
  readonly apiIndex: number
  /** `GET /forecast/{city}` or an operationId. */
  readonly name: string
  readonly method: string
  /** Base path and template, such as `/weather/forecast/{city}`. */
  readonly template: string
  /** Attachment that decides who may call. There is always one: `public` is a policy too. */
  readonly accessAttachmentIndex: number
  readonly chainIndex: number
  /** Left out where a policy of the chain always answers itself. With a split: the backend of its first part. */
  readonly backendIndex?: number
  /** How its requests are spread, repeated, kept; left out: as the backend says, to the one backend. */
  readonly trafficIndex?: number
  /** Bytes of the canonical path that are taken off before the endpoint's prefix is put in front. */
  readonly strippedBytes: number
  readonly preserveHost: boolean
  /** A policy of the chain answers CORS preflights: such a request is matched by `Access-Control-Request-Method`. */
  readonly answersPreflight: boolean
  readonly source: SourcePosition
}

/** Indices of attachments. On responses they run in reverse, the request list first. */
export interface ChainPlan {
  /** Before access is decided. */
  readonly early: readonly number[]
  /** After access was granted. */
  readonly request: readonly number[]
}

/** One use of a policy at one place of the sources. Its id keys its state and its metrics, and is the same from bundle to bundle. */
export interface AttachmentPlan {
  /** Such as `api/weather#rate-limit`, with `/2` and so on behind a second one at the same place. */
  readonly id: string
  readonly policyIndex: number
  readonly recordIndex: number
  readonly source: SourcePosition
}

/** What a route or its Api says beyond its backend. */
export interface TrafficPlan {
  /** Empty: no split. Weights are 0 to 65535 and not all 0. */
  readonly split: readonly { readonly backendIndex: number; readonly weight: number }[]
  /** Who stays with the part that was chosen first. `cookie` has a name. */
  readonly sticky?: { readonly by: 'consumer' | 'cookie'; readonly name: string }
  /** `share` in parts of 10 000. */
  readonly mirror?: { readonly backendIndex: number; readonly share: number }
  /** Instead of the backend's; left out: the backend's. */
  readonly totalTimeoutMs?: number
  readonly retry?: RetryPlan
  readonly cache?: CachePlan
  readonly compress?: CompressPlan
}

/** RFC 9111. Left-out times are not the same as 0. */
export interface CachePlan {
  /** Freshness of responses that say nothing themselves; left out: only what the response says. */
  readonly ttlMs?: number
  /** Overrides what the response says (RFC 5861). */
  readonly staleIfErrorMs?: number
  /** Request fields, lower case, sorted, that are part of the key whatever `Vary` says. */
  readonly vary: readonly string[]
  /** Largest response kept. */
  readonly maxObjectBytes: number
}

export interface CompressPlan {
  /** In order of preference. */
  readonly encodings: readonly ('br' | 'zstd' | 'gzip')[]
  readonly minBytes: number
  /** Media types, lower case; `text/*` allowed. */
  readonly types: readonly string[]
}

export type RetryCondition = 'connect' | 'reset' | 'timeout' | 'refused-stream'

export interface RetryPlan {
  /** Further attempts after the first; 0: none. */
  readonly attempts: number
  readonly on: readonly RetryCondition[]
  /** Statuses, sorted. */
  readonly statuses: readonly number[]
  /** 0: only the other timeouts count. */
  readonly perTryMs: number
  /** Retries may be this share of the active requests of the backend, in percent; at least a few are always allowed. */
  readonly budgetPercent: number
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
}

export type BalancePlan =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-request' }
  /** `name` of the header or cookie, lower case for headers; empty otherwise. */
  | { readonly kind: 'consistent-hash'; readonly by: 'header' | 'cookie' | 'consumer' | 'ip'; readonly name: string }

export interface BackendPlan {
  readonly name: string
  readonly endpoints: readonly EndpointPlan[]
  readonly protocol: 'auto' | 'http1' | 'http2'
  readonly balance: BalancePlan
  /** Empty: the system chooses. */
  readonly sourceAddress: string
  readonly connectTimeoutMs: number
  readonly tlsTimeoutMs: number
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  /** From the head of the request to the end of the response; 0: no limit. */
  readonly totalTimeoutMs: number
  readonly maxConnections: number
  readonly maxPending: number
  readonly pendingTimeoutMs: number
  readonly poolIdleMs: number
  /** A new or recovered endpoint gets its full share after this time; 0: at once. */
  readonly slowStartMs: number
  /** How often names of endpoints are looked up again. */
  readonly resolveIntervalMs: number
  readonly activeHealth?: ActiveHealthPlan
  readonly passiveHealth?: PassiveHealthPlan
  readonly breaker?: BreakerPlan
  readonly retry: RetryPlan
  readonly tls: BackendTlsPlan
  readonly source: SourcePosition
}

export interface ActiveHealthPlan {
  /** `tcp`: a connection is enough. */
  readonly kind: 'http' | 'tcp'
  readonly path: string
  /** Host field; empty: the endpoint's authority. */
  readonly host: string
  /** Inclusive range of statuses that are healthy. */
  readonly minStatus: number
  readonly maxStatus: number
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly healthyAfter: number
  readonly unhealthyAfter: number
}

export interface PassiveHealthPlan {
  readonly consecutiveFailures: number
  /** Share of failures in `intervalMs`, in percent, from `minRequests` on; 0: not looked at. */
  readonly failurePercent: number
  readonly minRequests: number
  readonly intervalMs: number
  /** First ejection; each further one is longer by this, up to `maxEjectMs`. */
  readonly ejectMs: number
  readonly maxEjectMs: number
  /** When less than this share of the endpoints would be left, in percent, all of them are used. */
  readonly panicBelowPercent: number
}

export interface BreakerPlan {
  readonly failurePercent: number
  readonly minRequests: number
  readonly windowMs: number
  readonly openMs: number
}

/** Used for endpoints with https. */
export interface BackendTlsPlan {
  /** Left out: the system's certificate authorities. */
  readonly caSecretIndex?: number
  /** For SNI and verification; empty: the endpoint's host. */
  readonly serverName: string
  readonly verify: boolean
  readonly certSecretIndex?: number
  readonly keySecretIndex?: number
}

export interface EndpointPlan {
  /** Name or address without brackets. */
  readonly host: string
  readonly port: number
  /** What `Host` says: host with brackets where needed, and the port unless it is the scheme's own. */
  readonly authority: string
  /** Canonical, without a slash at the end; may be empty. */
  readonly pathPrefix: string
  readonly isTls: boolean
  /** 0 to 65535; 0 gets nothing while another endpoint has more. */
  readonly weight: number
  /** How addresses are found: `address` by A and AAAA (an IP address stands for itself), `srv` by SRV records, whose ports count. */
  readonly resolve: 'address' | 'srv'
}

export interface ConsumerPlan {
  readonly name: string
  readonly keys: readonly {
    /** SHA-256 of the key, 32 bytes. */
    readonly digest: Uint8Array
    /** Seconds since 1970 from which on the key is refused; `NEVER_EXPIRES` for none. 0 has always expired. */
    readonly expiresAtSeconds: number
  }[]
}

export const NEVER_EXPIRES = 0xffff_ffff

export interface SecretPlan {
  readonly kind: 'env' | 'file'
  /** The variable's name or the file's absolute path. */
  readonly name: string
}

/** `api.example.com`, `*.example.com` (one or more labels in front) or `` (any host); lower case, sorted by pattern. */
export interface HostPlan {
  readonly pattern: string
  readonly rootNodeIndex: number
}

/** What may follow after a prefix of segments. Preference: literal, constrained, parameter, rest. */
export interface NodePlan {
  /** Sorted by bytes of the label. The label may be empty: `/a/` has the segments `a` and ``. */
  readonly literals: readonly { readonly label: string; readonly nodeIndex: number }[]
  /** At most one automaton of a node accepts a given segment. */
  readonly constrained: readonly { readonly automatonIndex: number; readonly nodeIndex: number }[]
  /** Child for any one non-empty segment. */
  readonly parameterNodeIndex?: number
  /** Routes that end here, sorted by method id; a GET stands again as HEAD unless HEAD has its own. */
  readonly routes: readonly MethodRoute[]
  /** Routes whose template goes on with `/**`: zero or more segments of any kind. */
  readonly rest: readonly MethodRoute[]
}

export interface MethodRoute {
  readonly methodId: number
  readonly routeIndex: number
}

/** A deterministic automaton over the bytes of one segment. State 0 is dead, 1 is the start. */
export interface AutomatonPlan {
  /** The constraint as it was written, for people. */
  readonly pattern: string
  readonly stateCount: number
  /** 256 entries: byte -> class. */
  readonly classes: Uint8Array
  readonly classCount: number
  /** `stateCount * classCount` entries: state, class -> state. */
  readonly transitions: Uint16Array
  /** `stateCount` entries, 1 where a segment may end. */
  readonly accepting: Uint8Array
}

export interface SelfTestPlan {
  readonly method: string
  readonly host: string
  /** In canonical form, without a query. */
  readonly path: string
  /** Left out: no route of the bundle may match. */
  readonly routeIndex?: number
}

/** Methods a route can have, by id. 0 is no method: a request with any other token matches no route. */
export const METHODS = ['', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'] as const

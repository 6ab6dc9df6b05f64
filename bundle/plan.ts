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
  readonly protocol: 'http'
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
  /** Left out where a policy of the chain always answers itself. */
  readonly backendIndex?: number
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

export interface BackendPlan {
  readonly name: string
  readonly endpoints: readonly EndpointPlan[]
  /** Empty: the system chooses. */
  readonly sourceAddress: string
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxConnections: number
  readonly maxPending: number
  readonly pendingTimeoutMs: number
  readonly poolIdleMs: number
  readonly source: SourcePosition
}

export interface EndpointPlan {
  /** Name or address without brackets. */
  readonly host: string
  readonly port: number
  /** What `Host` says: host with brackets where needed, and the port unless it is the scheme's own. */
  readonly authority: string
  /** Canonical, without a slash at the end; may be empty. */
  readonly pathPrefix: string
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

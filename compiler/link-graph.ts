/** What `link` makes: resources with every name resolved. From here on nothing can dangle. */

import type { Range } from '../spec/diagnostic.ts'
import type { StickyKey } from '../spec/hash-key.ts'
import type { RouteSpec } from '../spec/kinds/api.ts'
import type { RetrySpec } from '../spec/kinds/retry.ts'
import type { RouteMethod } from '../spec/method.ts'
import type { Automaton } from './automaton.ts'
import type { Document, Path, ResourceOf } from './document.ts'

export interface Graph {
  /** All tables are sorted by name. */
  readonly gateways: readonly LinkedGateway[]
  readonly apis: readonly LinkedApi[]
  readonly backends: readonly LinkedBackend[]
  /** The position here is the consumer's index in every bundle. */
  readonly consumers: readonly ResourceOf<'Consumer'>[]
  readonly policySets: readonly ResourceOf<'PolicySet'>[]
  /** Names of policy sets that something uses. */
  readonly usedPolicySets: ReadonlySet<string>
}

export interface LinkedGateway extends PolicyScope {
  readonly name: string
  readonly resource: ResourceOf<'Gateway'>
}

export interface LinkedApi extends PolicyScope {
  readonly name: string
  readonly resource: ResourceOf<'Api'>
  /** Each once, sorted; empty for any host. */
  readonly hosts: readonly string[]
  /** Canonical; may be empty. */
  readonly basePath: string
  readonly baseSegments: readonly string[]
  /** Sorted by template, then method. Routes with a mistake are left out. */
  readonly routes: readonly LinkedRoute[]
}

export interface LinkedBackend {
  readonly name: string
  readonly resource: ResourceOf<'Backend'>
  /** Whether a route or an API names it. */
  isUsed: boolean
}

/** A place where access and policies can be written: gateway, API or route. */
export interface PolicyScope {
  /** Such as `api/weather`: the beginning of its attachments' ids. */
  readonly id: string
  readonly access?: PolicyPlace
  /** In the order written, policy sets put in. */
  readonly policies: readonly PolicyPlace[]
}

/** One policy with its config, where it stands in the sources. */
export interface PolicyPlace {
  readonly policy: string
  readonly config: unknown
  readonly document: Document
  /** Path to the config. */
  readonly path: Path
}

export interface LinkedRoute extends PolicyScope {
  readonly api: LinkedApi
  /** As it was written: `GET /forecast/{city}`. */
  readonly key: string
  readonly name: string
  readonly method: RouteMethod
  readonly methodId: number
  /** Base path and template. */
  readonly template: string
  /** Segments behind the base path. */
  readonly segments: readonly RouteSegment[]
  /** `undefined`: none named; `null`: one that does not exist, which has been reported. */
  readonly backend: LinkedBackend | null | undefined
  /** Shared by all routes of an Api that say nothing themselves. With a split, `backend` is that of its first part. */
  readonly traffic: LinkedTraffic | undefined
  readonly stripsBasePath: boolean
  readonly preservesHost: boolean
  /** Where it stands: the key in `routes`, or the operation in an OpenAPI document. */
  readonly document: Document
  readonly range: Range
}

/** What is in force on a route beyond its backend: what it says itself over what its Api says. */
export interface LinkedTraffic {
  /** Empty: none. */
  readonly split: readonly { readonly backend: LinkedBackend; readonly weight: number }[]
  readonly sticky?: StickyKey & { readonly range: Range }
  /** `share` in parts of 10 000, at least 1. */
  readonly mirror?: { readonly backend: LinkedBackend; readonly share: number }
  /** 0: no limit. Left out: the backend's. */
  readonly totalTimeoutMs?: number
  /** To be put over those of the backend, one after the other. */
  readonly retries: readonly RetrySpec[]
  readonly cache?: {
    readonly spec: Exclude<NonNullable<RouteSpec['cache']>, 'off'>
    readonly range: Range
    /** The route says so itself. */
    readonly isOwn?: boolean
  }
  readonly compress?: Exclude<NonNullable<RouteSpec['compress']>, boolean>
}

export type RouteSegment =
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'parameter'; readonly name: string }
  | { readonly type: 'constrained'; readonly name: string; readonly automaton: Automaton }
  | { readonly type: 'rest' }

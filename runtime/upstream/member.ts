/** One address of a backend: where a connection goes, and what requests that go there say. Its state (health, load) is its owner's. */

export interface Member {
  /** Position among the members of its backend now; -1 when it is not among them any more. */
  index: number
  /** Position of the endpoint in the bundle that it comes from. */
  readonly endpointIndex: number
  /** IP address to connect to, without brackets; a name only while nobody has resolved it yet. */
  readonly address: string
  readonly port: number
  /** The endpoint's host name as written: for SNI and verification, where the backend's `serverName` says nothing. */
  readonly host: string
  readonly isTls: boolean
  /** What `Host` or `:authority` says. */
  readonly authority: string
  /** Canonical, without a slash at the end; may be empty. */
  readonly pathPrefix: string
}

/**
 * Limits that compiler and gateway share: the compiler refuses what a gateway would refuse, from the same table.
 * Counts are numbers of things, sizes are bytes.
 */
export const LIMITS = {
  /** A bundle file. */
  bundleBytes: 512 * 1024 * 1024,
  manifestBytes: 64 * 1024,
  listeners: 64,
  certificatesPerListener: 256,
  /** What a listener's own limits can be raised to. */
  requestLineBytes: 64 * 1024,
  headBytes: 1024 * 1024,
  headFields: 10_000,
  streams: 10_000,
  trustedProxies: 1024,
  apis: 100_000,
  routes: 5_000_000,
  nodes: 20_000_000,
  hosts: 1_000_000,
  traffics: 1_000_000,
  splitParts: 64,
  retryAttempts: 10,
  cacheKeyFields: 32,
  compressedTypes: 256,
  backends: 100_000,
  endpointsPerBackend: 256,
  consumers: 5_000_000,
  attachments: 10_000_000,
  attachmentsPerChain: 256,
  recordBytes: 1024 * 1024,
  secrets: 10_000,
  /** Segments of a path. A request with more matches nothing. */
  pathSegments: 256,
  pathBytes: 8 * 1024,
  hostBytes: 253,
  /** Trie nodes that one request can make the router visit. Without a bound, 65 536 routes over `{x,{p}}^16` cost 28 ms for each 404. */
  visitedNodes: 4096,
  automatonStates: 4096,
  selfTests: 4096,
} as const

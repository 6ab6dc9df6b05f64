/** What cache, compression and mirroring count, each with the metric and the label that it has. */

/** What became of a request on a route with `cache`. */
export const CACHE_RESULTS = ['hit', 'stale', 'revalidated', 'miss', 'bypass'] as const
export type CacheResult = (typeof CACHE_RESULTS)[number]

/** How a response was compressed; `busy`: not at all, because the worker had as many under way as it may. */
export const COMPRESS_RESULTS = ['br', 'zstd', 'gzip', 'busy'] as const
export type CompressResult = (typeof COMPRESS_RESULTS)[number]

/**
 * `answered`: whatever the status. `failed`: no answer. `timeout`: not in time. `dropped`: no room here or in the backend's pool.
 * `body-too-long`. `incomplete`: the client has not sent all of it.
 */
export const MIRROR_RESULTS = ['answered', 'failed', 'timeout', 'dropped', 'body-too-long', 'incomplete'] as const
export type MirrorResult = (typeof MIRROR_RESULTS)[number]

export type TrafficResult = `cache ${CacheResult}` | `compress ${CompressResult}` | `mirror ${MirrorResult}`

/** In the order of the counters. */
export const TRAFFIC_RESULTS: readonly TrafficResult[] = [
  ...CACHE_RESULTS.map((result) => `cache ${result}` as const),
  ...COMPRESS_RESULTS.map((result) => `compress ${result}` as const),
  ...MIRROR_RESULTS.map((result) => `mirror ${result}` as const),
]

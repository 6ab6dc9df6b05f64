/** Metrics of what routes say about their traffic: cache, compression, mirrors. */
import { CACHE_RESULTS, COMPRESS_RESULTS, MIRROR_RESULTS, type TrafficResult } from '../traffic/traffic-results.ts'
import type { Counters } from './counters.ts'

type Add = (
  name: string,
  help: string,
  type: 'counter',
  values: () => readonly { readonly value: number; readonly labels: { readonly [label: string]: string } }[],
) => void

export function addTrafficMetrics(add: Add, seats: readonly Counters[]): void {
  const counter = (name: string, help: string, label: string, family: string, results: readonly string[]) =>
    add(name, help, 'counter', () =>
      results.map((result) => ({ value: total(seats, `${family} ${result}` as TrafficResult), labels: { [label]: result } })),
    )
  counter(
    'postern_cache_requests_total',
    'Requests on routes with a cache, by what became of them there.',
    'result',
    'cache',
    CACHE_RESULTS,
  )
  counter(
    'postern_compressed_responses_total',
    'Responses by encoding; `busy` had to go as they were because too many were under way.',
    'encoding',
    'compress',
    COMPRESS_RESULTS,
  )
  counter(
    'postern_mirrored_requests_total',
    'Requests chosen for a mirror, by what became of them there.',
    'result',
    'mirror',
    MIRROR_RESULTS,
  )
}

function total(seats: readonly Counters[], result: TrafficResult): number {
  let sum = 0
  for (const seat of seats) sum += seat.trafficCount(result)
  return sum
}

/**
 * What a bundle of 100 000 routes in 1 000 APIs costs: writing, hashing, checking, opening, a step of the path trie, and a whole route found
 * with cold caches. CPU time, medians.
 *
 *     node bench/bundle.bench.ts [--routes 100000] [--rounds 5]
 */
import { generateKeyPairSync } from 'node:crypto'
import { parseArgs } from 'node:util'
import {
  type Bundle,
  check,
  imageOf,
  isRejection,
  openBundle,
  segmentHash,
  signBundle,
  verifyBundle,
  writeBundle,
} from '../bundle/bundle.ts'
import { METHODS } from '../bundle/plan.ts'
import { planOf, type SampleRoute } from '../bundle/sample.fuzz.ts'
import { Router } from '../runtime/router.ts'

const { values } = parseArgs({ options: { routes: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } } })
const routeCount = Number(values.routes)
const rounds = Number(values.rounds)
const ROUTES_PER_API = 100
/** In the order of a random walk, so that the caches see what uniform traffic would show them. */
const LOOKUPS = 1_000_000

/** Eight routes per resource, as REST APIs have them: a collection, an item, a part and an action. */
function routesOf(count: number): SampleRoute[] {
  const routes: SampleRoute[] = []
  for (let index = 0; routes.length < count; index++) {
    const api = Math.floor(routes.length / ROUTES_PER_API)
    const resource = [`team-${api % 37}-api-${api}`, 'v1', `resource-${index % 13}-${index}`]
    const add = (method: string, ...tail: string[]) => routes.push({ host: '', method, segments: [...resource, ...tail], rest: false })
    add('GET')
    add('POST')
    add('GET', '{}')
    add('PUT', '{}')
    add('DELETE', '{}')
    add('GET', '{}', 'parts', '{}')
    add('POST', '{}', 'actions')
    add('GET', 'summary-of-all-things')
  }
  return routes.slice(0, count)
}

function median(measure: () => number): number {
  const all = Array.from({ length: rounds }, measure).sort((a, b) => a - b)
  return all[all.length >> 1] as number
}

/** CPU time of this thread, for machines that do other things as well; garbage collectors' threads are not in it. */
function milliseconds(run: () => unknown): number {
  const start = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}

const table = routesOf(routeCount)
const plan = planOf(table)
const bytes = writeBundle(plan)
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const signed = signBundle(bytes, privateKey)
const image = imageOf(signed)
let checked = check(image, 0)
const firstCheckMs = milliseconds(() => {
  checked = check(image, signed.length)
})
if (isRejection(checked)) throw new Error(checked.message)
const opened = checked
const bundle = openBundle(opened)

print('routes', table.length)
print('nodes', bundle.manifest.counts.nodes)
print(
  'literal edges',
  plan.nodes.reduce((sum, node) => sum + node.literals.length, 0),
)
print('file, MiB', signed.length / 2 ** 20)
for (const { tag, size } of [...bundle.sections].sort((a, b) => b.size - a.size).slice(0, 6)) print(`  ${tag}, MiB`, size / 2 ** 20)
print('first check of the process, ms', firstCheckMs)
print(
  'write, ms',
  median(() => milliseconds(() => writeBundle(plan))),
)
print(
  'verify, ms',
  median(() => milliseconds(() => verifyBundle(signed, [publicKey]))),
)
print(
  'check, ms',
  median(() => milliseconds(() => check(image, signed.length))),
)
print(
  'open, ms',
  median(() => milliseconds(() => openBundle(opened))),
)
printLookups(bundle)
printRouting(bundle)
printNodeLayouts()

/** ns per call of `trie.literal`, uniformly over all literal edges: found, and asked for at a node that has others. */
function printLookups({ trie }: Bundle): void {
  const edges = [...trie.literals()]
  const order = Uint32Array.from({ length: LOOKUPS }, (_, index) => (Math.imul(index, 0x9e37_79b1) >>> 0) % edges.length)
  const labels = Buffer.from(edges.map(({ label }) => label).join(''))
  const starts = new Uint32Array(edges.length + 1)
  const hashes = new Int32Array(edges.length)
  const parents = new Uint32Array(edges.length)
  for (const [index, { label, parent }] of edges.entries()) {
    const start = starts[index] as number
    starts[index + 1] = start + Buffer.byteLength(label)
    hashes[index] = segmentHash(labels, start, starts[index + 1] as number)
    parents[index] = parent
  }
  let found = 0
  const hits = () => {
    for (let index = 0; index < LOOKUPS; index++) {
      const edge = order[index] as number
      if (trie.literal(parents[edge] as number, hashes[edge] as number, labels, starts[edge] as number, starts[edge + 1] as number) !== 0)
        found++
    }
  }
  const misses = () => {
    for (let index = 0; index < LOOKUPS; index++) {
      const edge = order[index] as number
      if (
        trie.literal(parents[edge] as number, (hashes[edge] as number) ^ 1, labels, starts[edge] as number, starts[edge + 1] as number) !==
        0
      )
        found++
    }
  }
  const loop = () => {
    for (let index = 0; index < LOOKUPS; index++) {
      const edge = order[index] as number
      found += (parents[edge] as number) + (hashes[edge] as number) + (starts[edge] as number) + (starts[edge + 1] as number)
    }
  }
  const perCall = (run: () => void) => (median(() => milliseconds(run)) * 1e6) / LOOKUPS
  const empty = perCall(loop)
  print('literal found, ns', perCall(hits) - empty)
  print('literal not found, ns', perCall(misses) - empty)
  if (found === 0) throw new Error('nothing was found')
}

/**
 * ns per `Router.find` over all routes in random order, when each finds the caches as a request leaves them: 512 other cache lines are written
 * to in between, as the rest of a request does, in 16 MiB that come around again.
 */
function printRouting(opened: Bundle): void {
  const requests = 100_000
  const heads = Array.from({ length: requests }, (_, index) => {
    const route = table[(Math.imul(index, 0x9e37_79b1) >>> 0) % table.length] as SampleRoute
    const path = Buffer.from(route.segments.map((segment) => `/${segment === '{}' ? 'value' : segment}`).join(''))
    return { path, methodId: METHODS.indexOf(route.method as 'GET') }
  })
  const others = new Float64Array((16 * 2 ** 20) / 8)
  const host = Buffer.alloc(0)
  const router = new Router()
  let at = 0
  let found = 0
  const walk = (find: boolean) => () => {
    for (const { path, methodId } of heads) {
      for (let line = 0; line < 512; line++) {
        at = (at + 8) % others.length
        others[at] = (others[at] as number) + 1
      }
      found += find ? router.find(opened, methodId, host, 0, 0, path, 0, path.length) : (path[0] as number)
    }
  }
  const perCall = (find: boolean) => (median(() => milliseconds(walk(find))) * 1e6) / requests
  print('route found with cold caches, ns', perCall(true) - perCall(false))
  if (found === 0) throw new Error('nothing was found')
}

/** Why nodes are rows and not columns: ns per node whose four words are read, each read waiting for the one before. */
function printNodeLayouts(): void {
  const nodes = 250_000
  const rows = Int32Array.from({ length: nodes * 4 }, (_, index) => index)
  const columns = [0, 1, 2, 3].map((word) => Int32Array.from({ length: nodes }, (_, index) => index * 4 + word))
  const [a, b, c, d] = columns as [Int32Array, Int32Array, Int32Array, Int32Array]
  const order = Uint32Array.from({ length: LOOKUPS }, (_, index) => (Math.imul(index, 0x9e37_79b1) >>> 0) % (nodes - 1))
  let sum = 0
  const byRows = () => {
    for (let index = 0; index < LOOKUPS; index++) {
      const at = ((order[index] as number) + (sum & 1)) * 4
      sum = (rows[at] as number) ^ (rows[at + 1] as number) ^ (rows[at + 2] as number) ^ (rows[at + 3] as number)
    }
  }
  const byColumns = () => {
    for (let index = 0; index < LOOKUPS; index++) {
      const at = (order[index] as number) + (sum & 1)
      sum = (a[at] as number) ^ (b[at] as number) ^ (c[at] as number) ^ (d[at] as number)
    }
  }
  print('node as a row, ns', (median(() => milliseconds(byRows)) * 1e6) / LOOKUPS)
  print('node as columns, ns', (median(() => milliseconds(byColumns)) * 1e6) / LOOKUPS)
}

function print(what: string, value: number | string): void {
  process.stdout.write(
    `${what.padEnd(32)}${typeof value === 'number' ? (Number.isInteger(value) ? String(value) : value.toFixed(2)) : value}\n`,
  )
}

import t from 'tap'
import { Edit } from './edit.fuzz.ts'
import { segmentHash } from './hash.ts'
import { LIMITS } from './limits.ts'
import { METHODS } from './plan.ts'
import { open, planOf, type SampleRoute, samplePlan } from './sample.fuzz.ts'
import { bitCount, sizeClassOf, type Trie } from './trie.ts'
import { visitsByNode } from './visits.ts'

const GET = METHODS.indexOf('GET')
const HEAD = METHODS.indexOf('HEAD')
const POST = METHODS.indexOf('POST')

function child(trie: Trie, node: number, label: string): number {
  const bytes = Buffer.from(`before/${label}/behind`)
  const end = bytes.length - '/behind'.length
  return trie.literal(node, segmentHash(bytes, 'before/'.length, end), bytes, 'before/'.length, end)
}

const route = (method: string, path: string): SampleRoute => ({ host: '', method, segments: path.split('/').slice(1), rest: false })

t.test('a literal child is found by its bytes, short or long, also the empty one', (t) => {
  const labels = ['', 'a', 'exactly-20-bytes-all', 'twenty-one-bytes-in-x', 'twenty-one-bytes-in-y', 'ü', 'a'.repeat(LIMITS.pathBytes)]
  const { trie } = open(planOf(labels.map((label) => route('GET', `/${label}`))))
  const found = labels.map((label) => child(trie, 0, label))
  t.equal(new Set(found).size, labels.length)
  t.notOk(found.includes(0))
  for (const label of ['b', 'exactly-20-bytes-alL', 'exactly-20-bytes-all-', 'twenty-one-bytes-in-z', 'twenty-one-bytes-in-', 'u', 'aa'])
    t.equal(child(trie, 0, label), 0)
  t.equal(child(trie, found[0] as number, 'a'), 0, 'a leaf has no children')
  t.end()
})

t.test('a label that has the hash of another one is told apart by its bytes', (t) => {
  const { trie } = open(planOf([route('GET', '/a')]))
  const bytes = Buffer.from('b')
  t.equal(trie.literal(0, segmentHash(Buffer.from('a'), 0, 1), bytes, 0, 1), 0)
  t.end()
})

t.test('routes of a node are found by method; GET answers HEAD unless HEAD has its own', (t) => {
  const { trie } = open(planOf([route('GET', '/a'), route('POST', '/a'), route('GET', '/b'), route('HEAD', '/b')]))
  const [a, b] = [child(trie, 0, 'a'), child(trie, 0, 'b')]
  t.equal(trie.methods(a), (1 << GET) | (1 << HEAD) | (1 << POST))
  t.strictSame(
    [0, GET, HEAD, POST].map((id) => trie.route(a, id)),
    [-1, 0, 0, 1],
  )
  t.strictSame(
    [GET, HEAD, POST].map((id) => trie.route(b, id)),
    [2, 3, -1],
  )
  t.equal(trie.restMethods(a), 0)
  t.equal(trie.rest(a, GET), -1)
  t.end()
})

t.test('rest routes stand behind the others of their node', (t) => {
  const rest = (method: string): SampleRoute => ({ ...route(method, '/a'), rest: true })
  const { trie } = open(planOf([route('GET', '/a'), rest('POST'), rest('GET')]))
  const a = child(trie, 0, 'a')
  t.strictSame([trie.route(a, GET), trie.route(a, POST), trie.rest(a, GET), trie.rest(a, POST)], [0, -1, 2, 1])
  t.equal(trie.restMethods(a), (1 << GET) | (1 << HEAD) | (1 << POST))
  t.end()
})

t.test('constrained children and the parameter', (t) => {
  const { trie, automata } = open(planOf([route('GET', '/{digits}'), route('GET', '/{letters}'), route('GET', '/{}')]))
  t.equal(trie.constrainedCount(0), 2)
  t.strictSame(
    [0, 1].map((position) => automata.pattern(trie.constrainedAutomaton(0, position))),
    ['[0-9]+', '[a-z]+'],
  )
  t.equal(trie.route(trie.constrainedChild(0, 0), GET), 0)
  t.equal(trie.route(trie.constrainedChild(0, 1), GET), 1)
  t.equal(trie.route(trie.parameter(0), GET), 2)
  t.equal(trie.constrainedCount(trie.parameter(0)), 0)
  t.equal(trie.parameter(trie.parameter(0)), 0)
  t.end()
})

t.test('the only constrained child of a node stands in the node', (t) => {
  const { trie, automata, sections } = open(planOf([route('GET', '/{letters}')]))
  t.equal(sections.find(({ tag }) => tag === 'CNST')?.count, 0)
  t.equal(trie.constrainedCount(0), 1)
  t.equal(automata.pattern(trie.constrainedAutomaton(0, 0)), '[a-z]+')
  t.equal(trie.route(trie.constrainedChild(0, 0), GET), 0)
  t.end()
})

t.test('the only route of a node stands in the node, also when it is a GET or goes on', (t) => {
  const places = (routes: SampleRoute[]) => open(planOf(routes)).sections.find(({ tag }) => tag === 'NRTE')?.count
  t.equal(places([route('GET', '/a'), { ...route('DELETE', '/b'), rest: true }]), 0)
  t.equal(places([route('GET', '/a'), { ...route('GET', '/a'), rest: true }]), 4)
  t.equal(places([route('GET', '/a'), route('HEAD', '/a')]), 2)
  t.end()
})

t.test('what is below a node stands right behind it, literals first, and a slot tells the table of its child', (t) => {
  const { trie } = open(planOf(['/a/b', '/a/c', '/a/d/{}', '/z'].map((path) => route('GET', path))))
  // The root at 0 with 4 slots, a at 5 with 8, b, c, d, {}, z.
  t.strictSame([...trie.nodes()], [0, 5, 14, 15, 16, 17, 18])
  t.strictSame(
    [...trie.nodes()].map((node) => trie.slots(node)),
    [4, 8, 0, 0, 0, 0, 0],
  )
  const bytes = Buffer.from('a')
  const slot = trie.slot(0, 4, segmentHash(bytes, 0, 1), bytes, 0, 1)
  t.strictSame([trie.child(slot), trie.slotsBehind(slot)], [5, 8])
  t.equal(trie.slotsBehind(trie.slot(0, 4, segmentHash(Buffer.from('z'), 0, 1), Buffer.from('z'), 0, 1)), 0)
  t.strictSame([sizeClassOf(0), sizeClassOf(1), sizeClassOf(4), sizeClassOf(2 ** 24)], [0, 1, 3, 25])
  t.end()
})

t.test('a node that does not exist has nothing', (t) => {
  const { trie } = open(samplePlan())
  for (const node of [-1, 26, 2 ** 30, Number.NaN]) {
    t.strictSame(
      [trie.parameter(node), trie.methods(node), trie.restMethods(node), trie.route(node, GET), trie.rest(node, GET)],
      [0, 0, 0, -1, -1],
    )
    t.strictSame([trie.constrainedCount(node), child(trie, node, 'files')], [0, 0])
  }
  t.end()
})

t.test('bits of 16 are counted', (t) => {
  for (let bits = 0; bits < 65_536; bits += 7) if (bitCount(bits) !== bits.toString(2).replaceAll('0', '').length) t.fail(String(bits))
  t.equal(bitCount(0xffff), 16)
  t.end()
})

t.test('a trie whose walk would explode is refused by the limit that the compiler uses', (t) => {
  // Each level doubles: 2^(depth + 1) - 1 nodes.
  const levels = (depth: number) => {
    const routes: SampleRoute[] = []
    for (let bits = 0; bits < 2 ** depth; bits++) {
      routes.push(route('GET', `/${Array.from({ length: depth }, (_, level) => ((bits >> level) & 1 ? 'x' : '{}')).join('/')}`))
    }
    return planOf(routes)
  }
  t.equal(visitsByNode(levels(3).nodes)[0], 15)
  t.equal(new Edit(levels(11)).verdict(), 'accepted')
  t.match(new Edit(levels(12)).verdict(), /^nodes: a request could visit more than 4096 nodes from node \d+ on$/)
  t.end()
})

t.test('a trie deeper than any path is refused', (t) => {
  const deep = (depth: number) => new Edit(planOf([route('GET', '/a'.repeat(depth))])).verdict()
  t.equal(deep(LIMITS.pathSegments), 'accepted')
  // Each of the 257 nodes above has one slot.
  t.equal(deep(LIMITS.pathSegments + 1), 'nodes: node 514 is deeper than 256 segments')
  t.end()
})

t.test('what the checker says of a damaged trie', (t) => {
  // Rows of the sample, slots in brackets: 0 weather's root [1], 2 weather [3], 4 forecast [5], 6 long label, 7 {}; 8 wildcard's root [9],
  // 10 files [11 to 14], 15 übersicht, 16 zwei, 17 {digits}; 18 api.example.com's root [19], 20 stations, 21 {digits}, 22 {letters},
  // 23 {} [24], 25 the empty segment.
  const row = (index: number, word: number, value: number) => new Edit().word('NODE', index * 8 + word, value).verdict()
  const slotsOfFiles = [0, 1, 2, 3].map((position) => new Edit().section('NODE').readUInt32LE((11 + position) * 32))
  const free = slotsOfFiles.indexOf(0)

  t.equal(row(1, 0, 26), 'nodes: node 0 has slot 0, which does not lead forward to a node')
  t.equal(row(19, 0, 18), 'nodes: node 18 has slot 0, which does not lead forward to a node')
  t.equal(row(19, 0, 0xffff_ffff), 'nodes: node 18 has slot 0, which does not lead forward to a node')
  t.equal(row(1, 0, 7), 'nodes: node 4 leads to a node that has a parent already')
  t.equal(row(19, 0, 24), 'nodes: node 20 cannot be reached')
  t.equal(row(19, 1, 1), 'nodes: node 18 has slot 0, which has a wrong hash')
  t.equal(row(19, 2, 7), 'nodes: node 18 has slot 0, which has a label that zeros do not follow')
  t.equal(row(19, 2, 8193), 'nodes: node 18 has slot 0, which has a label that is longer than a path')
  t.equal(row(19, 2, 8 | (1 << 16)), 'nodes: the slot that leads to node 20 says something else of its table')
  t.equal(row(3, 2, 8), 'nodes: the slot that leads to node 4 says something else of its table')
  t.equal(row(19, 3, Buffer.from('st/t').readUInt32LE()), 'nodes: node 18 has slot 0, which has a label with a slash')
  t.equal(row(5, 3, 1), 'nodes: node 4 has slot 0, which has a label that is not its string')
  t.equal(row(5, 4, 1), 'nodes: node 4 has slot 0, which has a label that is not its string')
  t.equal(row(5, 4, 99), 'nodes: node 4 has slot 0, which has a label that is no string')
  t.equal(row(5, 5, 1), 'nodes: node 4 has slot 0, which does not end with zeros')
  t.equal(row(11 + free, 7, 1), `nodes: node 10 has slot ${free}, which is empty but not zero`)
  // To the free slot that is not behind its home.
  const taken = slotsOfFiles.indexOf(16)
  const lost = [1, 2, 3].map((distance) => {
    const edit = new Edit()
    const to = (taken + distance) % 4
    if (slotsOfFiles[to] !== 0) return 'taken'
    edit.section('NODE').copyWithin((11 + to) * 32, (11 + taken) * 32, (12 + taken) * 32)
    edit.section('NODE').fill(0, (11 + taken) * 32, (12 + taken) * 32)
    return edit.verdict()
  })
  t.equal(lost.filter((verdict) => /^nodes: node 10 has a wrong table: slot \d cannot be reached from its home$/.test(verdict)).length, 2)
  const removed = new Edit()
  removed.section('NODE').fill(0, 24 * 32, 25 * 32)
  t.equal(removed.verdict(), 'nodes: node 23 has a table and no literal')

  t.equal(row(20, 5, 1), 'nodes: node 20 has slot 0, which has a wrong hash')
  t.equal(row(10, 5, 2), 'nodes: node 10 has a wrong table: 2 slots are not a power of two of at least 4')
  t.equal(row(10, 5, 3), 'nodes: node 10 has a wrong table: 3 slots are not a power of two of at least 4')
  t.equal(row(25, 5, 1), 'nodes: they end within node 25')
  t.equal(row(25, 5, 0x8000_0000), 'nodes: they end within node 25')
  t.equal(row(0, 6, 1), 'nodes: node 0 does not end with zeros')
  t.equal(row(0, 7, 1), 'nodes: node 0 does not end with zeros')
  t.equal(row(0, 0, 1), 'nodes: node 0 has an unknown method')
  t.equal(row(0, 0, 1 << 9), 'nodes: node 0 has an unknown method')
  t.equal(row(0, 0, 2), 'nodes: node 0 has methods and no route, or a route and no methods')
  t.equal(row(0, 1, 1), 'nodes: node 0 has methods and no route, or a route and no methods')
  t.equal(row(6, 1, 11), 'nodes: the route of node 6 does not exist')
  t.equal(row(6, 1, 1), 'nodes: node 6 has route 0 under another method than its own')
  t.equal(row(7, 1, 0x8000_0001), 'nodes: the routes of node 7 do not begin where those before end')
  t.equal(row(6, 1, 0x8000_0000), 'nodes: node 6 has route 0 under another method than its own')
  t.equal(row(7, 1, 1), 'nodes: node 7 has route 0 under another method than its own')
  t.equal(row(4, 2, 4), 'nodes: node 4 does not lead forward to a node')
  t.equal(row(4, 2, 26), 'nodes: node 4 does not lead forward to a node')
  t.equal(row(4, 2, 0), 'nodes: node 7 cannot be reached')
  t.equal(row(4, 2, 8), 'hosts: the root of host 1 has a parent')
  t.equal(row(4, 2, 5), 'nodes: row 5 is a slot, and what leads to it takes it for a node')
  t.equal(row(10, 3, 3), 'nodes: the automaton of node 10 does not exist')
  t.equal(row(10, 3, 0), 'nodes: the automaton of node 10 does not exist')
  t.equal(row(10, 4, 10), 'nodes: the constrained child of node 10 does not lead forward to a node')
  t.equal(row(20, 3, 0x8000_0001), 'nodes: the constrained children of node 20 do not begin where those before end')
  t.equal(row(20, 4, 1), 'constrained children: they end within node 20')
  t.equal(row(20, 4, 3), 'constrained children: they end within node 20')
  t.equal(new Edit().set('CNST', 'child', 0, 20).verdict(), 'constrained children: entry 0 does not lead forward to a node')
  t.equal(new Edit().set('CNST', 'automaton', 0, 3).verdict(), 'constrained children: automaton of entry 0 is 3, outside of 1 to 2')
  t.equal(new Edit().set('NRTE', 'route', 0, 11).verdict(), 'node routes: route of entry 0 is 11, outside of 1 to 10')
  t.equal(new Edit().set('NRTE', 'route', 0, 2).verdict(), 'nodes: node 7 has route 1 under another method than its own')
  t.end()
})

t.test('a label that stands twice under one node is refused, since a lookup would find only one of them', (t) => {
  const plan = planOf([route('GET', '/a'), route('GET', '/b')])
  const [root, ...leaves] = plan.nodes
  const literals = [
    { label: 'a', nodeIndex: 1 },
    { label: 'a', nodeIndex: 2 },
  ]
  const twice = { ...plan, nodes: [{ ...(root as (typeof plan.nodes)[number]), literals }, ...leaves] }
  t.match(new Edit(twice).verdict(), /^nodes: node 0 has slot \d, which repeats a label$/)
  t.end()
})

import t from 'tap'
import { Edit } from './edit.fuzz.ts'
import { segmentHash } from './hash.ts'
import { LIMITS } from './limits.ts'
import { METHODS } from './plan.ts'
import { open, planOf, type SampleRoute, samplePlan } from './sample.fuzz.ts'
import { bitCount, type Trie } from './trie.ts'
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
  const labels = ['', 'a', 'exactly-16-bytes', 'seventeen-bytes-x', 'seventeen-bytes-y', 'ü', 'a'.repeat(LIMITS.pathBytes)]
  const { trie } = open(planOf(labels.map((label) => route('GET', `/${label}`))))
  const found = labels.map((label) => child(trie, 0, label))
  t.equal(new Set(found).size, labels.length)
  t.notOk(found.includes(0))
  for (const label of ['b', 'exactly-16-byteS', 'exactly-16-bytes-', 'seventeen-bytes-z', 'seventeen-bytes-', 'u', 'aa'])
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
  const first = trie.constrainedFirst(0)
  t.equal(trie.constrainedCount(0), 2)
  t.strictSame(
    [automata.pattern(trie.constrainedAutomaton(first)), automata.pattern(trie.constrainedAutomaton(first + 1))],
    ['[0-9]+', '[a-z]+'],
  )
  t.equal(trie.route(trie.constrainedChild(first), GET), 0)
  t.equal(trie.route(trie.constrainedChild(first + 1), GET), 1)
  t.equal(trie.route(trie.parameter(0), GET), 2)
  t.equal(trie.constrainedCount(trie.parameter(0)), 0)
  t.equal(trie.parameter(trie.parameter(0)), 0)
  t.end()
})

t.test('a node that does not exist has nothing', (t) => {
  const { trie } = open(samplePlan())
  for (const node of [-1, trie.nodeCount, 2 ** 30, Number.NaN]) {
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
  t.equal(deep(LIMITS.pathSegments + 1), 'nodes: node 257 is deeper than 256 segments')
  t.end()
})

t.test('what the checker says of a damaged trie', (t) => {
  // Nodes of the sample: 0 weather's root, 1 weather, 2 forecast, 3 long label, 4 {}; 5 wildcard's root, 6 files, 7 übersicht;
  // 8 api.example.com's root, 9 stations, 10 {digits}, 11 {letters}, 12 {}, 13 the empty segment.
  const edgeTo = (edit: Edit, node: number) => {
    for (let slot = 0; slot < edit.count('EDGE'); slot++) if (edit.section('EDGE').readUInt32LE(slot * 32) === node) return slot
    throw new Error('no such edge')
  }
  const edge = (node: number, word: number, value: number) => {
    const edit = new Edit()
    return edit
      .word('EDGE', edgeTo(edit, node) * 8 + word, value)
      .verdict()
      .replace(/slot \d+/, 'slot N')
  }
  t.equal(edge(1, 0, 14), 'literal edges: slot N does not lead forward to a node')
  t.equal(edge(9, 1, 9), 'literal edges: slot N does not lead forward to a node')
  t.equal(edge(9, 1, 0xffff_ffff), 'literal edges: slot N does not lead forward to a node')
  t.equal(edge(9, 0, 10), 'literal edges: slot N leads to a node that has a parent already')
  t.equal(edge(9, 2, 1), 'literal edges: slot N has a wrong hash')
  t.equal(edge(9, 3, 7), 'literal edges: the label of slot N is not followed by zeros')
  t.equal(edge(9, 3, 8193), 'literal edges: the label of slot N is longer than a path')
  t.equal(edge(9, 4, Buffer.from('st/t').readUInt32LE()), 'literal edges: the label of slot N has a slash')
  t.equal(edge(3, 4, 1), 'literal edges: the label of slot N is not its string')
  t.equal(edge(3, 5, 1), 'literal edges: the label of slot N is not its string')
  t.equal(edge(3, 5, 49), 'literal edges: the label of slot N is no string')
  t.equal(edge(3, 6, 1), 'literal edges: slot N does not end with zeros')
  t.equal(edge(9, 1, 0), 'nodes: node 8 says wrongly whether it has literals', 'its home happens to be reachable still')
  const empty = new Edit()
  const free = Array.from({ length: empty.count('EDGE') }, (_, slot) => slot).find(
    (slot) => empty.section('EDGE').readUInt32LE(slot * 32) === 0,
  ) as number
  t.match(empty.word('EDGE', free * 8 + 7, 1).verdict(), /^literal edges: slot \d+ is empty but not zero$/)

  t.equal(new Edit().word('NODE', 0, 1).verdict(), 'nodes: node 0 has an unknown method')
  t.equal(new Edit().word('NODE', 0, 1 << 9).verdict(), 'nodes: node 0 has an unknown method')
  t.equal(new Edit().word('NODE', 0, 2).verdict(), 'node routes: entry 0 has another method than its route')
  t.equal(new Edit().word('NODE', 5, 1).verdict(), 'nodes: the routes of node 1 do not begin where those of the one before end')
  t.equal(new Edit().word('NODE', 10, 2).verdict(), 'nodes: the parameter of node 2 does not lead forward to a node')
  t.equal(new Edit().word('NODE', 10, 14).verdict(), 'nodes: the parameter of node 2 does not lead forward to a node')
  t.equal(new Edit().word('NODE', 10, 0).verdict(), 'nodes: node 4 cannot be reached')
  t.equal(new Edit().word('NODE', 10, 5).verdict(), 'hosts: the root of host 1 has a parent')
  t.equal(
    new Edit().word('NODE', 6, 3).verdict(),
    'literal edges: slot N leads to a node that has a parent already'.replace('N', String(edgeTo(new Edit(), 3))),
  )
  t.match(new Edit().word('NODE', 1, 0).verdict(), 'nodes: node 0 says wrongly whether it has literals')
  t.match(new Edit().word('NODE', 9 * 4 + 3, 2).verdict(), 'nodes: the constrained children of node 9 do not begin where those before end')
  t.equal(new Edit().word('NODE', 9 * 4 + 3, 0).verdict(), 'constrained children: 2, but the nodes have 0')
  t.equal(new Edit().set('CNST', 'remaining', 0, 3).verdict(), 'constrained children: they end within node 9')
  t.equal(new Edit().set('CNST', 'remaining', 1, 2).verdict(), 'constrained children: entry 1 counts wrong')
  t.equal(new Edit().set('CNST', 'child', 0, 9).verdict(), 'constrained children: entry 0 does not lead forward to a node')
  t.equal(new Edit().set('CNST', 'automaton', 0, 3).verdict(), 'constrained children: automaton of entry 0 is 3, outside of 1 to 2')
  t.equal(new Edit().set('NRTE', 'route', 0, 8).verdict(), 'node routes: route of entry 0 is 8, outside of 1 to 7')
  t.equal(new Edit().set('NRTE', 'route', 0, 7).verdict(), 'node routes: entry 0 has another method than its route')
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
  t.match(new Edit(twice).verdict(), /^literal edges: slot \d+ repeats a label of its node$/)
  t.end()
})

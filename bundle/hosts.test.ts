import t from 'tap'
import { Edit } from './edit.fuzz.ts'
import { open, planOf } from './sample.fuzz.ts'

function rootOf(patterns: readonly string[]): (host: string) => string {
  const { hosts } = open(planOf(patterns.map((host) => ({ host, method: 'GET', segments: ['x'], rest: false }))))
  return (host) => {
    const bytes = Buffer.from(`>${host}<`)
    const root = hosts.root(bytes, 1, bytes.length - 1)
    if (root === -1) return 'nobody'
    for (let index = 0; index < hosts.count; index++) if (hosts.rootNode(index) === root) return hosts.pattern(index) || 'any'
    return 'no root of these'
  }
}

t.test('an exact host goes before any suffix, the longest suffix before shorter ones, and any host comes last', (t) => {
  const root = rootOf(['', '*.com', '*.example.com', 'api.example.com', 'localhost'])
  for (const [host, expected] of [
    ['api.example.com', 'api.example.com'],
    ['www.example.com', '*.example.com'],
    ['a.b.example.com', '*.example.com'],
    ['x.api.example.com', '*.example.com'],
    ['example.com', '*.com'],
    ['www.test.com', '*.com'],
    ['com', 'any'],
    ['localhost', 'localhost'],
    ['ocalhost', 'any'],
    ['notexample.com', '*.com'],
    ['', 'any'],
  ] as const) {
    t.equal(root(host), expected, host)
  }
  t.end()
})

t.test('a wildcard needs something in front', (t) => {
  const root = rootOf(['*.example.com'])
  t.equal(root('.example.com'), 'nobody')
  t.equal(root('example.com'), 'nobody')
  t.equal(root('*.example.com'), '*.example.com', 'a star in a request is a label like any other')
  t.equal(root('x.example.com'), '*.example.com')
  t.equal(root('x.example.com.'), 'nobody')
  t.end()
})

t.test('without a pattern for any host an unknown host is served by nobody', (t) => {
  t.equal(rootOf(['a.test'])('b.test'), 'nobody')
  t.equal(rootOf([])('b.test'), 'nobody')
  t.equal(rootOf(['a.test'])('b.a.test'), 'nobody')
  t.end()
})

t.test('ten thousand hosts are each found', (t) => {
  const hosts = Array.from({ length: 10_000 }, (_, index) => `h${index}.example.com`).sort()
  const plan = planOf([{ host: '', method: 'GET', segments: [], rest: false }])
  const bundle = open({ ...plan, hosts: hosts.map((pattern) => ({ pattern, rootNodeIndex: 0 })) })
  for (const host of hosts) if (bundle.hosts.root(Buffer.from(host), 0, host.length) !== 0) t.fail(host)
  t.equal(bundle.hosts.root(Buffer.from('h10000.example.com'), 0, 18), -1)
  t.end()
})

t.test('what the checker says of damaged hosts', (t) => {
  const patterns = (...list: string[]) => {
    const plan = planOf([{ host: '', method: 'GET', segments: [], rest: false }])
    return new Edit({ ...plan, hosts: list.map((pattern) => ({ pattern, rootNodeIndex: 0 })) }).verdict()
  }
  t.equal(patterns('', '*.b', 'a'), 'accepted')
  t.equal(patterns('b', 'a'), 'hosts: host 1 is not greater than the one before')
  for (const wrong of ['A', '*', '*.', '*b', '.a', 'a b', 'a*', '*.*.a', 'ä', '*..a', 'a'.repeat(254)])
    t.equal(patterns(wrong), 'hosts: host 0 is not a host pattern', wrong)
  t.equal(patterns('a'.repeat(253)), 'accepted')
  t.equal(patterns(`*.${'a'.repeat(253)}`), 'accepted')

  const edit = new Edit()
  const slots = Array.from({ length: edit.count('HIDX') }, (_, slot) => slot)
  const taken = slots.filter((slot) => edit.section('HIDX').readUInt32LE(slot * 8 + 4) !== 0)
  const empty = slots.find((slot) => !taken.includes(slot)) as number
  const at = taken[0] as number
  const verdict = (word: number, value: number) =>
    new Edit()
      .word('HIDX', word, value)
      .verdict()
      .replace(/slot \d+/, 'slot N')
  t.equal(verdict(at * 2, 1), 'host index: slot N has a wrong hash')
  t.equal(verdict(at * 2 + 1, 4), 'host index: slot N refers to no host or to one that has a slot')
  t.equal(verdict(at * 2 + 1, 0xffff_ffff), 'host index: slot N refers to no host or to one that has a slot')
  t.equal(verdict(at * 2 + 1, 1), 'host index: slot N refers to the host that stands for any')
  t.equal(verdict(empty * 2, 1), 'host index: slot N is empty but not zero')
  t.equal(
    new Edit()
      .word('HIDX', at * 2, 0)
      .word('HIDX', at * 2 + 1, 0)
      .verdict(),
    'host index: a host is missing',
  )
  t.end()
})

import t from 'tap'
import { Edit } from './edit.fuzz.ts'
import { open, samplePlan } from './sample.fuzz.ts'

t.test('the manifest says what a gateway must know first', (t) => {
  t.strictSame(open(samplePlan()).manifest, {
    format: '2.0',
    compiler: 'sample 1.0.0',
    gateway: 'edge',
    policies: [
      { name: 'api-key', version: 1 },
      { name: 'headers', version: 2 },
      { name: 'public', version: 1 },
    ],
    counts: {
      apis: 2,
      attachments: 4,
      backends: 2,
      chains: 3,
      consumers: 2,
      hosts: 3,
      nodes: 16,
      policies: 3,
      routes: 10,
      secrets: 4,
      selfTests: 2,
      traffics: 2,
    },
  })
  t.end()
})

t.test('what the checker says of a damaged manifest', (t) => {
  const replaced = (text: string, by: string) => {
    const edit = new Edit()
    const at = edit.section('MANF').indexOf(text)
    t.equal(text.length, by.length)
    edit.section('MANF').write(by, at, 'latin1')
    return edit.verdict()
  }
  t.equal(replaced('"edge"', '"e\xffge"'), 'manifest: not UTF-8')
  t.equal(replaced('"edge"', ' edge '), 'manifest: not what a manifest must be')
  t.equal(replaced('"edge"', '  null'), 'manifest: not what a manifest must be')
  t.equal(replaced('"gateway"', '"gateweg"'), 'manifest: not what a manifest must be')
  t.equal(replaced('"policies":[', '"policies":{'), 'manifest: not what a manifest must be')
  t.equal(replaced('"version":2', '"version":x'), 'manifest: not what a manifest must be')
  t.equal(replaced('"version":2', '"versiom":2'), 'manifest: not what a manifest must be')
  t.equal(replaced('"routes":10', '"routes":11'), 'manifest: it counts 11 routes, and there are 10')
  t.equal(replaced('"nodes":16', '"nodes":26'), 'manifest: it counts 26 nodes, and there are 16', 'slots are none')
  t.equal(replaced('"policies":3', '"policies":4'), 'manifest: it counts 4 policies, and there are 3')
  t.equal(replaced('"headers"', '"a-first"'), 'manifest: policies are not sorted by name')
  t.equal(replaced('"headers"', '"api-key"'), 'manifest: policies are not sorted by name')
  t.equal(replaced('"gateway":"edge"', '"gateway": "edg"'), 'manifest: not in its canonical form')
  t.equal(replaced('sample 1.0.0', '\\u0041 1.0.00'.slice(0, 12)), 'manifest: not in its canonical form')
  t.equal(replaced('sample 1.0.0', '\\ud800 1.0.0'), 'manifest: not what a manifest must be', 'half a surrogate pair')
  t.equal(replaced('"format":"2.0"', '"format":"2.1"'), 'manifest: it says format 2.1, and the header 2.0')
  t.end()
})

t.test('a manifest that has more than the limit is refused before it is parsed', (t) => {
  const plan = samplePlan()
  t.equal(new Edit({ ...plan, gateway: 'x'.repeat(65_536) }).verdict(), 'manifest: more than 65536 bytes')
  t.end()
})

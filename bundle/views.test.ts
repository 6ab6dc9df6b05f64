import t, { type Test } from 'tap'
import { mendChecksums, QUESTIONS, SAMPLE, SIGNED_SAMPLE } from './bundle.fuzz.ts'
import { adoptChecked, type Bundle, check, imageOf, isRejection, NO_ATTACHMENT, openBundle, RecordReader, writeBundle } from './bundle.ts'
import { assertAgreement, everything, matchViews } from './compare.fuzz.ts'
import { Checked, readSections, refuseBigEndian } from './image.ts'
import { isLittleEndian, ORDER } from './layout.ts'
import { NaiveBundle } from './naive-reader.fuzz.ts'
import { METHODS } from './plan.ts'
import { open, samplePlan } from './sample.fuzz.ts'

t.test('views say what the plan said', (t) => {
  const plan = samplePlan()
  const { routes, chains, attachments, traffics, backends, apis, listeners, secrets, selfTests, trustedProxies } = open(plan)
  t.equal(routes.count, plan.routes.length)
  for (const [index, route] of plan.routes.entries()) {
    t.strictSame(
      {
        ...{ apiIndex: routes.apiIndex(index), name: routes.name(index), method: routes.method(index), template: routes.template(index) },
        ...{
          accessAttachmentIndex: routes.accessAttachment(index),
          chainIndex: routes.chain(index),
          strippedBytes: routes.strippedBytes(index),
        },
        ...{ preserveHost: routes.preserveHost(index), answersPreflight: routes.answersPreflight(index), source: routes.source(index) },
        ...(routes.backend(index) === -1 ? {} : { backendIndex: routes.backend(index) }),
        ...(routes.traffic(index) === -1 ? {} : { trafficIndex: routes.traffic(index) }),
      },
      route,
    )
    t.equal(METHODS[routes.methodId(index)], route.method)
  }
  t.strictSame(
    plan.chains,
    plan.chains.map((_, index) => ({ early: [...chains.early(index)], request: [...chains.request(index)] })),
  )
  for (const [index, attachment] of plan.attachments.entries()) {
    t.strictSame(
      {
        id: attachments.id(index),
        policyIndex: attachments.policyIndex(index),
        recordIndex: attachments.recordIndex(index),
        source: attachments.source(index),
      },
      attachment,
    )
    t.strictSame(attachments.record(index), plan.records[attachment.recordIndex])
  }
  t.equal(new RecordReader(attachments.record(0)).string(), 'x-api-key')
  for (const [index, backend] of plan.backends.entries()) {
    t.strictSame({ ...backends.settings(index), source: backends.source(index) }, backend)
    t.strictSame([backends.name(index), backends.endpoints(index)], [backend.name, backend.endpoints])
  }
  t.strictSame(
    plan.listeners.map((_, index) => listeners.settings(index)),
    plan.listeners,
  )
  t.strictSame(
    plan.traffics.map((_, index) => traffics.settings(index)),
    plan.traffics,
  )
  t.strictSame([apis.count, apis.name(0), apis.name(1), apis.name(2)], [2, 'files', 'weather', ''])
  t.strictSame([listeners.name(1), listeners.address(1), listeners.port(1), listeners.protocol(1)], ['other', '::1', 8081, 'http'])
  t.strictSame([secrets.kind(0), secrets.name(0), secrets.kind(1), secrets.name(1)], ['env', 'TOKEN', 'file', '/run/secrets/token'])
  t.strictSame(
    [selfTests.method(0), selfTests.host(0), selfTests.path(0), selfTests.routeIndex(0)],
    ['GET', 'any.test', '/weather/forecast/berlin', 0],
  )
  t.equal(selfTests.routeIndex(1), -1)
  t.strictSame(trustedProxies.range(0), plan.trustedProxies[0])
  t.end()
})

t.test('views work over shared memory and over memory that is longer than the bundle', (t) => {
  const shared = new SharedArrayBuffer(65_536)
  new Uint8Array(shared).set(SIGNED_SAMPLE)
  for (const image of [imageOf(SIGNED_SAMPLE), shared]) {
    const checked = check(image, SIGNED_SAMPLE.length)
    if (isRejection(checked)) throw new Error(checked.message)
    const bundle = openBundle(checked)
    t.equal(bundle.bytes, SIGNED_SAMPLE.length)
    assertAgreement(bundle, new NaiveBundle(Buffer.from(SIGNED_SAMPLE)), QUESTIONS)
  }
  t.end()
})

t.test('a worker adopts what the supervisor has checked', (t) => {
  const bundle = openBundle(adoptChecked(imageOf(SIGNED_SAMPLE), SIGNED_SAMPLE.length))
  t.strictSame(everything(bundle), everything(open(samplePlan())))
  t.end()
})

t.test('nothing else makes the token that opens a bundle', (t) => {
  const { image, bytes } = adoptChecked(imageOf(SIGNED_SAMPLE), SIGNED_SAMPLE.length)
  t.throws(() => new Checked(Symbol('checked') as never, image, bytes, readSections(image, bytes)), /only check and adoptChecked/)
  t.end()
})

t.test('copies stay when the image goes', (t) => {
  const bundle = open(samplePlan())
  const record = bundle.attachments.record(0)
  const early = bundle.chains.early(1)
  bundle.detach()
  t.equal(new RecordReader(record).string(), 'x-api-key')
  t.strictSame([...early], [2])
  t.end()
})

for (const kind of ['ArrayBuffer', 'SharedArrayBuffer']) {
  t.test(`after detach nothing throws and nothing is permitted: ${kind}`, (t) => {
    const image = kind === 'ArrayBuffer' ? imageOf(SAMPLE) : new SharedArrayBuffer(SAMPLE.length)
    new Uint8Array(image).set(SAMPLE)
    const checked = check(image, SAMPLE.length)
    if (isRejection(checked)) throw new Error(checked.message)
    const bundle = openBundle(checked)
    const kept = new Uint8Array(image)
    const numbers = Array.from({ length: 8 }, (_, index) => index - 1)
    bundle.detach()
    bundle.detach()
    assertNothing(t, bundle, numbers)
    t.equal(
      kept.length,
      kind === 'ArrayBuffer' ? 0 : SAMPLE.length,
      'a typed array that somebody kept reads nothing, where the platform can do that',
    )
    t.end()
  })
}

t.test('nothing that does not exist is permitted', (t) => {
  const bundle = open(samplePlan())
  assertNothing(t, bundle, [-1, -2, 1000, 2 ** 31, 2 ** 32 + 1, Number.NaN, 0.5])
  t.end()
})

/** None of these indices exists. */
function assertNothing(t: Test, bundle: Bundle, indices: readonly number[]): void {
  const {
    routes,
    chains,
    attachments,
    traffics,
    backends,
    apis,
    consumers,
    listeners,
    secrets,
    selfTests,
    strings,
    hosts,
    trie,
    automata,
  } = bundle
  for (const index of indices) {
    t.strictSame([routes.apiIndex(index), routes.accessAttachment(index), routes.chain(index), routes.backend(index)], [-1, -1, -1, -1])
    t.strictSame([routes.methodId(index), routes.method(index), routes.strippedBytes(index)], [0, '', 0])
    t.strictSame(
      [routes.preserveHost(index), routes.answersPreflight(index), routes.name(index), routes.template(index)],
      [false, false, '', ''],
    )
    t.strictSame(routes.source(index), { file: '', line: 0, column: 0 })
    t.strictSame(
      [...chains.early(index), ...chains.request(index)],
      [NO_ATTACHMENT, NO_ATTACHMENT],
      'an empty list would let everything through',
    )
    t.strictSame([attachments.policyIndex(index), attachments.recordIndex(index), attachments.id(index)], [-1, -1, ''])
    t.equal(attachments.record(index).length, 0)
    t.strictSame([backends.name(index), backends.endpoints(index)], ['', []])
    t.strictSame(
      [backends.settings(index), listeners.settings(index), traffics.settings(index), routes.traffic(index)],
      [...[undefined, undefined, undefined], -1],
    )
    t.strictSame([apis.name(index), consumers.name(index), listeners.name(index), listeners.protocol(index)], ['', '', '', ''])
    t.strictSame([secrets.kind(index), secrets.name(index), selfTests.routeIndex(index), strings.get(index)], ['', '', -1, ''])
    t.strictSame(
      [hosts.pattern(index), hosts.rootNode(index), trie.parameter(index), trie.methods(index), trie.constrainedCount(index)],
      ['', -1, 0, 0, 0],
    )
    t.strictSame(
      [trie.route(index, 1), trie.rest(index, 1), trie.constrainedAutomaton(index, 0), trie.constrainedChild(index, 0)],
      [-1, -1, -1, 0],
    )
    t.equal(automata.accepts(index, Buffer.from('7'), 0, 1), false)
  }
  if (routes.count > 0) return
  t.equal(consumers.findByKeyDigest(new Uint8Array(32).fill(7), 1), -1)
  t.equal(consumers.findByKeyDigest(new Uint8Array(32), 1), -1)
  t.equal(bundle.trustedProxies.count, 0)
  for (const host of QUESTIONS.hosts) for (const path of QUESTIONS.paths) t.equal(matchViews(bundle, 1, host, path), -1)
  t.strictSame([[...trie.literals()], [...consumers.keys()], [...trie.nodes()], hosts.count], [[], [], [], 0])
}

t.test('a big-endian machine is refused with a clear error', (t) => {
  t.equal(isLittleEndian(), true)
  t.equal(isLittleEndian(Uint8Array.of(0, 1)), false)
  t.throws(() => refuseBigEndian(false), { code: 'big-endian-host' })
  t.end()
})

t.test('a bundle without source map serves; positions are unknown', (t) => {
  const bytes = Buffer.from(writeBundle(samplePlan()))
  const entry = bytes.lastIndexOf('SRCM', 64 + ORDER.length * 32)
  bytes.write('LATE', entry, 'latin1')
  const image = imageOf(mendChecksums(bytes))
  const checked = check(image, bytes.length)
  if (isRejection(checked)) throw new Error(checked.message)
  const { routes, attachments, backends } = openBundle(checked)
  for (const view of [routes, attachments, backends]) t.strictSame(view.source(0), { file: '', line: 0, column: 0 })
  t.equal(routes.name(0), 'GET /weather/forecast/{}')
  t.end()
})

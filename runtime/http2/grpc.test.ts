/** gRPC end to end: grpc-js on both sides of the gateway, all four kinds of calls, in the clear and over TLS. */
import * as grpc from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../../test/fixtures/certificates.ts'
import { generationOf, reply, startDataPath, type TestPolicy, type TestRoute } from '../../test/fixtures/data-path.ts'

const pass = (bytes: Buffer): Buffer => bytes

function method(name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  }
}

const SERVICE = {
  unary: method('Unary', false, false),
  client: method('Client', true, false),
  server: method('Server', false, true),
  both: method('Both', true, true),
  fails: method('Fails', false, false),
  waits: method('Waits', false, false),
}

/** What calls the server has seen end by cancellation. */
const cancelled: string[] = []

const HANDLERS: grpc.UntypedServiceImplementation = {
  unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    const trailers = new grpc.Metadata()
    trailers.set('x-trailer', 'after')
    trailers.set('x-blob-bin', Buffer.from([0, 1, 2, 255]))
    const metadata = new grpc.Metadata()
    metadata.set('x-seen', String(call.metadata.get('x-sent')[0] ?? ''))
    call.sendMetadata(metadata)
    done(null, Buffer.concat([Buffer.from('you said '), call.request]), trailers)
  },
  client(call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    let size = 0
    call.on('data', (bytes: Buffer) => (size += bytes.length))
    call.on('end', () => done(null, Buffer.from(String(size))))
  },
  server(call: grpc.ServerWritableStream<Buffer, Buffer>) {
    let left = Number(call.request.toString())
    const more = () => {
      while (left > 0) {
        left -= 1
        if (!call.write(Buffer.alloc(10_000, left % 256))) {
          call.once('drain', more)
          return
        }
      }
      call.end()
    }
    more()
  },
  both(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
    call.on('data', (bytes: Buffer) => call.write(Buffer.concat([bytes, Buffer.from('!')])))
    call.on('end', () => call.end())
    call.on('cancelled', () => cancelled.push('both'))
  },
  fails(_call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    done({ code: grpc.status.FAILED_PRECONDITION, details: 'not today, thank you' })
  },
  waits(call: grpc.ServerUnaryCall<Buffer, Buffer>) {
    call.on('cancelled', () => cancelled.push('waits'))
  },
}

const authority = createAuthority()
const certificate = createCertificate(authority, 'localhost', { names: ['localhost', '127.0.0.1'] })

async function startServer(t: Test, isTls: boolean): Promise<number> {
  const server = new grpc.Server()
  server.addService(SERVICE, HANDLERS)
  const pair = { cert_chain: Buffer.from(certificate.cert), private_key: Buffer.from(certificate.key) }
  const credentials = isTls ? grpc.ServerCredentials.createSsl(null, [pair]) : grpc.ServerCredentials.createInsecure()
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })
  t.teardown(() => server.forceShutdown())
  return port
}

interface Called {
  readonly code: number
  readonly details: string
  readonly messages: Buffer[]
  readonly metadata: grpc.Metadata
  readonly trailers: grpc.Metadata
}

/** One call of any kind: sends all messages, then ends. */
function call(
  client: grpc.Client,
  kind: keyof typeof SERVICE,
  messages: readonly (Buffer | string)[],
  options: grpc.CallOptions = {},
  metadata = new grpc.Metadata(),
): Promise<Called> {
  const { path } = SERVICE[kind]
  const stream = client.makeBidiStreamRequest(path, pass, pass, metadata, options)
  for (const message of messages) stream.write(Buffer.from(message as string))
  stream.end()
  return ended(stream)
}

function ended(stream: grpc.ClientDuplexStream<Buffer, Buffer>): Promise<Called> {
  return new Promise((resolve) => {
    const messages: Buffer[] = []
    let metadata = new grpc.Metadata()
    stream.on('data', (bytes: Buffer) => messages.push(bytes))
    stream.on('metadata', (received) => (metadata = received))
    stream.on('error', () => {})
    stream.on('status', ({ code, details, metadata: trailers }) => resolve({ code, details, messages, metadata, trailers }))
  })
}

async function gateway(
  t: Test,
  isTls: boolean,
  routes: readonly (string | TestRoute)[] = ['POST /**'],
  policies: { readonly [name: string]: TestPolicy } = {},
) {
  const backendPort = await startServer(t, isTls)
  const endpoint = {
    host: '127.0.0.1',
    port: backendPort,
    authority: `127.0.0.1:${backendPort}`,
    pathPrefix: '',
    isTls,
    weight: 1,
    resolve: 'address' as const,
  }
  const secrets = [authority.cert, certificate.cert, certificate.key]
  const listener = {
    name: 'main',
    address: '127.0.0.1',
    port: 0,
    protocol: 'https' as const,
    http2: true,
    proxyProtocol: false,
    limits: LIMITS,
    tls: { certificates: [{ certSecretIndex: 1, keySecretIndex: 2 }], minVersion: '1.2' as const },
  }
  const generation = generationOf(
    {
      routes,
      backends: [
        {
          port: backendPort,
          endpoints: [endpoint],
          protocol: 'http2',
          ...(isTls ? { tls: { verify: true, serverName: 'localhost', caSecretIndex: 0 } } : {}),
        },
      ],
      ...(isTls
        ? { listeners: [listener], secrets: secrets.map((_, index) => ({ kind: 'file' as const, name: `/secret/${index}` })) }
        : {}),
    },
    policies,
    1,
    { secret: (index) => secrets[index] },
  )
  const running = await startDataPath(t, generation)
  const credentials = isTls ? grpc.credentials.createSsl(Buffer.from(authority.cert)) : grpc.credentials.createInsecure()
  const client = new grpc.Client(`127.0.0.1:${running.port}`, credentials, { 'grpc.ssl_target_name_override': 'localhost' })
  t.teardown(() => client.close())
  return { ...running, client }
}

const LIMITS = {
  connections: 100,
  connectionsPerAddress: 0,
  requestLineBytes: 8192,
  headBytes: 32_768,
  headFields: 100,
  handshakeTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  minBodyRate: 240,
  writeTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  keepAliveRequests: 0,
  pipelineDepth: 16,
  streams: 100,
  tunnelIdleTimeoutMs: 300_000,
  maxAgeMs: 0,
}

for (const isTls of [false, true]) {
  const where = isTls ? 'over TLS' : 'in the clear'
  t.test(`unary, client, server and bidirectional streams, ${where}`, async (t) => {
    const { client, endedAt } = await gateway(t, isTls)
    const metadata = new grpc.Metadata()
    metadata.set('x-sent', 'hello')
    const unary = await call(client, 'unary', ['abc'], {}, metadata)
    t.same([unary.code, unary.messages.map(String)], [grpc.status.OK, ['you said abc']])
    t.same(unary.metadata.get('x-seen'), ['hello'])
    t.same(unary.trailers.get('x-trailer'), ['after'])
    t.same(unary.trailers.get('x-blob-bin'), [Buffer.from([0, 1, 2, 255])])
    t.match(await endedAt(0), { status: 200, errorCode: '', method: 'POST', path: '/test.Echo/Unary' })
    const sent = await call(
      client,
      'client',
      Array.from({ length: 50 }, () => Buffer.alloc(20_000)),
    )
    t.same([sent.code, sent.messages.map(String)], [grpc.status.OK, ['1000000']])
    const received = await call(client, 'server', ['100'])
    t.same([received.code, received.messages.length, Buffer.concat(received.messages).length], [grpc.status.OK, 100, 1_000_000])
    t.ok(received.messages.every((message, index) => message[0] === (99 - index) % 256))
    const talk = client.makeBidiStreamRequest(SERVICE.both.path, pass, pass)
    const heard: string[] = []
    for (const word of ['one', 'two', 'three']) {
      talk.write(Buffer.from(word))
      heard.push(String(await new Promise<Buffer>((resolve) => talk.once('data', resolve))))
    }
    const done = ended(talk)
    talk.end()
    t.same([heard, (await done).code], [['one!', 'two!', 'three!'], grpc.status.OK])
  })
}

t.test('an error of the server is the caller’s, with its message', async (t) => {
  const { client, endedAt } = await gateway(t, false)
  const { code, details } = await call(client, 'fails', ['x'])
  t.same([code, details], [grpc.status.FAILED_PRECONDITION, 'not today, thank you'])
  t.match(await endedAt(0), { status: 200, errorCode: '' })
  const { code: unknown } = await new Promise<{ code: number }>((resolve) => {
    const stream = client.makeBidiStreamRequest('/test.Echo/Nobody', pass, pass)
    stream.on('error', () => {})
    stream.on('data', () => {})
    stream.on('status', resolve)
    stream.end()
  })
  t.equal(unknown, grpc.status.UNIMPLEMENTED)
})

t.test('what the gateway refuses, a caller understands', async (t) => {
  const { client } = await gateway(
    t,
    false,
    [
      { route: 'POST /test.Echo/Unary', request: ['refuse'] },
      { route: 'POST /test.Echo/Client', request: ['limit'] },
    ],
    {
      refuse: { request: () => reply(403, 'not-you') },
      limit: { request: () => reply(429, 'too-many') },
    },
  )
  t.equal((await call(client, 'unary', ['x'])).code, grpc.status.PERMISSION_DENIED)
  t.equal((await call(client, 'client', ['x'])).code, grpc.status.UNAVAILABLE)
  t.equal((await call(client, 'server', ['1'])).code, grpc.status.UNIMPLEMENTED, 'no route')
})

t.test('a deadline ends the call on both sides, whoever notices first', async (t) => {
  const { client, dataPath } = await gateway(t, false)
  const before = cancelled.length
  const { code } = await call(client, 'waits', ['x'], { deadline: Date.now() + 150 })
  t.equal(code, grpc.status.DEADLINE_EXCEEDED)
  while (cancelled.length === before || dataPath.exchangeCount > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(cancelled.at(-1), 'waits')
})

t.test('a caller that cancels, cancels at the server', async (t) => {
  const { client, dataPath } = await gateway(t, false)
  const before = cancelled.length
  const stream = client.makeBidiStreamRequest(SERVICE.both.path, pass, pass)
  stream.on('error', () => {})
  stream.write(Buffer.from('x'))
  await new Promise((resolve) => stream.once('data', resolve))
  const done = ended(stream)
  stream.cancel()
  t.equal((await done).code, grpc.status.CANCELLED)
  while (cancelled.length === before || dataPath.exchangeCount > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

t.test('a server that is gone is UNAVAILABLE', async (t) => {
  const { port } = await startDataPath(t, generationOf({ routes: ['POST /**'], backends: [{ port: 9, protocol: 'http2' }] }))
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  t.teardown(() => client.close())
  t.equal((await call(client, 'unary', ['x'])).code, grpc.status.UNAVAILABLE)
})

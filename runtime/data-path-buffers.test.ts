import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { createAuthority, createCertificate } from '../test/fixtures/certificates.ts'
import { createOutlet, type Outlet, SEND_BYTES, writer } from './data-path-buffers.ts'

const authority = createAuthority()
const server = createCertificate(authority, 'server', { names: ['localhost'] })

interface Pair {
  readonly outlet: Outlet
  readonly near: net.Socket
  readonly far: net.Socket
  /** How often there was room again. */
  drains: number
}

/** Two ends of a connection, TLS or not. The far one does not read yet. */
async function connectPair(t: Test, isTls: boolean): Promise<Pair> {
  const listening = isTls
    ? tls.createServer({ cert: server.cert, key: server.key, allowHalfOpen: true })
    : net.createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const accepted = once(listening, isTls ? 'secureConnection' : 'connection') as Promise<[net.Socket]>
  const far = isTls
    ? tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert })
    : net.connect({ port, host: '127.0.0.1' })
  far.on('error', () => {})
  const [near] = await accepted
  near.on('error', () => {})
  t.teardown(() => {
    listening.close()
    near.destroy()
    far.destroy()
  })
  const pair = { near, far, drains: 0 }
  const outlet = createOutlet(near as TLSSocket, () => {
    pair.drains += 1
  })
  return Object.assign(pair, { outlet })
}

function send(outlet: Outlet, text: string): boolean {
  writer.begin()
  writer.text(text)
  return outlet.send()
}

/** All that comes until the far end has heard that nothing more will. */
async function received(far: net.Socket): Promise<string> {
  let text = ''
  far.on('data', (data) => {
    text += data.toString('latin1')
  })
  await once(far, 'end')
  return text
}

for (const isTls of [false, true]) {
  const kind = isTls ? 'TLS' : 'plain'

  t.test(`${kind}: what is sent in one turn arrives in order, all of it before the end`, async (t) => {
    const { outlet, far } = await connectPair(t, isTls)
    const parts = Array.from({ length: 50 }, (_, index) => `${index} `.repeat(index))
    for (const part of parts) t.equal(send(outlet, part), true)
    outlet.end()
    t.equal(await received(far), parts.join(''))
  })

  t.test(`${kind}: who reads nothing blocks the outlet, and unblocks it by reading; nothing is lost`, async (t) => {
    const pair = await connectPair(t, isTls)
    const { outlet, far } = pair
    const part = 'x'.repeat(2 * SEND_BYTES)
    let sent = 0
    // The kernel takes some MiB; then it is enough.
    while (send(outlet, part)) {
      sent += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    sent += 1
    t.equal(outlet.isBlocked, true)
    t.equal(pair.drains, 0)
    let size = 0
    far.on('data', (data) => {
      size += data.length
    })
    while (pair.drains === 0) await new Promise((resolve) => setImmediate(resolve))
    t.equal(outlet.isBlocked, false)
    t.equal(pair.drains, 1)
    outlet.end()
    await once(far, 'end')
    t.equal(size, sent * part.length)
  })

  t.test(`${kind}: the end is told when everything is with the kernel`, async (t) => {
    const { outlet, far } = await connectPair(t, isTls)
    send(outlet, 'a')
    send(outlet, 'b')
    await new Promise<void>((resolve) => {
      outlet.end(resolve)
      far.resume()
    })
    t.pass()
  })

  t.test(`${kind}: a reset is none that could be taken for an end`, async (t) => {
    const { outlet, far } = await connectPair(t, isTls)
    send(outlet, 'beginning')
    await once(far, 'data')
    outlet.reset()
    const [error] = (await once(far.resume(), 'error')) as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNRESET')
  })

  t.test(`${kind}: sending to a socket that is gone does nothing`, async (t) => {
    const { outlet, near } = await connectPair(t, isTls)
    send(outlet, 'a')
    near.destroy()
    t.equal(send(outlet, 'b'), true)
    outlet.end()
    outlet.reset()
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(send(outlet, 'c'), true)
  })
}

t.test('small messages leave at the end of the turn, in order, and before whatever ends the connection', async (t) => {
  const { outlet, near, far } = await connectPair(t, false)
  const text = received(far)
  t.equal(send(outlet, 'a'), true)
  t.equal(outlet.isQueued, true)
  t.equal(near.bytesWritten, 0)
  send(outlet, 'b')
  t.equal(near.bytesWritten, 1, 'one waits, no more')
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(outlet.isQueued, false)
  t.equal(near.bytesWritten, 2)
  send(outlet, 'c')
  send(outlet, 'd'.repeat(8 * 1024))
  t.equal(outlet.isQueued, false, 'a long one does not wait, nor what was sent before it')
  send(outlet, 'e')
  outlet.end()
  t.equal(await text, `abc${'d'.repeat(8 * 1024)}e`)
})

t.test('what waits for the end of the turn is not lost when the connection is destroyed', async (t) => {
  const { outlet, far } = await connectPair(t, false)
  const text = received(far)
  send(outlet, 'last')
  outlet.destroy()
  t.equal(await text, 'last')
})

t.test('what waits for the end of the turn is not lost by a reset', async (t) => {
  const { outlet, far, near } = await connectPair(t, false)
  send(outlet, 'last')
  outlet.reset()
  t.equal(near.bytesWritten, 4)
  far.resume()
})

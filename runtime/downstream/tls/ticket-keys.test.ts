import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { createTicketKeyMemory, TICKET_KEY_BYTES, TicketKeys } from './ticket-keys.ts'

t.test('a rotated key seals, the one before still opens, the one before that is gone', (t) => {
  const memory = createTicketKeyMemory()
  const [writer, reader] = [new TicketKeys(memory), new TicketKeys(memory)]
  const seen: Buffer[] = []
  for (let round = 0; round < 10; round++) {
    const current = Buffer.from(reader.current)
    t.equal(current.length, TICKET_KEY_BYTES)
    t.notOk(
      seen.some((key) => key.equals(current)),
      'never the same twice',
    )
    t.notOk(current.equals(Buffer.alloc(TICKET_KEY_BYTES)))
    seen.push(current)
    for (const [age, key] of seen.toReversed().entries()) t.equal(reader.byName(key.subarray(0, 16))?.equals(key) ?? false, age < 2)
    writer.rotate()
  }
  t.equal(reader.byName(Buffer.alloc(16)), undefined)
  t.end()
})

t.test('another thread sees whole keys only, however often they are rotated', async (t) => {
  const memory = createTicketKeyMemory()
  const keys = new TicketKeys(memory)
  const code = `
    import { workerData, parentPort } from 'node:worker_threads'
    const { TicketKeys } = await import(workerData.module)
    const keys = new TicketKeys(workerData.memory)
    const whole = new Set(), odd = []
    for (let round = 0; round < 20000; round++) {
      const { version } = keys
      const key = keys.current.toString('hex')
      if (keys.version !== version) continue
      if (keys.byName(Buffer.from(key, 'hex').subarray(0, 16))?.toString('hex') !== key && keys.version === version) odd.push(key)
      whole.add(key)
    }
    parentPort.postMessage(odd.length)
  `
  const workerData = { memory, module: new URL('./ticket-keys.ts', import.meta.url).href }
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData })
  const rotation = setInterval(() => keys.rotate(), 1)
  const [odd] = await once(worker, 'message')
  clearInterval(rotation)
  t.equal(odd, 0)
})

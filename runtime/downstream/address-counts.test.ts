import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { parseClientAddress } from '../client-address.ts'
import { ADDRESS_FULL, ADDRESS_SLOTS, ADDRESS_UNTRACKED, AddressCounts, createAddressMemory } from './address-counts.ts'

function bytes(text: string): Uint8Array {
  const address = parseClientAddress(text)
  if (address === undefined) throw new Error(text)
  return address.bytes
}

t.test('an address gets as many connections as the limit says, over all workers together', (t) => {
  const memory = createAddressMemory(2)
  const [one, other] = [new AddressCounts(memory), new AddressCounts(memory)]
  const client = bytes('192.0.2.7')
  const first = one.add(0, client, 3)
  t.ok(first >= 0)
  t.equal(other.add(1, client, 3), first)
  t.equal(one.add(0, client, 3), first)
  t.equal(other.add(1, client, 3), ADDRESS_FULL)
  t.equal(other.countOf(client), 3)
  one.remove(0, first)
  t.equal(other.add(1, client, 3), first)
  t.ok(one.add(0, bytes('192.0.2.8'), 3) >= 0, 'others have places of their own')
  t.end()
})

t.test('all addresses of one /64 of IPv6 are one client, and IPv4 written as IPv6 is IPv4', (t) => {
  const counts = new AddressCounts(createAddressMemory(1))
  t.ok(counts.add(0, bytes('2001:db8:1:2::1'), 1) >= 0)
  t.equal(counts.add(0, bytes('2001:db8:1:2:ffff::9'), 1), ADDRESS_FULL)
  t.ok(counts.add(0, bytes('2001:db8:1:3::1'), 1) >= 0)
  t.ok(counts.add(0, bytes('::ffff:10.0.0.1'), 1) >= 0)
  t.equal(counts.add(0, bytes('10.0.0.1'), 1), ADDRESS_FULL)
  t.ok(counts.add(0, bytes('::1'), 1) >= 0)
  t.end()
})

t.test('what a dead worker held is given back with its seat', (t) => {
  const counts = new AddressCounts(createAddressMemory(2))
  const client = bytes('192.0.2.7')
  counts.add(0, client, 3)
  counts.add(1, client, 3)
  counts.add(1, client, 3)
  counts.clear(1)
  t.equal(counts.countOf(client), 1)
  t.ok(counts.add(0, client, 2) >= 0)
  t.end()
})

t.test('addresses that are gone make room for others, however many there were', (t) => {
  const counts = new AddressCounts(createAddressMemory(1))
  const client = new Uint8Array(16)
  const view = new DataView(client.buffer)
  let untracked = 0
  for (let round = 0; round < 3 * ADDRESS_SLOTS; round++) {
    view.setUint32(0, 0x2001_0000 + round)
    const slot = counts.add(0, client, 1)
    if (slot === ADDRESS_UNTRACKED) untracked += 1
    else counts.remove(0, slot)
  }
  t.equal(untracked, 0)
  t.end()
})

t.test('a full table serves on without counting', (t) => {
  const counts = new AddressCounts(createAddressMemory(1))
  const client = new Uint8Array(16)
  const view = new DataView(client.buffer)
  let untracked = 0
  for (let index = 0; index < 2 * ADDRESS_SLOTS; index++) {
    view.setUint32(0, 0x2001_0000 + index)
    if (counts.add(0, client, 1) === ADDRESS_UNTRACKED) untracked += 1
  }
  t.ok(untracked >= ADDRESS_SLOTS && untracked < 1.5 * ADDRESS_SLOTS, `${untracked} untracked`)
  t.end()
})

t.test('four workers that connect and leave as fast as they can never have more than the limit, and leave nothing behind', async (t) => {
  const seats = 4
  const memory = createAddressMemory(seats)
  const surely = new SharedArrayBuffer(40 * Int32Array.BYTES_PER_ELEMENT)
  const code = `
    import { workerData, parentPort } from 'node:worker_threads'
    const { AddressCounts } = await import(workerData.module)
    const counts = new AddressCounts(workerData.memory)
    const limit = 5, held = [], address = new Uint8Array(16)
    // What is surely held: entered after the count, left before it.
    const surely = new Int32Array(workerData.surely)
    let most = 0
    for (let round = 0; round < 30000; round++) {
      // All in one group's worth of addresses, so that slots are taken and given back all the time.
      address[0] = 0x20
      address[7] = round % 40
      const slot = counts.add(workerData.seat, address, limit)
      if (slot >= 0) {
        held.push({ slot, client: round % 40 })
        most = Math.max(most, Atomics.add(surely, round % 40, 1) + 1)
      }
      while (held.length > 60) leave(held.shift())
    }
    function leave({ slot, client }) {
      Atomics.sub(surely, client, 1)
      counts.remove(workerData.seat, slot)
    }
    while (held.length > 0) leave(held.shift())
    parentPort.postMessage(most)
  `
  const workers = Array.from({ length: seats }, (_, seat) => {
    const workerData = { seat, memory, surely, module: new URL('./address-counts.ts', import.meta.url).href }
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData })
  })
  const counts = new AddressCounts(memory)
  const most = await Promise.all(workers.map(async (worker) => ((await once(worker, 'message')) as [number])[0]))
  t.ok(Math.max(...most) <= 5, `at most ${most}`)
  const left = Array.from({ length: 40 }, (_, index) => {
    const address = new Uint8Array(16)
    address[0] = 0x20
    address[7] = index
    return counts.countOf(address)
  })
  t.strictSame(left, new Array(40).fill(0))
})

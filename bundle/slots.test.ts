import t from 'tap'
import { HASH_SEED, hashByte, homeSlot, segmentHash } from './hash.ts'
import { MAX_PROBES, MIN_SLOTS } from './layout.ts'
import { checkSlots, placeKeys } from './slots.ts'

const homes = (slots: number, taken: readonly (readonly [slot: number, home: number])[]): Int32Array => {
  const array = new Int32Array(slots).fill(-1)
  for (const [slot, home] of taken) array[slot] = home
  return array
}

t.test('keys are placed at their homes or behind, around the end if need be, in at most half of the slots', (t) => {
  t.strictSame([...placeKeys(3, () => 7)], [2, 3, 0, 0, 0, 0, 0, 1])
  t.equal(placeKeys(0, () => 0).length, MIN_SLOTS)
  t.equal(placeKeys(4, (index) => index).length, 8)
  t.equal(placeKeys(5, (index) => index).length, 16)
  t.strictSame([...placeKeys(2, () => 3, 4)], [2, 0, 0, 1], 'a smaller table, if that is asked for')
  t.end()
})

t.test('as many keys as may be probed can share a home, one more cannot', (t) => {
  t.equal(
    checkSlots(
      Int32Array.from(
        placeKeys(MAX_PROBES, () => 3),
        (key) => (key === 0 ? -1 : 3),
      ),
    ),
    undefined,
  )
  t.throws(() => placeKeys(MAX_PROBES + 1, () => 3), { code: 'bundle-limit' })
  t.end()
})

t.test('a table grows beyond one half when bad luck makes probes too long', (t) => {
  // At 256 slots all keys share one home, at 512 they do not.
  const placed = placeKeys(100, (index, mask) => (mask < 511 ? 0 : index))
  t.equal(placed.length, 512)
  t.end()
})

t.test('a table that cannot be searched is refused', (t) => {
  t.match(checkSlots(homes(8, [])), undefined)
  t.match(checkSlots(homes(0, [])), /^0 slots are not a power of two/)
  t.match(checkSlots(homes(4, [])), /^4 slots are not a power of two/)
  t.equal(checkSlots(Int32Array.of(-1, 1, -1, -1, 1, 1, 1), 4, 4), undefined, 'what stands behind the table does not count')
  t.match(checkSlots(homes(8, []), 4), /^4 slots are not a power of two of at least 8/)
  t.match(checkSlots(homes(12, [])), /^12 slots are not a power of two/)
  t.match(
    checkSlots(
      homes(
        8,
        [0, 1, 2, 3, 4].map((slot) => [slot, slot] as const),
      ),
    ),
    /^5 of 8 slots are taken/,
  )
  t.match(
    checkSlots(
      homes(8, [
        [1, 7],
        [7, 7],
        [0, 0],
      ]),
    ),
    undefined,
  )
  t.match(
    checkSlots(
      homes(8, [
        [1, 7],
        [7, 7],
      ]),
    ),
    /^slot 1 cannot be reached from its home/,
  )
  t.match(checkSlots(homes(8, [[2, 1]])), /^slot 2 cannot be reached from its home/)
  const long = Array.from({ length: 65 }, (_, slot) => [slot, 0] as const)
  t.match(checkSlots(homes(256, long)), /^slot 64 is 64 probes from its home/)
  t.end()
})

t.test('a segment is hashed byte by byte as the router does, independent of what is around it', (t) => {
  const bytes = Buffer.from('/weather/foobar')
  let hash = HASH_SEED
  for (const byte of bytes.subarray(9)) hash = hashByte(hash, byte)
  t.equal(hash, segmentHash(bytes, 9, 15))
  // From the FNV test suite: FNV-1a, 32 bits.
  t.equal(segmentHash(bytes, 9, 15) >>> 0, 0xbf9c_f968)
  t.equal(segmentHash(bytes, 0, 0) >>> 0, 0x811c_9dc5)
  t.end()
})

t.test('labels that differ in a digit spread over the table', (t) => {
  const homeOf = (label: string) => homeSlot(segmentHash(Buffer.from(label), 0, label.length), 4095)
  const distinct = new Set(Array.from({ length: 1000 }, (_, index) => homeOf(`collection-${index}`)))
  t.ok(distinct.size > 800, `${distinct.size} homes of 1000`)
  t.end()
})

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { compileConfig } from '../../test/fixtures/policy.ts'
import type { Hammer } from '../../test/fixtures/rate-limit-hammer.ts'
import { Cells, cellsBytes, UNITS_PER_MS, unitsAt } from './cells.ts'

const WAYS = 8
const NOW_MS = Date.UTC(2026, 10, 23)
const NOW = unitsAt(NOW_MS)
const SECOND = 1000 * UNITS_PER_MS

function cellsOf(sets = 1): Cells {
  return new Cells(new SharedArrayBuffer(cellsBytes(sets)), sets)
}

/** How many of `attempts` are admitted at one moment. */
function admitted(cells: Cells, key: readonly [number, number], attempts: number, now: number, interval: number, depth: number): number {
  let count = 0
  for (let attempt = 0; attempt < attempts; attempt++) if (cells.take(key[0], key[1], now, interval, depth) > 0) count++
  return count
}

t.test('at one moment exactly the burst is admitted; later what has refilled', (t) => {
  const cells = cellsOf()
  const key = [7, 99] as const
  t.equal(admitted(cells, key, 50, NOW, SECOND, 10 * SECOND), 10)
  t.equal(cells.take(...key, NOW, SECOND, 10 * SECOND), -SECOND, 'a second until the next')
  t.equal(admitted(cells, key, 50, NOW + SECOND - 1, SECOND, 10 * SECOND), 0)
  t.equal(admitted(cells, key, 50, NOW + SECOND, SECOND, 10 * SECOND), 1)
  t.equal(admitted(cells, key, 50, NOW + 4 * SECOND, SECOND, 10 * SECOND), 3)
  t.equal(admitted(cells, key, 50, NOW + 3600 * SECOND, SECOND, 10 * SECOND), 10, 'never more than the burst')
  t.end()
})

t.test('a million a second and one a month', (t) => {
  const fast = cellsOf()
  t.equal(admitted(fast, [1, 1], 1500, NOW, 16, 16 * 1000), 1000)
  t.equal(admitted(fast, [1, 1], 1500, NOW + UNITS_PER_MS, 16, 16 * 1000), 1000, 'a millisecond later: 1000 more')
  const slow = cellsOf()
  const month = 30 * 86_400 * SECOND
  t.equal(admitted(slow, [1, 1], 5, NOW, month, month), 1)
  t.equal(admitted(slow, [1, 1], 5, NOW + month - 1, month, month), 0)
  t.equal(admitted(slow, [1, 1], 5, NOW + month, month, month), 1)
  t.end()
})

t.test('a clock of before 2026 counts too', (t) => {
  const cells = cellsOf()
  t.equal(admitted(cells, [1, 1], 50, unitsAt(0), SECOND, 10 * SECOND), 10)
  t.equal(admitted(cells, [1, 1], 50, unitsAt(0) + SECOND, SECOND, 10 * SECOND), 1)
  t.equal(admitted(cells, [1, 1], 50, NOW, SECOND, 10 * SECOND), 10)
  t.end()
})

t.test('a clock that is set back admits nothing more, and keeps nobody out for longer than his limit can', (t) => {
  const cells = cellsOf()
  t.equal(admitted(cells, [1, 1], 50, NOW, SECOND, 10 * SECOND), 10)
  t.equal(admitted(cells, [1, 1], 50, NOW - 5 * SECOND, SECOND, 10 * SECOND), 0, 'a little: waits until it is there again')
  const dayBefore = NOW - 86_400 * SECOND
  t.equal(admitted(cells, [1, 1], 50, dayBefore, SECOND, 10 * SECOND), 0, 'far: the debt is what the limit can make it')
  t.equal(admitted(cells, [1, 1], 50, dayBefore + SECOND, SECOND, 10 * SECOND), 1)
  t.equal(admitted(cells, [1, 1], 50, dayBefore + 11 * SECOND, SECOND, 10 * SECOND), 10)
  t.end()
})

t.test('a tighter limit counts from the change, not from the debt that the old one allowed', (t) => {
  const cells = cellsOf()
  t.equal(admitted(cells, [1, 1], 200, NOW, 3600 * SECOND, 100 * 3600 * SECOND), 100)
  t.ok(cells.take(1, 1, NOW, SECOND, SECOND) < 0)
  t.ok(cells.take(1, 1, NOW + SECOND, SECOND, SECOND) > 0)
  t.end()
})

t.test('the same decisions as the definition of GCRA over real numbers', (t) => {
  const rate = fc.record({
    limit: fc.integer({ min: 1, max: 5000 }),
    perMs: fc.integer({ min: 1, max: 3600 }).map((s) => s * 1000),
    burst: fc.integer({ min: 1, max: 100 }),
  })
  const steps = fc.array(fc.tuple(fc.nat(3), fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 }))), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(rate, steps, ({ limit, perMs, burst }, requests) => {
      const cells = cellsOf(4)
      const interval = Math.round((perMs * UNITS_PER_MS) / limit)
      const fullAt = new Map<number, number>()
      let nowMs = NOW_MS
      for (const [key, stepMs] of requests) {
        nowMs += stepMs
        const answer = cells.take(key, key + 100, unitsAt(nowMs), interval, burst * interval)
        const next = Math.max(fullAt.get(key) ?? 0, nowMs) + perMs / limit
        const waitMs = next - nowMs - (burst * perMs) / limit
        // Closer than the rounding of a few hundred intervals to whole units: either answer is right.
        const isClose = Math.abs(waitMs) < 0.05
        const isAdmitted = answer > 0
        if (!isClose && isAdmitted !== waitMs <= 0) throw new Error(`admitted: ${isAdmitted}, but ${waitMs} ms to wait`)
        if (isAdmitted) {
          fullAt.set(key, next)
          if (Math.abs(answer / UNITS_PER_MS - (next - nowMs)) > 0.05) throw new Error('owes something else')
        } else if (Math.abs(-answer / UNITS_PER_MS - waitMs) > 0.05) throw new Error('waits for something else')
      }
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('a key at its limit stays there while thousands of others pass through its set', (t) => {
  const cells = cellsOf(1)
  const hot = [0, 1] as const
  t.equal(admitted(cells, hot, 100, NOW, SECOND, 20 * SECOND), 20)
  const others = Array.from({ length: 5000 }, (_, index) => [0, index * 2 + 3] as const)
  const refused = others.filter((other) => cells.take(...other, NOW, SECOND, 20 * SECOND) < 0)
  t.strictSame(refused, [], 'a newcomer is never refused for want of a cell')
  t.equal(admitted(cells, hot, 100, NOW, SECOND, 20 * SECOND), 0)
  t.end()
})

t.test('a full set forgets the key that is closest to full, and only that one', (t) => {
  const cells = cellsOf(1)
  const key = (index: number) => [0, index * 2 + 1] as const
  for (let index = 0; index < WAYS; index++) t.equal(admitted(cells, key(index), index + 1, NOW, SECOND, 20 * SECOND), index + 1)
  t.ok(cells.take(...key(100), NOW, SECOND, 20 * SECOND) > 0)
  // Key 0 had asked once; its cell went to the newcomer. All others still owe what they owed.
  for (let index = 1; index < WAYS; index++) t.equal(admitted(cells, key(index), 50, NOW, SECOND, 20 * SECOND), 20 - (index + 1))
  t.end()
})

t.test('a cell of a bucket that is full is given away without a loss', (t) => {
  const cells = cellsOf(1)
  for (let index = 0; index < 1000; index++) {
    const now = NOW + index * 30 * SECOND
    if (admitted(cells, [0, index * 2 + 1], 30, now, SECOND, 20 * SECOND) !== 20) t.fail(`key ${index}`)
  }
  t.pass()
  t.end()
})

t.test('a worker that dies while it takes a cell over holds nobody up', (t) => {
  const tag = 77
  for (const abandoned of [tag, 79]) {
    const shared = new SharedArrayBuffer(cellsBytes(1))
    const cells = new Cells(shared, 1)
    // As it leaves them: marked as pending, by the one key or another, in every place it may have been.
    const tags = new Int32Array(shared, 64, WAYS)
    for (let way = 0; way < WAYS; way++) {
      tags.fill(0)
      tags[way] = abandoned | (1 << 31)
      t.equal(admitted(cells, [0, tag], 20, NOW + way * 3600 * SECOND, SECOND, 10 * SECOND), 10)
    }
    tags.fill(abandoned | (1 << 31))
    t.equal(admitted(cells, [0, tag], 20, NOW + 24 * 3600 * SECOND, SECOND, 10 * SECOND), 10, 'even if it was all of them')
  }
  t.end()
})

t.test('seeds are random, and the same for all who share the memory', (t) => {
  const shared = new SharedArrayBuffer(cellsBytes(1))
  const first = new Cells(shared, 1)
  const second = new Cells(shared, 1)
  t.not(first.seed0, 0)
  t.strictSame([second.seed0, second.seed1], [first.seed0, first.seed1])
  t.not(`${cellsOf().seed0}/${cellsOf().seed1}`, `${first.seed0}/${first.seed1}`)
  t.end()
})

const THREADS = 4

/** Lets threads hammer, and answers how often each key was admitted by all of them. */
async function hammered(
  t: Test,
  options: Partial<Hammer> & Pick<Hammer, 'keys'>,
  orders: readonly (readonly number[])[],
): Promise<number[]> {
  const barrier = new SharedArrayBuffer(8)
  const shared = options.shared ?? new SharedArrayBuffer(cellsBytes(options.sets))
  const workers = orders.map((order) => {
    const workerData: Hammer = { shared, barrier, threads: orders.length, order, now: NOW, interval: SECOND, depth: SECOND, ...options }
    return new Worker(new URL('../../test/fixtures/rate-limit-hammer.ts', import.meta.url), { workerData })
  })
  t.teardown(() => Promise.all(workers.map((worker) => worker.terminate())))
  const counts = (await Promise.all(workers.map((worker) => once(worker, 'message')))) as [number[]][]
  await Promise.all(workers.map((worker) => worker.terminate()))
  return options.keys.map((_, key) => counts.reduce((sum, [admitted]) => sum + (admitted[key] as number), 0))
}

t.test('threads that hammer one key are admitted exactly as often as one would be', async (t) => {
  const order = new Array<number>(100_000).fill(0)
  const counts = await hammered(t, { sets: 1, keys: [[0, 1]], depth: 50_000 * SECOND }, new Array(THREADS).fill(order))
  t.strictSame(counts, [50_000])
})

t.test('threads that meet in fresh sets never give a key two cells', async (t) => {
  // As many keys as ways in each of many sets; all threads ask for the same new key at nearly the same moment.
  const sets = 4096
  const keys = Array.from({ length: sets * WAYS }, (_, index) => [index % sets, index * 2 + 1] as const)
  const inOrder = keys.flatMap((_, index) => [index, index, index])
  const counts = await hammered(t, { sets, keys, depth: 5 * SECOND }, new Array(THREADS).fill(inOrder))
  t.strictSame(
    counts.filter((count) => count !== 5),
    [],
  )
})

t.test('a key at its limit gets nothing more while threads push others through its set', async (t) => {
  const keys = Array.from({ length: 3000 }, (_, index) => [0, index * 2 + 1] as const)
  const shared = new SharedArrayBuffer(cellsBytes(1))
  const depth = 1000 * SECOND
  t.equal(admitted(new Cells(shared, 1), keys[0] as [number, number], 2000, NOW, SECOND, depth), 1000)
  const others = keys.slice(1).map((_, index) => index + 1)
  const hot = new Array<number>(50_000).fill(0)
  const [count] = await hammered(t, { sets: 1, shared, keys, depth }, [hot, hot, others, others.toReversed()])
  t.equal(count, 0)
})

t.test('the whole policy, hammered by threads, admits exactly the burst for each address', async (t) => {
  const { compiled } = compileConfig('rate-limit', { limit: 700, per: '1m', by: 'ip' })
  const record = compiled?.record as Uint8Array
  const keys = Array.from({ length: 20 }, () => [0, 0] as const)
  const order = Array.from({ length: 20_000 }, (_, index) => index % keys.length)
  const shared = new SharedArrayBuffer(cellsBytes())
  const counts = await hammered(t, { shared, keys, record, now: NOW_MS }, new Array(THREADS).fill(order))
  t.strictSame(
    counts,
    keys.map(() => 700),
  )
})

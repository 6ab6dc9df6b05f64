import fc from 'fast-check'
import t from 'tap'
import type { Balancer } from './balancer.ts'
import { createBalancer } from './balancer.ts'
import { hashBytes, hashText } from './hash.ts'

interface Fake {
  key: string
  weight: number
  share: number
  active: number
}

const member = (key: string, weight = 1): Fake => ({ key, weight, share: weight, active: 0 })

function spread(balancer: Balancer<Fake>, picks: number, hash?: (pick: number) => number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let pick = 0; pick < picks; pick++) {
    const picked = balancer.pick(hash?.(pick), [])
    counts.set(picked?.key ?? '', (counts.get(picked?.key ?? '') ?? 0) + 1)
  }
  return counts
}

/** xorshift32: tests give the same answer every time. */
function seeded(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 })

t.test('round robin gives everybody exactly his weight in every round', (t) => {
  fc.assert(
    fc.property(weights, (weights) => {
      const members = weights.map((weight, index) => member(`m${index}`, weight))
      const balancer = createBalancer<Fake>({ kind: 'round-robin' }, () => 0)
      balancer.update(members, members)
      const round = weights.reduce((sum, weight) => sum + weight, 0)
      const counts = spread(balancer, round * 3)
      for (const { key, weight } of members) if (counts.get(key) !== weight * 3) return false
      return true
    }),
  )
  t.end()
})

t.test('weighted round robin is smooth: 5, 1, 1 gives a a b a c a a', (t) => {
  const members = [member('a', 5), member('b'), member('c')]
  const balancer = createBalancer<Fake>({ kind: 'round-robin' }, () => 0)
  balancer.update(members, members)
  t.equal(Array.from({ length: 7 }, () => balancer.pick(undefined, [])?.key).join(' '), 'a a b a c a a')
  t.end()
})

t.test('round robin goes on where it was when a member goes and comes back', (t) => {
  const members = [member('a', 3), member('b', 2), member('c', 1)]
  const [a, b] = members as [Fake, Fake, Fake]
  const balancer = createBalancer<Fake>({ kind: 'round-robin' }, () => 0)
  balancer.update(members, members)
  spread(balancer, 60)
  balancer.update(members, [a, b])
  t.strictSame(
    spread(balancer, 50),
    new Map([
      ['a', 30],
      ['b', 20],
    ]),
  )
  balancer.update(members, members)
  const counts = spread(balancer, 60)
  t.strictSame([counts.get('a'), counts.get('b'), counts.get('c')], [30, 20, 10])
  t.end()
})

t.test('workers begin their turns at different members', (t) => {
  const members = [member('a'), member('b'), member('c')]
  const first = (random: number) => {
    const balancer = createBalancer<Fake>({ kind: 'round-robin' }, () => random)
    balancer.update(members, members)
    return balancer.pick(undefined, [])?.key
  }
  t.equal(new Set([first(0), first(0.4), first(0.9)]).size, 3)
  t.end()
})

t.test('least request spreads by weight when nobody is busy', (t) => {
  const members = [member('a', 4), member('b', 2), member('c', 2)]
  const balancer = createBalancer<Fake>({ kind: 'least-request' }, seeded(7))
  balancer.update(members, members)
  const counts = spread(balancer, 80_000)
  for (const { key, weight } of members) t.ok(Math.abs((counts.get(key) ?? 0) / 80_000 - weight / 8) < 0.01, `${key} ${counts.get(key)}`)
  t.end()
})

t.test('least request sends less to who answers slowly', (t) => {
  const members = [member('fast'), member('slow'), member('quick')]
  const balancer = createBalancer<Fake>({ kind: 'least-request' }, seeded(11))
  balancer.update(members, members)
  const running: { member: Fake; until: number }[] = []
  const counts = new Map<string, number>()
  for (let now = 0; now < 20_000; now++) {
    for (let i = running.length - 1; i >= 0; i--) {
      const { member, until } = running[i] as { member: Fake; until: number }
      if (until > now) continue
      member.active -= 1
      running.splice(i, 1)
    }
    const picked = balancer.pick(undefined, []) as Fake
    picked.active += 1
    counts.set(picked.key, (counts.get(picked.key) ?? 0) + 1)
    running.push({ member: picked, until: now + (picked.key === 'slow' ? 60 : 3) })
  }
  t.ok((counts.get('slow') ?? 0) < 0.15 * 20_000, `${counts.get('slow')} of 20000 went to the slow one`)
  t.end()
})

t.test('of two members, least request always takes the one with fewer requests for its weight', (t) => {
  const members = [member('a', 1), member('b', 3)]
  const [a, b] = members as [Fake, Fake]
  const balancer = createBalancer<Fake>({ kind: 'least-request' }, seeded(3))
  balancer.update(members, members)
  a.active = 2
  b.active = 3
  const counts = spread(balancer, 2000)
  // One draw in four misses `b` in the first place, and one in 4^4 of those in all further ones.
  t.ok((counts.get('b') ?? 0) > 1980, `${counts.get('b')}`)
  t.end()
})

t.test('a key stays with its member, whatever order members are listed in', (t) => {
  const members = Array.from({ length: 9 }, (_, index) => member(`10.0.0.${index}:80`))
  const one = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
  const other = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
  one.update(members, members)
  const reversed = members.toReversed()
  other.update(reversed, reversed)
  for (let key = 0; key < 2000; key++) {
    const hash = hashText(`tenant-${key}`)
    if (one.pick(hash, []) !== other.pick(hash, [])) t.fail(`tenant-${key}`)
  }
  t.pass()
  t.end()
})

t.test('when a member goes, only its keys move, and when one comes, it only takes', (t) => {
  fc.assert(
    fc.property(weights, fc.nat(), (weights, gone) => {
      const members = weights.map((weight, index) => member(`10.0.${index}.1:80`, weight))
      if (members.length < 2) return true
      const left = members[gone % members.length] as Fake
      const rest = members.filter((each) => each !== left)
      const before = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
      const after = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
      before.update(members, members)
      after.update(rest, rest)
      for (let key = 0; key < 200; key++) {
        const hash = hashText(`k${key}`)
        const was = before.pick(hash, [])
        if (was !== left && after.pick(hash, []) !== was) return false
      }
      return true
    }),
    { numRuns: 40 },
  )
  t.end()
})

t.test('keys of consistent hashing spread by weight', (t) => {
  const members = [member('10.0.0.1:80', 1), member('10.0.0.2:80', 2), member('10.0.0.3:80', 1), member('10.0.0.4:80', 4)]
  const balancer = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
  balancer.update(members, members)
  const counts = spread(balancer, 40_000, (pick) => hashText(`user-${pick}`))
  for (const { key, weight } of members) {
    const share = (counts.get(key) ?? 0) / 40_000
    t.ok(Math.abs(share / (weight / 8) - 1) < 0.2, `${key} has ${share} instead of ${weight / 8}`)
  }
  t.end()
})

t.test('while a member is not used its keys go to several others, and all other keys stay', (t) => {
  const members = Array.from({ length: 6 }, (_, index) => member(`10.0.0.${index}:80`))
  const balancer = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
  balancer.update(members, members)
  const keys = Array.from({ length: 6000 }, (_, index) => hashText(`user-${index}`))
  const before = keys.map((hash) => balancer.pick(hash, []))
  const away = members[2] as Fake
  away.share = 0
  balancer.update(
    members,
    members.filter((each) => each !== away),
  )
  const takers = new Set<Fake | undefined>()
  for (const [index, hash] of keys.entries()) {
    const now = balancer.pick(hash, [])
    if (before[index] === away) takers.add(now)
    else if (now !== before[index]) t.fail('a key moved that had no reason to')
  }
  t.equal(takers.has(away), false)
  t.equal(takers.size, 5)
  away.share = 1
  balancer.update(members, members)
  t.ok(keys.every((hash, index) => balancer.pick(hash, []) === before[index]))
  t.end()
})

t.test('very many and very heavy members still fit on the ring', (t) => {
  const members = Array.from({ length: 1024 }, (_, index) => member(`10.0.${index >> 8}.${index & 255}:80`, 65_535 * 65_535))
  const balancer = createBalancer<Fake>({ kind: 'consistent-hash', by: 'ip', name: '' })
  balancer.update(members, members)
  const counts = spread(balancer, 50_000, (pick) => hashText(`user-${pick}`))
  t.ok(counts.size > 1000, `${counts.size}`)
  t.end()
})

for (const kind of ['round-robin', 'least-request', 'consistent-hash'] as const) {
  const plan = kind === 'consistent-hash' ? { kind, by: 'ip' as const, name: '' } : { kind }
  t.test(`${kind} tries everybody before it tries anybody twice`, (t) => {
    fc.assert(
      fc.property(weights, fc.nat(2 ** 31), (weights, seed) => {
        const members = weights.map((weight, index) => member(`m${index}`, weight))
        const balancer = createBalancer<Fake>(plan, seeded(seed))
        balancer.update(members, members)
        const tried: Fake[] = []
        for (let i = 0; i < members.length; i++) {
          const picked = balancer.pick(seed, tried)
          if (picked === undefined || tried.includes(picked)) return false
          tried.push(picked)
        }
        return balancer.pick(seed, tried) !== undefined
      }),
    )
    t.end()
  })

  t.test(`${kind} has nobody when there is nobody, and takes the only one there is`, (t) => {
    const balancer = createBalancer<Fake>(plan)
    const only = member('only')
    t.equal(balancer.pick(1, []), undefined)
    balancer.update([only], [only])
    t.equal(balancer.pick(1, []), only)
    t.equal(balancer.pick(undefined, [only]), only)
    only.share = 0
    balancer.update([only], [])
    t.equal(balancer.pick(1, []), undefined)
    t.end()
  })
}

t.test('a hash of bytes is that of their text', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1')
      return hashBytes(bytes, 0, bytes.length) === hashText(text)
    }),
  )
  t.end()
})

import t from 'tap'
import { MEMBER, MEMBER_WORDS, markedTick, ownCell } from '../shared-cells.ts'
import { MemberHealth } from './member-health.ts'
import { type Candidate, chooseUsable } from './usable.ts'

const NOW = 9_000_000
const RULES = { panicBelowPercent: 50, slowStartMs: 0 }

interface Options {
  readonly weight?: number
  readonly priority?: number
  readonly isUnhealthy?: boolean
  readonly ejectedForMs?: number
  readonly addedAtMs?: number
}

function member(options: Options = {}): Candidate {
  const health = new MemberHealth(ownCell(MEMBER_WORDS))
  if (options.isUnhealthy) health.setUnhealthy(true, NOW)
  if (options.ejectedForMs !== undefined) health.cell.words[MEMBER.ejectedUntil] = markedTick(NOW + options.ejectedForMs)
  const { weight = 1, priority = 0, addedAtMs = Number.NEGATIVE_INFINITY } = options
  return { health, weight, priority, addedAtMs, share: -1 }
}

function shares(all: readonly Candidate[], rules = RULES, nowMs = NOW): number[] {
  chooseUsable(all, rules, nowMs, [])
  return all.map(({ share }) => Math.round(share * 100) / 100)
}

t.test('who is unhealthy or ejected gets nothing', (t) => {
  t.strictSame(shares([member(), member({ isUnhealthy: true }), member(), member({ ejectedForMs: 1000 })]), [1, 0, 1, 0])
  t.end()
})

t.test('when fewer than panicBelow would be left all are used', (t) => {
  t.strictSame(shares([member({ isUnhealthy: true }), member({ isUnhealthy: true }), member()]), [1, 1, 1])
  t.strictSame(shares([member({ isUnhealthy: true })]), [1])
  t.strictSame(shares([member({ isUnhealthy: true }), member()]), [0, 1])
  t.end()
})

t.test('with panicBelow 0% nobody who is unhealthy is ever used', (t) => {
  t.strictSame(shares([member({ isUnhealthy: true }), member({ isUnhealthy: true })], { ...RULES, panicBelowPercent: 0 }), [0, 0])
  t.end()
})

t.test('the next priority is used when too few of the better one are left', (t) => {
  const gone = { isUnhealthy: true }
  t.strictSame(shares([member(), member(), member({ priority: 1 })]), [1, 1, 0])
  t.strictSame(shares([member(gone), member(gone), member({ priority: 1 })]), [0, 0, 1])
  t.strictSame(shares([member(gone), member(gone), member(), member({ priority: 5, ...gone })]), [1, 1, 1, 0])
  t.strictSame(shares([member({ priority: 10, ...gone }), member({ priority: 20, ...gone })]), [1, 0])
  t.end()
})

t.test('weight 0 gets nothing while another one has more', (t) => {
  t.strictSame(shares([member({ weight: 0 }), member({ weight: 7 })]), [0, 7])
  t.strictSame(shares([member({ weight: 0 }), member({ weight: 7, isUnhealthy: true })]), [1, 0])
  t.strictSame(shares([member({ weight: 0 }), member({ weight: 0 })]), [1, 1])
  t.end()
})

t.test('who comes or comes back gets its full weight only after slowStart', (t) => {
  const rules = { ...RULES, slowStartMs: 10_000 }
  const added = member({ weight: 10, addedAtMs: NOW })
  const others = [member({ weight: 10 }), member({ weight: 10 })]
  t.strictSame(shares([added, ...others], rules), [1, 10, 10])
  t.strictSame(shares([added, ...others], rules, NOW + 5000), [5, 10, 10])
  t.strictSame(shares([added, ...others], rules, NOW + 10_000), [10, 10, 10])
  const ejected = member({ weight: 10, ejectedForMs: 2000 })
  t.strictSame(shares([ejected, ...others], rules, NOW + 7000).map(Math.round), [5, 10, 10])
  const unhealthy = member({ weight: 10, isUnhealthy: true })
  unhealthy.health.setUnhealthy(false, NOW)
  t.strictSame(shares([unhealthy, ...others], rules, NOW + 2500).map(Math.round), [3, 10, 10])
  t.end()
})

t.test('it says when to ask again', (t) => {
  const next = (all: Candidate[], rules = RULES) => chooseUsable(all, rules, NOW, [])
  t.equal(next([member(), member({ isUnhealthy: true })]), Number.POSITIVE_INFINITY)
  const ejected = next([member(), member({ ejectedForMs: 1000 }), member({ ejectedForMs: 4000 })])
  t.ok(ejected > NOW + 900 && ejected <= NOW + 1000)
  t.equal(next([member(), member({ addedAtMs: NOW })], { ...RULES, slowStartMs: 20_000 }), NOW + 1000)
  t.end()
})

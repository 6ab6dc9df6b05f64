import t from 'tap'
import { keptIdleMs, mayReuse } from './reuse.ts'

const good = { isRequestWritten: true, isResponseRead: true, isKeptAlive: true, cameEarly: false, extraBytes: 0 }

t.test('a connection is used again only when nothing at all speaks against it', async (t) => {
  t.equal(mayReuse(good), true)
  t.equal(mayReuse({ ...good, isRequestWritten: false }), false)
  t.equal(mayReuse({ ...good, isResponseRead: false }), false)
  t.equal(mayReuse({ ...good, isKeptAlive: false }), false)
  t.equal(mayReuse({ ...good, cameEarly: true }), false)
  t.equal(mayReuse({ ...good, extraBytes: 1 }), false)
})

t.test('an idle connection is given up a second before the other end closes it', async (t) => {
  t.equal(keptIdleMs(55_000, undefined), 55_000)
  t.equal(keptIdleMs(55_000, 'timeout=5'), 4000)
  t.equal(keptIdleMs(55_000, 'max=100, timeout=5'), 4000)
  t.equal(keptIdleMs(55_000, 'timeout=600'), 55_000)
  t.equal(keptIdleMs(55_000, 'timeout=1'), 0)
  t.equal(keptIdleMs(55_000, 'timeout=0'), 0)
  t.equal(keptIdleMs(55_000, 'rubbish'), 55_000)
})

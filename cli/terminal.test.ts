import t from 'tap'
import { wantsColor } from './terminal.ts'

t.test('a terminal has colour, a pipe has none, NO_COLOR takes it away and FORCE_COLOR gives it', async (t) => {
  const terminal = { isTTY: true }
  t.equal(wantsColor(terminal, {}), true)
  t.equal(wantsColor({}, {}), false)
  t.equal(wantsColor(terminal, { TERM: 'dumb' }), false)
  t.equal(wantsColor(terminal, { NO_COLOR: '1' }), false)
  t.equal(wantsColor(terminal, { NO_COLOR: '' }), true, 'empty counts as not set')
  t.equal(wantsColor({}, { FORCE_COLOR: '1' }), true)
  t.equal(wantsColor(terminal, { FORCE_COLOR: '0' }), false)
  t.equal(wantsColor({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), false)
})

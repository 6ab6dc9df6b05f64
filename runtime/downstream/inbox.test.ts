import t from 'tap'
import { Inbox } from './inbox.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const textOf = ({ bytes, start, end }: Inbox) => bytes.toString('latin1', start, end)

t.test('what is added comes out in order, however much it is', async (t) => {
  const inbox = new Inbox()
  let expected = ''
  for (let i = 0; i < 400; i++) {
    const piece = `${i},`.repeat((i % 7) + 1)
    inbox.add(bytes(`xx${piece}`), 2, 2 + piece.length, false)
    expected += piece
    if (i % 3 === 0) {
      inbox.start += 2
      expected = expected.slice(2)
    }
  }
  t.equal(textOf(inbox), expected)
  t.equal(inbox.size, expected.length)
})

t.test('bytes into which a head points are never moved or written over', async (t) => {
  const inbox = new Inbox()
  inbox.add(bytes('head'), 0, 4, false)
  const { bytes: before } = inbox
  inbox.start = 4
  inbox.add(Buffer.alloc(10_000, 'x'), 0, 10_000, false)
  t.not(inbox.bytes, before)
  t.equal(before.toString('latin1', 0, 4), 'head')
  t.equal(inbox.start, 0)
})

t.test('within a head, offsets stay when there has to be more room', async (t) => {
  const inbox = new Inbox()
  inbox.add(bytes('taken'), 0, 5, false)
  inbox.start = 5
  inbox.add(bytes('half a head'), 0, 11, false)
  inbox.add(Buffer.alloc(10_000, 'y'), 0, 10_000, true)
  t.equal(inbox.start, 5)
  t.match(textOf(inbox), /^half a heady+$/)
})

t.test('a large inbox is let go of when it is empty', async (t) => {
  const inbox = new Inbox()
  inbox.add(Buffer.alloc(100_000), 0, 100_000, false)
  inbox.settle()
  t.ok(inbox.bytes.length >= 100_000)
  t.equal(inbox.drop(), 100_000)
  inbox.settle()
  t.ok(inbox.bytes.length < 10_000)
  t.equal(inbox.isEmpty, true)
})

import t from 'tap'
import { accepts, refuses } from '../test/fixtures/grammar.ts'
import { parseMediaRange } from './media-range.ts'

t.test('a media type, or all of a kind', (t) => {
  accepts(t, parseMediaRange, { 'Application/JSON': 'application/json', 'text/*': 'text/*', 'image/svg+xml': 'image/svg+xml' })
  refuses(t, parseMediaRange, [
    ['', ' `` is not a media type'],
    ['json', '^^^^ `json` is not a media type', 'such as `application/json`'],
    ['*/*', '^ `*` stands only behind the slash'],
    ['text/', '      `text/` is not a media type'],
    ['text/ht*', '     ^^^ `text/ht*` is not a media type', 'such as `text/*`'],
    ['text/html; charset=utf-8', '         ^^^^^^^^^^^^^^^ a media type stands without parameters here', '`text/html`'],
    ['a/b/c', '^^^^^ `a/b/c` is not a media type'],
  ])
  t.end()
})

/** The canonical form of paths: what it is, that it is one, and that it agrees with a slow reading of RFC 3986. */
import fc from 'fast-check'
import t from 'tap'
import { canonicalise, checkTriplets, pathError } from './path.ts'

/** Canonical form, or the code of the refusal. */
function canonical(path: string, padding = 0): string {
  const bytes = Buffer.from(`${'%'.repeat(padding)}${path}41`, 'latin1')
  const end = bytes.length - 2
  const out = Buffer.alloc(Math.max(1, end - padding), 0x21)
  const size = canonicalise(bytes, padding, end, out)
  if (size < 0) return pathError(size)
  return size === 0 ? path : out.toString('latin1', 0, size)
}

/** RFC 3986 §6.2.2 and §5.2.4 word by word, with strings and lists, and our refusals. */
function naive(path: string): string {
  if (!path.startsWith('/')) return 'target-invalid'
  let decoded = ''
  for (let i = 0; i < path.length; i++) {
    const char = path[i] as string
    if (char === '\\') return 'path-backslash'
    if (char !== '%') {
      if (!/[!-~]/.test(char) || char === '#' || char === '?') return 'target-invalid'
      decoded += char
      continue
    }
    const digits = path.slice(i + 1, i + 3)
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return 'target-percent-invalid'
    const byte = String.fromCharCode(Number.parseInt(digits, 16))
    if (byte === '\0') return 'target-percent-nul'
    if (byte === '/' || byte === '\\') return 'path-encoded-slash'
    decoded += /[A-Za-z0-9._~-]/.test(byte) ? byte : `%${digits.toUpperCase()}`
    i += 2
  }
  const segments: string[] = []
  const parts = decoded.split('/').slice(1)
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    if (part !== '.' && part !== '..') segments.push(part)
    else {
      if (part === '..' && segments.pop() === undefined) return 'path-above-root'
      if (isLast) segments.push('')
    }
  }
  return `/${segments.join('/')}`
}

const isRefusal = (result: string) => !result.startsWith('/')

t.test('the canonical form is what RFC 3986 says, for every short path', (t) => {
  const pieces = ['/', '.', 'a', '%2e', '%2F', '%41', '%c3', '%', '\\']
  let paths = ['']
  let count = 0
  for (let size = 1; size <= 6; size++) {
    paths = paths.flatMap((path) => pieces.map((piece) => path + piece)).filter((path) => path.startsWith('/'))
    for (const path of paths) {
      count++
      const ours = canonical(path)
      const theirs = naive(path)
      // Both refuse; which of two mistakes comes first may differ where a path has several.
      if (ours !== theirs && !(isRefusal(ours) && isRefusal(theirs))) t.equal(ours, theirs, path)
    }
  }
  t.ok(count > 60_000, `${count} paths`)
  t.end()
})

t.test('any path: never longer, canonical already when read again, no dot segment and no lower-case triplet left', (t) => {
  const piece = fc.oneof(
    fc.constantFrom('/', '/', '.', '..', '/./', '/../', '%2e', '%2E', '%252e', '%c3%A4', '%20', 'a', 'b.c', '~', ';', ':@!$&()*+,='),
    fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme-ascii' }),
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join('')}`),
      fc.nat(3),
      (path, padding) => {
        const result = canonical(path, padding)
        const expected = naive(path)
        if (isRefusal(expected)) return isRefusal(result)
        return (
          result === expected &&
          result.length <= path.length &&
          canonical(result) === result &&
          !/\/\.\.?(\/|$)/.test(result) &&
          !/%[0-9A-F]?[a-f]/.test(result)
        )
      },
    ),
    { numRuns: 20_000 },
  )
  t.pass()
  t.end()
})

t.test('bytes behind the end are not looked at', (t) => {
  t.equal(canonical('/a%'), 'target-percent-invalid')
  t.equal(canonical('/a%4'), 'target-percent-invalid')
  t.equal(canonical('/.'), '/')
  t.equal(checkTriplets(Buffer.from('a%4141'), 0, 3), -2)
  t.equal(checkTriplets(Buffer.from('a%4141'), 0, 4), 0)
  t.end()
})

t.test('each reason to refuse has its own code', (t) => {
  t.equal(canonical(''), 'target-invalid')
  t.equal(canonical('a'), 'target-invalid')
  for (const char of ['?', '#', ' ', '\0', '\x7f', '\xe4']) {
    t.equal(canonical(`/${char}`), 'target-invalid')
    t.equal(canonical(`/%41${char}`), 'target-invalid', 'while rewriting too')
  }
  t.equal(canonical('/\\'), 'path-backslash')
  t.equal(canonical('/%41\\'), 'path-backslash')
  t.equal(canonical('/%41%00'), 'target-percent-nul')
  t.equal(canonical('/%41%5c'), 'path-encoded-slash')
  t.equal(canonical('/%41%g'), 'target-percent-invalid')
  t.equal(canonical('/a/%2e%2E/..'), 'path-above-root')
  t.end()
})

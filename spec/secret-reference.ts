/**
 * References to secrets, `${env:NAME}` and `${file:/path}`, and the free text around them. A secret's value never stands in a source:
 * the gateway resolves the reference when it loads a bundle. `${var.x}` is kept for compile-time values, which do not exist yet.
 */
import { type Mistake, mistake } from './grammar.ts'

export interface SecretReference {
  readonly kind: 'env' | 'file'
  /** The variable's name or the file's absolute path. */
  readonly name: string
}

const HINT = '`${env:NAME}` or `${file:/absolute/path}`'

/** A whole text that is one reference. */
export function parseSecretReference(text: string): SecretReference | Mistake {
  if (!text.startsWith('${') || !text.endsWith('}')) return mistake('a secret must be a reference', 0, text.length, HINT)
  const inner = text.slice(2, -1)
  if (inner.startsWith('env:')) {
    const name = inner.slice(4)
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { kind: 'env', name }
    return mistake(`\`${name}\` is not the name of an environment variable`, 6, text.length - 1, 'letters, digits and `_`')
  }
  if (inner.startsWith('file:')) {
    const name = inner.slice(5)
    if (!name.startsWith('/')) return mistake('the path of a secret is absolute', 7, text.length - 1, '`${file:/run/secrets/name}`')
    if (/[\p{Cc}{}]/u.test(name) || /(^|\/)\.\.?(\/|$)/.test(name) || !name.isWellFormed()) {
      return mistake('the path of a secret has no `.` or `..`, braces or control characters', 7, text.length - 1)
    }
    return { kind: 'file', name }
  }
  if (isVariable(text)) return mistake('compile-time variables do not exist in this version', 0, text.length, 'write the value itself')
  return mistake(`\`${text}\` is not a reference to a secret`, 0, text.length, HINT)
}

/** Free text: anything but references, which would be sent as they stand. */
export function parseText(text: string): string | Mistake {
  const reference = findReference(text)
  if (reference) {
    return mistake(
      `\`${text.slice(reference.start, reference.end)}\` is not resolved here`,
      reference.start,
      reference.end,
      'write the value itself',
    )
  }
  if (!text.isWellFormed()) return mistake('a text with half a surrogate pair is not Unicode', 0, text.length)
  return text
}

/** Free text, or one reference and nothing else. */
export function parseTextOrSecret(text: string): string | SecretReference | Mistake {
  const reference = findReference(text)
  if (reference === undefined) return parseText(text)
  if (reference.start === 0 && reference.end === text.length) return parseSecretReference(text)
  const written = text.slice(reference.start, reference.end)
  const hint = `\`${written}\` alone, and what stands around it in the secret too`
  return mistake('a reference to a secret must be the whole value', reference.start, reference.end, hint)
}

/** Where the first thing stands that is, or was meant as, a reference: `${env:`, `${file:` or `${var.` anywhere, or `${…}` as the whole text. */
export function findReference(text: string): { readonly start: number; readonly end: number } | undefined {
  // Nearly every value of a source comes by here.
  if (!text.includes('${')) return undefined
  const found = /\$\{(?:env:|file:|var\.)[^}]*\}?/.exec(text) ?? /^\$\{[^{}]*\}$/.exec(text)
  return found ? { start: found.index, end: found.index + found[0].length } : undefined
}

export function isVariable(reference: string): boolean {
  return reference.startsWith('${var.')
}

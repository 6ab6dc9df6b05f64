/** What decides where a request goes: for consistent hashing (`header:x-tenant`, `cookie:session`, `consumer`, `ip`) and for splits (`consumer`, `cookie:part`). */
import { parseFieldName } from './field-name.ts'
import { isMistake, type Mistake, mistake, shifted } from './grammar.ts'
import { nearest } from './suggest.ts'

export interface HashKey {
  readonly by: 'header' | 'cookie' | 'consumer' | 'ip'
  /** Of the header, in lower case, or of the cookie; empty otherwise. */
  readonly name: string
}

export interface StickyKey {
  readonly by: 'cookie' | 'consumer'
  /** Of the cookie; empty otherwise. */
  readonly name: string
}

export function parseHashKey(text: string): HashKey | Mistake {
  return parseKey(text, ['header', 'cookie', 'consumer', 'ip'])
}

/** `undefined` for `off`. */
export function parseSticky(text: string): StickyKey | undefined | Mistake {
  if (text === 'off') return undefined
  return parseKey(text, ['cookie', 'consumer'])
}

function parseKey<By extends HashKey['by']>(text: string, allowed: readonly By[]): { readonly by: By; readonly name: string } | Mistake {
  const colon = text.indexOf(':')
  const end = colon === -1 ? text.length : colon
  const kind = text.slice(0, end)
  const by = allowed.find((one) => one === kind)
  if (by === undefined) {
    const near = nearest(kind, allowed)
    const forms = allowed.map((one) => (isNamed(one) ? `\`${one}:NAME\`` : `\`${one}\``))
    const hint =
      near === undefined ? `one of ${forms.join(', ')}` : `did you mean \`${near}${isNamed(near) && colon === -1 ? ':NAME' : ''}\`?`
    return mistake(text === '' ? 'it is not said by what' : `\`${kind}\` is nothing to go by`, 0, end, hint)
  }
  if (!isNamed(by)) {
    if (colon === -1) return { by, name: '' }
    return mistake(`\`${by}\` takes no name`, colon, text.length, `\`${by}\``)
  }
  if (colon === -1) return mistake(`it is not said which ${by}`, 0, text.length, by === 'header' ? '`header:x-tenant`' : '`cookie:session`')
  const name = parseFieldName(text.slice(colon + 1))
  if (isMistake(name)) {
    const inner = shifted(name, colon + 1)
    return mistake(inner.message.replace('a field name', `the name of a ${by}`), inner.start, inner.end, inner.hint)
  }
  return { by, name: by === 'header' ? name.toLowerCase() : name }
}

function isNamed(by: string): boolean {
  return by === 'header' || by === 'cookie'
}

/** Fields of a message as the cache compares them: all values of one name as one list (RFC 9110 §5.3). */
import type { FieldEdits } from '../exchange-edits.ts'
import { hashName } from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'

/** All values of a field, joined by commas; empty when there is none, or only empty ones. */
export function listOf(section: FieldSection, lower: string): string {
  let text = ''
  const hash = hashName(lower)
  for (let index = section.indexOfName(lower, hash); index >= 0; index = section.indexOfName(lower, hash, index + 1)) {
    text += text === '' ? section.value(index) : `, ${section.value(index)}`
  }
  return text
}

export function has(section: FieldSection, lower: string): boolean {
  return section.indexOfName(lower) >= 0
}

/** The same for what is sent on after policies have changed it. */
export function sentList(section: FieldSection, edits: FieldEdits, lower: string): string {
  if (edits.isEmpty) return listOf(section, lower)
  let text = edits.dropsName(lower) ? '' : listOf(section, lower)
  for (let i = 0; i < edits.count; i++) {
    if (!edits.isEffective(i) || edits.nameText(i).toLowerCase() !== lower) continue
    text += text === '' ? edits.value(i) : `, ${edits.value(i)}`
  }
  return text
}

/** Members of a comma-separated list without quotes (tokens, language ranges), in lower case. */
export function members(list: string): string[] {
  return list
    .split(',')
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}

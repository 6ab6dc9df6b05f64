/** Proves the literal edges of a node: the slots behind it, as bundle/trie.ts looks labels up in them. */
import { homeSlot, segmentHash } from './hash.ts'
import type { Sections } from './image.ts'
import { MIN_NODE_SLOTS } from './layout.ts'
import { LIMITS } from './limits.ts'
import { checkSlots } from './slots.ts'
import { INLINE_LABEL_BYTES, LABEL_OFFSET, ROW_WORDS, SLOT } from './trie.ts'

const SLASH = 0x2f

/** Says what is wrong with the edge from a node to a child, if anything. */
type Link = (node: number, child: number, sizes: number) => string | undefined

export class LiteralsCheck {
  readonly #rows: Int32Array
  readonly #bytes: Uint8Array
  readonly #strings: Uint8Array
  readonly #offsets: Uint32Array
  readonly #link: Link
  /** Homes in the table that is looked at, by position in it; -1 where it is empty. */
  #homes = new Int32Array(1024)

  constructor(sections: Sections, link: Link) {
    this.#rows = sections.i32('NODE')
    this.#bytes = sections.u8('NODE')
    this.#strings = sections.u8('STRB')
    this.#offsets = sections.u32('STRO')
    this.#link = link
  }

  /** What is wrong with the `slots >= 1` rows behind a node, which lie within the section. */
  check(node: number, slots: number): string | undefined {
    if (this.#homes.length < slots) this.#homes = new Int32Array(slots * 2)
    for (let position = 0; position < slots; position++) {
      const at = (node + 1 + position) * ROW_WORDS
      const child = this.#rows[at] as number
      if (child === 0) {
        for (let word = at; word < at + ROW_WORDS; word++)
          if (this.#rows[word] !== 0) return `has slot ${position}, which is empty but not zero`
        this.#homes[position] = -1
        continue
      }
      const wrong = this.#checkLabel(at) ?? this.#link(node, child, this.#rows[at + SLOT.sizes] as number)
      if (wrong !== undefined) return `has slot ${position}, which ${wrong}`
      this.#homes[position] = homeSlot(this.#rows[at + SLOT.hash] as number, slots - 1)
    }
    // The one literal of a node fills its table; a lookup ends with the table.
    if (slots === 1) return this.#homes[0] === -1 ? 'has a table and no literal' : undefined
    const wrong = checkSlots(this.#homes, slots, MIN_NODE_SLOTS)
    if (wrong !== undefined) return `has a wrong table: ${wrong}`
    const repeated = this.#findRepeated(node + 1, slots)
    return repeated === -1 ? undefined : `has slot ${repeated}, which repeats a label`
  }

  #checkLabel(at: number): string | undefined {
    const size = (this.#rows[at + SLOT.sizes] as number) & 0xffff
    if (size > LIMITS.pathBytes) return 'has a label that is longer than a path'
    let source = this.#bytes
    let start = at * 4 + LABEL_OFFSET
    if (size <= INLINE_LABEL_BYTES) {
      for (let index = size; index < INLINE_LABEL_BYTES; index++)
        if (source[start + index] !== 0) return 'has a label that zeros do not follow'
    } else {
      source = this.#strings
      start = this.#rows[at + SLOT.label] as number
      const string = this.#rows[at + SLOT.label + 1] as number
      if (string < 0 || string >= this.#offsets.length - 1) return 'has a label that is no string'
      if (this.#offsets[string] !== start || (this.#offsets[string + 1] as number) - start !== size)
        return 'has a label that is not its string'
      for (let word = SLOT.label + 2; word < ROW_WORDS; word++) if (this.#rows[at + word] !== 0) return 'does not end with zeros'
    }
    for (let index = start; index < start + size; index++) if (source[index] === SLASH) return 'has a label with a slash'
    return segmentHash(source, start, start + size) === this.#rows[at + SLOT.hash] ? undefined : 'has a wrong hash'
  }

  /** Position whose label another one between its home and it has: a lookup would find only that one. -1 if there is none. */
  #findRepeated(first: number, slots: number): number {
    for (let position = 0; position < slots; position++) {
      const home = this.#homes[position] as number
      if (home === -1) continue
      for (let other = home; other !== position; other = (other + 1) & (slots - 1)) {
        if (this.#isSameLabel((first + position) * ROW_WORDS, (first + other) * ROW_WORDS)) return position
      }
    }
    return -1
  }

  /** Inline labels are padded with zeros, longer ones name their string, and strings are distinct. */
  #isSameLabel(a: number, b: number): boolean {
    if ((((this.#rows[a + SLOT.sizes] as number) ^ (this.#rows[b + SLOT.sizes] as number)) & 0xffff) !== 0) return false
    for (let word = SLOT.label; word < ROW_WORDS; word++) if (this.#rows[a + word] !== this.#rows[b + word]) return false
    return true
  }
}

/**
 * Proves that a bundle is what docs/bundle-format.md says, in one linear pass and before any view exists: afterwards every read stays
 * inside, every index refers to something, and every walk ends. It answers the first violation as text. Header and section table are
 * read with DataView, which cannot read outside; sections with typed arrays that end where the table, proved by then, says.
 */
import { crc32 } from 'node:zlib'
import { checkAttachments } from './attachments.ts'
import { checkAutomata } from './automata.ts'
import { checkBackends } from './backends.ts'
import { checkChains } from './chains.ts'
import { checkTrie } from './check-trie.ts'
import { checkConsumers } from './consumers.ts'
import { checkHealth } from './health.ts'
import { checkHosts } from './hosts.ts'
import {
  Checked,
  type Image,
  isRejection,
  PERMIT,
  type Rejection,
  readSections,
  refuseBigEndian,
  rejection,
  type Sections,
} from './image.ts'
import {
  ALIGNMENT,
  alignUp,
  type Columns,
  ENTRY,
  ENTRY_BYTES,
  FLAG_CRITICAL,
  FORMAT_MAJOR,
  HEADER,
  HEADER_BYTES,
  isTag,
  MAGIC,
  MAX_SECTIONS,
  NO_LIMIT,
  OPTIONAL_TAGS,
  ORDER,
  rowBytesOf,
  SECTION_NAMES,
  TABLES,
  type TableTag,
} from './layout.ts'
import { LIMITS } from './limits.ts'
import { checkListeners } from './listeners.ts'
import { checkManifest, readManifest } from './manifest.ts'
import { checkRetries } from './retries.ts'
import { checkRoutes } from './routes.ts'
import { checkSecrets } from './secrets.ts'
import { checkSelfTests } from './self-tests.ts'
import { readSignatures } from './signatures.ts'
import { checkSourceMap } from './source-map.ts'
import { checkStrings } from './strings.ts'
import { checkTraffics } from './traffics.ts'

/** `bytes` is the bundle's size; the image may be longer. Says nothing about signatures: that is `verifyBundle`. */
export function check(image: Image, bytes: number): Checked | Rejection {
  refuseBigEndian()
  if (bytes > image.byteLength)
    return rejection('bundle-truncated', `the bundle should have ${bytes} bytes and there are ${image.byteLength}`)
  const header = readHeader(new Uint8Array(image, 0, bytes))
  if (isRejection(header)) return header
  const table = checkTable(image, header)
  if (table !== undefined) return rejection('bundle-invalid', table)
  const signatures = readSignatures(new Uint8Array(image, 0, bytes), header.contentBytes)
  if (isRejection(signatures)) return signatures
  const sections = readSections(image, bytes)
  const wrong = checkSections(sections, header)
  if (wrong !== undefined) return rejection('bundle-invalid', wrong)
  return new Checked(PERMIT, image, bytes, sections)
}

/** What the first 64 bytes say, after they have proved themselves. */
export interface Header {
  readonly major: number
  readonly minor: number
  /** Size of what is signed: header, section table and sections. */
  readonly contentBytes: number
  readonly sectionCount: number
  readonly tableCrc32: number
}

/** Reads the header of a whole file: enough to tell a wrong or damaged file from a bundle, and content from signatures. */
export function readHeader(file: Uint8Array): Header | Rejection {
  if (file.length < HEADER_BYTES) return rejection('bundle-truncated', `header: ${file.length} bytes are fewer than a header has`)
  if (file.length > LIMITS.bundleBytes) return rejection('bundle-too-large', `the bundle has more than ${LIMITS.bundleBytes} bytes`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (const [index, byte] of MAGIC.entries()) {
    if (view.getUint8(index) !== byte) return rejection('not-a-bundle', 'header: the file does not begin as a bundle does')
  }
  if (crc32(file.subarray(0, HEADER.headerCrc32)) !== view.getUint32(HEADER.headerCrc32, true)) {
    return rejection('bundle-damaged', 'header: its checksum is wrong')
  }
  const header = {
    major: view.getUint16(HEADER.major, true),
    minor: view.getUint16(HEADER.minor, true),
    contentBytes: view.getUint32(HEADER.contentBytes, true),
    sectionCount: view.getUint32(HEADER.sectionCount, true),
    tableCrc32: view.getUint32(HEADER.tableCrc32, true),
  }
  if (header.major !== FORMAT_MAJOR)
    return rejection('format-unsupported', `header: format ${header.major}.${header.minor}, and ${FORMAT_MAJOR} is read`)
  if (view.getUint32(HEADER.flags, true) !== 0) return rejection('bundle-invalid', 'header: unknown flags')
  for (let at: number = HEADER.contentBytes + 4; at < HEADER.headerCrc32; at++) {
    const used = at >= HEADER.sectionCount && at < HEADER.zero
    if (!used && view.getUint8(at) !== 0) return rejection('bundle-invalid', `header: byte ${at} is not zero`)
  }
  if (header.contentBytes < HEADER_BYTES || header.contentBytes % ALIGNMENT !== 0) {
    return rejection('bundle-invalid', `header: the content cannot have ${header.contentBytes} bytes`)
  }
  if (header.contentBytes > file.length) {
    return rejection('bundle-truncated', `header: the content has ${header.contentBytes} bytes and the file ${file.length}`)
  }
  return header
}

/** Sections stand one after the other, each at the next multiple of 64, with zeros between: no gap, no overlap, no byte unaccounted for. */
function checkTable(image: Image, header: Header): string | undefined {
  if (header.sectionCount > MAX_SECTIONS) return `section table: more than ${MAX_SECTIONS} sections`
  const tableEnd = HEADER_BYTES + header.sectionCount * ENTRY_BYTES
  if (alignUp(tableEnd) > header.contentBytes) return 'section table: it ends behind the content'
  const file = new Uint8Array(image, 0, header.contentBytes)
  if (crc32(file.subarray(HEADER_BYTES, tableEnd)) !== header.tableCrc32) return 'section table: its checksum is wrong'
  const view = new DataView(image, 0, header.contentBytes)
  const seen = new Set<string>()
  let end = tableEnd
  for (let index = 0; index < header.sectionCount; index++) {
    const at = HEADER_BYTES + index * ENTRY_BYTES
    const tag = String.fromCharCode(...file.subarray(at + ENTRY.tag, at + ENTRY.tag + 4))
    const name = nameOf(tag)
    const flags = view.getUint32(at + ENTRY.flags, true)
    const offset = view.getUint32(at + ENTRY.offset, true)
    const size = view.getUint32(at + ENTRY.size, true)
    if (!/^[A-Z0-9]{4}$/.test(tag)) return `section table: the tag of entry ${index} is not four letters or digits`
    if (seen.has(tag)) return `${name}: there are two`
    seen.add(tag)
    if ((flags & ~FLAG_CRITICAL) !== 0) return `${name}: unknown flags`
    const isCritical = (flags & FLAG_CRITICAL) !== 0
    if (!isTag(tag) && isCritical) return `${name}: unknown, and critical`
    if (isTag(tag) && isCritical === OPTIONAL_TAGS.has(tag)) return `${name}: wrongly marked as critical or not`
    if (view.getUint32(at + ENTRY.zero, true) !== 0 || view.getUint32(at + ENTRY.zero + 4, true) !== 0)
      return `${name}: its entry does not end with zeros`
    if (offset % ALIGNMENT !== 0) return `${name}: its offset is not a multiple of ${ALIGNMENT}`
    if (offset !== alignUp(end)) return `${name}: it does not begin where the section before ends`
    if (size > header.contentBytes - offset) return `${name}: it ends behind the content`
    if (!isZero(file, end, offset)) return `${name}: bytes before it are not zero`
    if (isTag(tag) && size !== view.getUint32(at + ENTRY.count, true) * rowBytesOf(tag)) return `${name}: its size is not that of its count`
    if (crc32(file.subarray(offset, offset + size)) !== view.getUint32(at + ENTRY.crc32, true)) return `${name}: its checksum is wrong`
    end = offset + size
  }
  if (alignUp(end) !== header.contentBytes) return 'section table: bytes follow the last section'
  if (!isZero(file, end, header.contentBytes)) return 'section table: bytes behind the last section are not zero'
  for (const tag of ORDER) if (!seen.has(tag) && !OPTIONAL_TAGS.has(tag)) return `${SECTION_NAMES[tag]}: missing`
  return undefined
}

function checkSections(sections: Sections, header: Header): string | undefined {
  const wrong = checkStrings(sections) ?? checkManifest(sections, `${header.major}.${header.minor}`)
  if (wrong !== undefined) return wrong
  for (const tag of Object.keys(TABLES) as TableTag[]) {
    const wrongColumn = checkColumns(sections, tag)
    if (wrongColumn !== undefined) return wrongColumn
  }
  return (
    checkListeners(sections) ??
    checkRoutes(sections) ??
    checkChains(sections) ??
    checkAttachments(sections, readManifest(sections).policies.length) ??
    checkTraffics(sections) ??
    checkRetries(sections) ??
    checkBackends(sections) ??
    checkHealth(sections) ??
    checkConsumers(sections) ??
    checkSecrets(sections) ??
    checkHosts(sections) ??
    checkAutomata(sections) ??
    checkTrie(sections, readManifest(sections).counts.nodes) ??
    checkSelfTests(sections) ??
    checkSourceMap(sections)
  )
}

/** What layout.ts says of each column. */
function checkColumns(sections: Sections, tag: TableTag): string | undefined {
  const words = sections.u32(tag)
  const count = sections.count(tag)
  const columns: Columns = TABLES[tag]
  const stride = Object.keys(columns).length
  let position = 0
  for (const [name, column] of Object.entries(columns)) {
    let min = 0
    let max = 0xffff_ffff
    if (column.type === 'string') max = sections.count('STRO') - 2
    else if (column.type === 'number' || column.type === 'limit') {
      min = column.min
      max = column.max
    } else {
      min = column.optional ? 0 : 1
      max = sections.count(column.to)
    }
    for (let row = 0; row < count; row++) {
      const value = words[row * stride + position] as number
      if (column.type === 'limit' && (value === NO_LIMIT || (value === 0 && column.optional))) continue
      if (value < min || value > max) return `${SECTION_NAMES[tag]}: ${name} of entry ${row} is ${value}, outside of ${min} to ${max}`
    }
    position += 1
  }
  return undefined
}

function nameOf(tag: string): string {
  return isTag(tag) ? SECTION_NAMES[tag] : `section ${JSON.stringify(tag)}`
}

function isZero(file: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (file[index] !== 0) return false
  return true
}

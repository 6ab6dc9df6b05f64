/** Plan -> bytes of an unsigned bundle. Decides nothing and sorts nothing but strings: equal plans give equal bytes. */
import { strict as assert } from 'node:assert'
import { crc32 } from 'node:zlib'
import { buildAttachments, putRecords } from './attachments.ts'
import { buildAutomata, putAutomata } from './automata.ts'
import { buildBackends } from './backends.ts'
import { buildChains } from './chains.ts'
import { buildConsumers, putConsumerKeys } from './consumers.ts'
import { PosternError } from './error.ts'
import { buildHealth } from './health.ts'
import { buildHosts, putHostIndex } from './hosts.ts'
import { refuseBigEndian } from './image.ts'
import {
  alignUp,
  ENTRY,
  ENTRY_BYTES,
  FLAG_CRITICAL,
  FORMAT_MAJOR,
  FORMAT_MINOR,
  HEADER,
  HEADER_BYTES,
  MAGIC,
  OPTIONAL_TAGS,
  ORDER,
  rowBytesOf,
  type Tag,
} from './layout.ts'
import { LIMITS } from './limits.ts'
import { buildApis, buildListeners, putTrustedProxies } from './listeners.ts'
import { putManifest } from './manifest.ts'
import type { BundlePlan } from './plan.ts'
import { RetryPool } from './retries.ts'
import { buildRoutes } from './routes.ts'
import { buildSecrets } from './secrets.ts'
import { buildSelfTests } from './self-tests.ts'
import { buildSourceMap } from './source-map.ts'
import { type Sink, StringPool } from './strings.ts'
import { buildTraffics } from './traffics.ts'
import { buildNodeTables, placeTrie, putTrie } from './trie-writer.ts'

/** A plan that refers to what it does not have is a wrong program; `check` says of the result what is wrong with it. */
export function writeBundle(plan: BundlePlan): Uint8Array {
  refuseBigEndian()
  const strings = new StringPool()
  const retries = new RetryPool()
  const trie = placeTrie(plan, strings)
  const tables = [
    ...buildListeners(plan, strings),
    buildApis(plan, strings),
    buildRoutes(plan, strings),
    ...buildChains(plan),
    buildAttachments(plan, strings),
    ...buildTraffics(plan, retries, strings),
    ...buildBackends(plan, retries, strings),
    ...buildHealth(plan, strings),
    ...retries.build(),
    buildConsumers(plan, strings),
    buildSecrets(plan, strings),
    buildHosts(plan, trie, strings),
    ...buildNodeTables(plan, trie),
    buildAutomata(plan, strings),
    buildSelfTests(plan, strings),
    buildSourceMap(plan, strings),
  ]
  const final = strings.freeze()

  const sections = new Map<Tag, { readonly count: number; readonly bytes: Uint8Array }>()
  const sink: Sink = {
    put(tag, count, bytes) {
      assert(!sections.has(tag) && bytes.length === count * rowBytesOf(tag))
      sections.set(tag, { count, bytes })
    },
  }
  for (const table of tables) table.write(sink, final)
  strings.write(sink)
  putManifest(plan, sink)
  putTrustedProxies(plan, sink)
  putRecords(plan, sink)
  putConsumerKeys(plan, sink)
  putHostIndex(plan, sink)
  putTrie(plan, trie, strings, sink)
  putAutomata(plan, sink)
  return assemble(sections)
}

/** Header, section table, and the sections in their order with zeros between them. */
function assemble(sections: ReadonlyMap<Tag, { readonly count: number; readonly bytes: Uint8Array }>): Uint8Array {
  assert(sections.size === ORDER.length)
  const tableEnd = HEADER_BYTES + ORDER.length * ENTRY_BYTES
  let contentBytes = alignUp(tableEnd)
  for (const { bytes } of sections.values()) contentBytes += alignUp(bytes.length)
  if (contentBytes > LIMITS.bundleBytes) {
    throw new PosternError('bundle-too-large', `the bundle would have ${contentBytes} bytes, and ${LIMITS.bundleBytes} are allowed`)
  }
  const file = new Uint8Array(contentBytes)
  const view = new DataView(file.buffer)
  let offset = alignUp(tableEnd)
  for (const [index, tag] of ORDER.entries()) {
    const { count, bytes } = sections.get(tag) as { count: number; bytes: Uint8Array }
    file.set(bytes, offset)
    const at = HEADER_BYTES + index * ENTRY_BYTES
    for (let letter = 0; letter < 4; letter++) view.setUint8(at + ENTRY.tag + letter, tag.charCodeAt(letter))
    view.setUint32(at + ENTRY.flags, OPTIONAL_TAGS.has(tag) ? 0 : FLAG_CRITICAL, true)
    view.setUint32(at + ENTRY.offset, offset, true)
    view.setUint32(at + ENTRY.size, bytes.length, true)
    view.setUint32(at + ENTRY.count, count, true)
    view.setUint32(at + ENTRY.crc32, crc32(bytes), true)
    offset = alignUp(offset + bytes.length)
  }
  assert(offset === contentBytes)
  file.set(MAGIC)
  view.setUint16(HEADER.major, FORMAT_MAJOR, true)
  view.setUint16(HEADER.minor, FORMAT_MINOR, true)
  view.setUint32(HEADER.contentBytes, contentBytes, true)
  view.setUint32(HEADER.sectionCount, ORDER.length, true)
  view.setUint32(HEADER.tableCrc32, crc32(file.subarray(HEADER_BYTES, tableEnd)), true)
  view.setUint32(HEADER.headerCrc32, crc32(file.subarray(0, HEADER.headerCrc32)), true)
  return file
}

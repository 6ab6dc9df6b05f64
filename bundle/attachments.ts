/** Attachments, and the policies' records they bring to bear. docs/bundle-format.md, "Attachments", "Records". */
import { EMPTY_U8, EMPTY_U32, type Sections, type Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan, SourcePosition } from './plan.ts'
import type { SourceMap } from './source-map.ts'
import { littleEndian, type Sink, type StringPool, type Strings, TableBuilder } from './strings.ts'

const ATTACHMENT = columnsOf('ATTS')

export function buildAttachments(plan: BundlePlan, strings: StringPool): TableBuilder<'ATTS'> {
  const table = new TableBuilder('ATTS', plan.attachments.length)
  for (const [row, attachment] of plan.attachments.entries()) {
    table.set(row, { id: strings.add(attachment.id), policy: attachment.policyIndex + 1, record: attachment.recordIndex + 1 })
  }
  return table
}

export function putRecords(plan: BundlePlan, sink: Sink): void {
  const offsets = new Uint32Array(plan.records.length + 1)
  for (const [index, record] of plan.records.entries()) offsets[index + 1] = (offsets[index] as number) + record.length
  const bytes = new Uint8Array(offsets.at(-1) as number)
  for (const [index, record] of plan.records.entries()) bytes.set(record, offsets[index])
  sink.put('RECO', offsets.length, littleEndian(offsets))
  sink.put('RECB', bytes.length, bytes)
}

export function checkAttachments(sections: Sections, policyCount: number): string | undefined {
  const offsets = sections.u32('RECO')
  if (offsets.length < 1 || offsets[0] !== 0) return 'record offsets: the first record does not begin at 0'
  const recordCount = offsets.length - 1
  for (let index = 0; index < recordCount; index++) {
    const size = (offsets[index + 1] as number) - (offsets[index] as number)
    if (size < 0) return `record offsets: record ${index} ends before it begins`
    if (size > LIMITS.recordBytes) return `record offsets: record ${index} has more than ${LIMITS.recordBytes} bytes`
  }
  if (offsets[recordCount] !== sections.count('RECB')) return 'record offsets: the last one is not the end of the record bytes'
  const table = sections.table('ATTS')
  if (table.count > LIMITS.attachments) return `attachments: more than ${LIMITS.attachments}`
  for (let row = 0; row < table.count; row++) {
    if (table.at(ATTACHMENT.policy, row) > policyCount)
      return `attachments: attachment ${row} refers to a policy that the manifest does not list`
    if (table.at(ATTACHMENT.record, row) > recordCount) return `attachments: attachment ${row} refers to a record that does not exist`
  }
  return undefined
}

export class Attachments {
  readonly #table: Table
  readonly #strings: Strings
  readonly #sourceMap: SourceMap
  #recordOffsets: Uint32Array
  #recordBytes: Uint8Array

  constructor(sections: Sections, strings: Strings, sourceMap: SourceMap) {
    this.#table = sections.table('ATTS')
    this.#strings = strings
    this.#sourceMap = sourceMap
    this.#recordOffsets = sections.u32('RECO')
    this.#recordBytes = sections.u8('RECB')
  }

  get count(): number {
    return this.#table.count
  }

  /** Such as `api/weather#rate-limit`; the same from bundle to bundle. */
  id(index: number): string {
    return this.#strings.get(this.#table.at(ATTACHMENT.id, index))
  }

  /** Position in the manifest's list of policies; -1 where there is no such attachment. */
  policyIndex(index: number): number {
    return this.#table.at(ATTACHMENT.policy, index) - 1
  }

  /** -1 where there is no such attachment. */
  recordIndex(index: number): number {
    return this.#table.at(ATTACHMENT.record, index) - 1
  }

  /** The policy's config, in memory of its own. Empty where there is no such attachment. */
  record(index: number): Uint8Array {
    const record = this.recordIndex(index)
    const copy = this.#recordBytes.subarray(this.#recordOffsets[record] ?? 0, this.#recordOffsets[record + 1] ?? 0)
    return new Uint8Array(copy)
  }

  source(index: number): SourcePosition {
    return this.#sourceMap.attachment(index)
  }

  detach(): void {
    this.#table.drop()
    this.#recordOffsets = EMPTY_U32
    this.#recordBytes = EMPTY_U8
  }
}

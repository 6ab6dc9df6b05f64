/** Changes single values of a bundle for tests of the checker, checksums mended. Left out of builds. */

import { mendChecksums } from './bundle.fuzz.ts'
import { check, imageOf, isRejection, writeBundle } from './bundle.ts'
import { rowBytesOf, TABLES, type TableTag, type Tag } from './layout.ts'
import type { BundlePlan } from './plan.ts'
import { samplePlan } from './sample.fuzz.ts'

export class Edit {
  readonly file: Buffer

  constructor(plan: BundlePlan = samplePlan()) {
    this.file = Buffer.from(writeBundle(plan))
  }

  /** Offset of the section's entry in the section table. */
  entry(tag: string): number {
    for (let at = 64; at < 64 + this.file.readUInt32LE(24) * 32; at += 32) if (this.file.toString('latin1', at, at + 4) === tag) return at
    throw new Error(`no section ${tag}`)
  }

  section(tag: Tag): Buffer {
    const offset = this.file.readUInt32LE(this.entry(tag) + 8)
    return this.file.subarray(offset, offset + this.file.readUInt32LE(this.entry(tag) + 12))
  }

  count(tag: Tag): number {
    return this.section(tag).length / rowBytesOf(tag)
  }

  /** Sets a value of a table. */
  set<T extends TableTag>(tag: T, column: keyof (typeof TABLES)[T] & string, row: number, value: number): this {
    const columns = Object.keys(TABLES[tag])
    const at = row * columns.length + columns.indexOf(column)
    this.section(tag).writeUInt32LE(value, at * 4)
    return this
  }

  get<T extends TableTag>(tag: T, column: keyof (typeof TABLES)[T] & string, row: number): number {
    const columns = Object.keys(TABLES[tag])
    const at = row * columns.length + columns.indexOf(column)
    return this.section(tag).readUInt32LE(at * 4)
  }

  /** Sets a u32 of a section, or of the whole file. */
  word(tag: Tag | 'file', index: number, value: number): this {
    const bytes = tag === 'file' ? this.file : this.section(tag)
    bytes.writeUInt32LE(value >>> 0, index * 4)
    return this
  }

  byte(tag: Tag | 'file', index: number, value: number): this {
    const bytes = tag === 'file' ? this.file : this.section(tag)
    bytes[index] = value
    return this
  }

  /** What check says of it, or `accepted`. */
  verdict(): string {
    const mended = mendChecksums(this.file)
    const checked = check(imageOf(mended), mended.length)
    return isRejection(checked) ? checked.message : 'accepted'
  }
}

/** What `postern inspect --json` says about a bundle: names, counts and sizes, no configuration of policies. */

import { check, readHeader } from './check.ts'
import { imageOf, isRejection, type Rejection } from './image.ts'
import { SECTION_NAMES, type Tag } from './layout.ts'
import type { Counts, Manifest } from './manifest.ts'
import { digestOf, readSignatures } from './signatures.ts'
import { openBundle } from './views.ts'

export interface Inspection {
  /** Of the whole file. */
  readonly digest: string
  /** Of what is signed: the same before and after signing. */
  readonly contentDigest: string
  readonly signed: boolean
  /** Hex; hints only, for nothing has been verified here. */
  readonly keyIds: readonly string[]
  readonly bytes: number
  readonly contentBytes: number
  readonly format: string
  readonly compiler: string
  readonly gateway: string
  readonly listeners: readonly { readonly name: string; readonly protocol: string; readonly address: string; readonly port: number }[]
  /** Patterns; `*` stands for any host. */
  readonly hosts: readonly string[]
  readonly policies: Manifest['policies']
  /** What a gateway will want to resolve; never a value. */
  readonly secrets: readonly { readonly kind: string; readonly name: string }[]
  readonly counts: Counts
  readonly sections: readonly { readonly tag: string; readonly name: string; readonly bytes: number; readonly count: number }[]
}

/** Checks the bundle, but not its signature: that is `verifyBundle`. */
export function inspectBundle(bytes: Uint8Array): Inspection | Rejection {
  const image = imageOf(bytes)
  const checked = check(image, bytes.length)
  if (isRejection(checked)) return checked
  const header = readHeader(bytes)
  if (isRejection(header)) return header
  const signatures = readSignatures(bytes, header.contentBytes)
  if (isRejection(signatures)) return signatures
  const { manifest, listeners, hosts, secrets, sections } = openBundle(checked)
  return {
    digest: digestOf(bytes),
    contentDigest: digestOf(bytes.subarray(0, header.contentBytes)),
    signed: signatures.length > 0,
    keyIds: signatures.map(({ keyId }) => Buffer.from(keyId).toString('hex')),
    bytes: bytes.length,
    contentBytes: header.contentBytes,
    format: manifest.format,
    compiler: manifest.compiler,
    gateway: manifest.gateway,
    listeners: Array.from({ length: listeners.count }, (_, index) => ({
      name: listeners.name(index),
      protocol: listeners.protocol(index),
      address: listeners.address(index),
      port: listeners.port(index),
    })),
    hosts: Array.from({ length: hosts.count }, (_, index) => hosts.pattern(index) || '*'),
    policies: manifest.policies,
    secrets: Array.from({ length: secrets.count }, (_, index) => ({ kind: secrets.kind(index), name: secrets.name(index) })),
    counts: manifest.counts,
    sections: sections.map(({ tag, size, count }) => ({ tag, name: SECTION_NAMES[tag as Tag], bytes: size, count })),
  }
}

/** What request and response heads have in common: the fields, how the body is framed, and what `Connection` says. */
import { FieldSection } from './field-section.ts'

/** Connection options that name fields of this message. One more is refused. */
export const MAX_NOMINATIONS = 32
/** Numbers in `nominations` per option: start, end, hash. */
export const NOMINATION_STRIDE = 3

export class MessageHead extends FieldSection {
  /** HTTP/1.0 or HTTP/1.1. */
  minorVersion = 0
  /** -1: there is no Content-Length. At most 2^53-1. */
  contentLength = -1
  isChunked = false
  /** The connection may serve another exchange after this one, as far as this head says. */
  keepAlive = false
  hasClose = false
  hasKeepAlive = false
  /** An `Upgrade` field stands here; it is never forwarded. */
  hasUpgrade = false
  /** `Connection` says `upgrade`. */
  hasUpgradeOption = false
  /** Options of `Connection` that may be names of fields. */
  nominations: Int32Array | undefined = undefined
  nominationCount = 0
  /** Fields whose meaning has been checked: always a prefix of those that were scanned. */
  checkedCount = 0

  resetMessage(): void {
    this.resetFields()
    this.minorVersion = 0
    this.contentLength = -1
    this.isChunked = false
    this.keepAlive = false
    this.hasClose = false
    this.hasKeepAlive = false
    this.hasUpgrade = false
    this.hasUpgradeOption = false
    this.nominationCount = 0
    this.checkedCount = 0
  }
}

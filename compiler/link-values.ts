/** Values that are right alone and wrong where they stand: beyond what a field can take, or against another one beside it. */

import { parseByteSize } from '../spec/byte-size.ts'
import type { Report } from '../spec/diagnostic.ts'
import { known } from '../spec/grammar.ts'
import { RETRY_DEFAULTS, type RetrySpec } from '../spec/kinds/retry.ts'
import { parseTimeout } from '../spec/timeout.ts'
import { type Document, type Path, rangeAt } from './document.ts'

/** Reports a size outside of two others, both included. */
export function checkSize(text: string, document: Document, path: Path, [min, max]: readonly [string, string], report: Report): void {
  const bytes = known(parseByteSize(text))
  const key = path.at(-1)
  if (bytes < known(parseByteSize(min)))
    report.error('PST0115', rangeAt(document, path), `\`${key}\` is at least \`${min}\`, not \`${text}\``)
  if (bytes > known(parseByteSize(max)))
    report.error('PST0115', rangeAt(document, path), `\`${key}\` is at most \`${max}\`, not \`${text}\``)
}

/** Reports a first wait that is longer than the longest one. */
export function checkBackoff(backoff: RetrySpec['backoff'], document: Document, path: Path, report: Report): void {
  checkOrder(backoff, ['base', 'max'], RETRY_DEFAULTS.backoff, document, path, report)
}

/** Reports two times of a map of which the first one must not be the longer. */
export function checkOrder(
  written: { readonly [key: string]: unknown } | undefined,
  [first, second]: readonly [string, string],
  defaults: { readonly [key: string]: unknown },
  document: Document,
  path: Path,
  report: Report,
): void {
  if (written === undefined) return
  const texts = [first, second].map((key) => String(written[key] ?? defaults[key])) as [string, string]
  const [low, high] = texts.map((text) => known(parseTimeout(text))) as [number, number]
  if (low <= high) return
  const key = written[first] === undefined ? second : first
  const isDefault = (name: string) => (written[name] === undefined ? ', the default' : '')
  report.error(
    'PST0218',
    rangeAt(document, [...path, key]),
    `\`${first}\` (\`${texts[0]}\`${isDefault(first)}) is longer than \`${second}\` (\`${texts[1]}\`${isDefault(second)})`,
  )
}

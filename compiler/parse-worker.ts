/** A thread of the pool: parses a batch of texts. */

import { parseYaml } from './parse-yaml.ts'
import { type FlatParsed, flatten } from './parsed.ts'

export default function parseBatch(texts: readonly string[]): FlatParsed[] {
  return texts.map((text) => flatten(parseYaml(text), text))
}

/** Content negotiation of encodings (RFC 9110 §12.5.3): what the client takes, against what the gateway can do. */

export type Encoding = 'br' | 'zstd' | 'gzip'

/** Weights are kept as thousandths: the grammar has at most three digits. */
const FULL = 1000
const REFUSED = 0
const UNSAID = -1

/**
 * The encoding to use: the one that the client weighs most, among equals the first of `ours`; `undefined`: none. Without a field, or where the
 * client wants plain bytes at least as much as any of ours and says so, it is none, though RFC 9110 would allow any.
 */
export function negotiate(acceptEncoding: string, ours: readonly Encoding[]): Encoding | undefined {
  if (acceptEncoding === '') return undefined
  const weights = parse(acceptEncoding)
  const any = weights.get('*') ?? UNSAID
  const identity = weights.get('identity') ?? UNSAID
  let best: Encoding | undefined
  let bestWeight = REFUSED
  for (const encoding of ours) {
    const weight = weights.get(encoding) ?? (encoding === 'gzip' ? weights.get('x-gzip') : undefined) ?? any
    if (weight <= bestWeight) continue
    best = encoding
    bestWeight = weight
  }
  return identity > bestWeight ? undefined : best
}

/** Member -> weight; of a member that is repeated the first one counts. */
function parse(field: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const member of field.split(',')) {
    const [coding = '', ...parameters] = member.split(';')
    const name = coding.trim().toLowerCase()
    if (name === '' || weights.has(name)) continue
    let weight = FULL
    for (const parameter of parameters) {
      const [key = '', value = ''] = parameter.split('=')
      if (key.trim().toLowerCase() === 'q') weight = weightOf(value.trim())
    }
    weights.set(name, weight)
  }
  return weights
}

/** RFC 9110 §12.4.2. What is no weight refuses: plain bytes are always right. */
function weightOf(text: string): number {
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Math.round(Number(text) * FULL) : REFUSED
}

/** `postern key new`: a consumer's API key, shown once, and the line with its hash that goes into the YAML. */
import { createHash, randomBytes } from 'node:crypto'
import type { Terminal } from './terminal.ts'

/** 256 bits: nobody guesses one, and a plain SHA-256 suffices for keeping it; stretching is for passwords. */
const KEY_BYTES = 32

export async function run(_args: readonly string[], options: { readonly expires?: number }, terminal: Terminal): Promise<number> {
  const key = randomBytes(KEY_BYTES).toString('base64url')
  terminal.say('The key, shown this once; give it to the consumer:')
  terminal.print(key)
  terminal.say('\nThe line for `spec.keys` of the Consumer; a hash may stand in git:')
  terminal.print(`- ${keyLine(key, options.expires, Date.now())}`)
  return 0
}

/** Flow style, so that it is one line: `{ hash: "sha256:…", expires: 2027-01-01T00:00:00Z }`. */
export function keyLine(key: string, lifetimeSeconds: number | undefined, nowMs: number): string {
  const hash = `sha256:${createHash('sha256').update(key).digest('hex')}`
  if (lifetimeSeconds === undefined) return `{ hash: "${hash}" }`
  const expires = new Date((Math.floor(nowMs / 1000) + lifetimeSeconds) * 1000).toISOString().replace('.000Z', 'Z')
  return `{ hash: "${hash}", expires: ${expires} }`
}

/**
 * Values behind references to secrets, read when a bundle is activated: `${env:NAME}` from the environment the gateway was started with,
 * `${file:/path}` from a file (a mounted secret). A value lives in memory only; what is reported about it is its reference.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

export interface SecretReference {
  readonly kind: 'env' | 'file'
  /** The variable's name or the file's absolute path. */
  readonly name: string
}

export interface ResolvedSecrets {
  /** By index in the bundle; `undefined` where there is none. */
  readonly values: readonly (string | undefined)[]
  /** References without a value, as they stand in the sources, with the reason. */
  readonly unresolved: readonly string[]
}

/** Keys and tokens are short, a list of certificate authorities has a few hundred KiB; whatever is longer is some other file. */
const MAX_SECRET_BYTES = 1024 * 1024

export async function resolveSecrets(
  references: readonly SecretReference[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ResolvedSecrets> {
  const values: (string | undefined)[] = []
  const unresolved: string[] = []
  for (const { kind, name } of references) {
    const found = kind === 'env' ? fromEnvironment(environment[name]) : await fromFile(name)
    values.push('value' in found ? found.value : undefined)
    if ('why' in found) unresolved.push(`\${${kind}:${name}} ${found.why}`)
  }
  return { values, unresolved }
}

type Found = { readonly value: string } | { readonly why: string }

function fromEnvironment(value: string | undefined): Found {
  if (value === undefined) return { why: 'is not set' }
  return value === '' ? { why: 'is empty' } : { value }
}

async function fromFile(path: string): Promise<Found> {
  try {
    // Non-blocking, so that a named pipe put there cannot hold the gateway.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) return { why: 'is not a file' }
      if (stat.size > MAX_SECRET_BYTES) return { why: `is larger than ${MAX_SECRET_BYTES} bytes` }
      // Editors and `echo` end a file with a newline that is no part of the secret.
      const value = (await handle.readFile('utf8')).replace(/\r?\n$/, '')
      return value === '' ? { why: 'is empty' } : { value }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return { why: `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` }
  }
}

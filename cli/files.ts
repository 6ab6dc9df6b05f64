/** Files that several commands read or write, with one clear sentence when that fails. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import { LIMITS } from '../bundle/limits.ts'

/** More than this is no PEM file of one key. */
const MAX_KEY_BYTES = 16 * 1024

export function readPrivateKey(path: string): KeyObject {
  const pem = readWhole(path, 'the private key', MAX_KEY_BYTES)
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw new PosternError('key-invalid', `${path} is not a private key in PEM form, as \`postern keygen\` makes it`, { cause })
  }
  if (key.asymmetricKeyType !== 'ed25519') throw notEd25519(path, key)
  return key
}

export function readPublicKey(path: string): KeyObject {
  const pem = readWhole(path, 'the public key', MAX_KEY_BYTES)
  // Node would make a public key out of a private one. A private key on a gateway is a mistake that must not go unnoticed.
  if (pem.includes('PRIVATE KEY')) throw new PosternError('key-invalid', `${path} is a private key; give the public one (.pub)`)
  let key: KeyObject
  try {
    key = createPublicKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw new PosternError('key-invalid', `${path} is not a public key in PEM form, as \`postern keygen\` makes it`, { cause })
  }
  if (key.asymmetricKeyType !== 'ed25519') throw notEd25519(path, key)
  return key
}

function notEd25519(path: string, key: KeyObject): PosternError {
  return new PosternError('key-invalid', `${path} is an ${key.asymmetricKeyType} key; bundles are signed with Ed25519`)
}

/** The bytes of a bundle file, unchecked. */
export function readBundleFile(path: string): Buffer {
  return readWhole(path, 'the bundle', LIMITS.bundleBytes)
}

function readWhole(path: string, what: string, maxBytes: number): Buffer {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw new PosternError('not-a-file', `${path} is a folder, not ${what}`)
    if (stat.size > maxBytes) throw new PosternError('file-too-large', `${path} has ${stat.size} bytes; ${what} has at most ${maxBytes}`)
    return readFileSync(path)
  } catch (cause) {
    if (cause instanceof PosternError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new PosternError('file-missing', `there is no file ${path} (${what})`, { cause })
    throw new PosternError('file-not-readable', `cannot read ${what} ${path}: ${message}`, { cause })
  }
}

/** `mkdir -p`. Node's own `recursive` never returns where a parent answers ENOENT to every new name, as /proc does. */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.push(at)
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, mode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // two may make it at the same moment
    }
  }
}

/** Readers see the old file or the new one, never a part of one: written beside it, flushed, renamed. */
export function writeFileAtomically(path: string, bytes: Uint8Array): void {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  let made = false
  try {
    const file = openSync(fresh, 'wx', 0o644)
    made = true
    try {
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(fresh, path)
  } catch (cause) {
    if (made) unlinkSync(fresh)
    throw new PosternError('file-not-writable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}

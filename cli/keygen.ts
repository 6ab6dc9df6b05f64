/** `postern keygen`: an Ed25519 key pair for signing bundles. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import { makeFolder } from './files.ts'
import type { Terminal } from './terminal.ts'

export async function run(_args: readonly string[], options: { readonly out: string }, terminal: Terminal): Promise<number> {
  const { privatePath, publicPath } = writeKeyPair(options.out, 'postern')
  terminal.print(privatePath)
  terminal.print(publicPath)
  terminal.say('')
  terminal.say(`Keep ${privatePath} secret, and out of git: whoever has it can sign bundles.`)
  terminal.say(
    `Sign with \`postern compile DIR --key ${privatePath}\`, serve with \`postern run --bundle FILE.ptb --trust ${publicPath}\`.`,
  )
  return 0
}

/** Makes `NAME.key` (0600) and `NAME.pub` in a folder: both, or neither. Never overwrites. */
export function writeKeyPair(
  directory: string,
  name: string,
): { readonly privatePath: string; readonly publicPath: string; readonly key: KeyObject } {
  const { privateKey: key } = generateKeyPairSync('ed25519')
  const privatePath = join(directory, `${name}.key`)
  const publicPath = join(directory, `${name}.pub`)
  try {
    makeFolder(directory)
    writeNew(privatePath, key.export({ type: 'pkcs8', format: 'pem' }), 0o600)
  } catch (cause) {
    throw cannotWrite(privatePath, cause)
  }
  try {
    writeNew(publicPath, createPublicKey(key).export({ type: 'spki', format: 'pem' }), 0o644)
  } catch (cause) {
    unlinkSync(privatePath) // ours, made a moment ago: half a pair would only be in the way
    throw cannotWrite(publicPath, cause)
  }
  return { privatePath, publicPath, key }
}

/** O_EXCL: two who do this at the same moment cannot both succeed, and a link is not followed. */
function writeNew(path: string, text: string | Buffer, mode: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
  try {
    writeSync(file, text.toString())
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function cannotWrite(path: string, cause: unknown): PosternError {
  if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
    return new PosternError('key-exists', `${path} exists already, and a key is never overwritten; choose another folder with --out`, {
      cause,
    })
  }
  return new PosternError('file-not-writable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
}

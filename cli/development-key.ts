/** The key that `postern dev` signs with. It is the user's, not the project's, so that it can never be committed or trusted by accident. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import { readPrivateKey } from './files.ts'
import { writeKeyPair } from './keygen.ts'

const NAME = 'development'

/** Kept in the state directory; where that cannot be written, one for this run only. */
export function developmentKey(state: string): KeyObject {
  const directory = join(state, '.dev')
  const path = join(directory, `${NAME}.key`)
  if (!existsSync(path)) {
    try {
      return writeKeyPair(directory, NAME).key
    } catch (error) {
      // Another `dev` may have made it a moment ago.
      if (!(error instanceof PosternError && error.code === 'key-exists' && existsSync(path)))
        return generateKeyPairSync('ed25519').privateKey
    }
  }
  return readPrivateKey(path)
}

/** Admits everybody. */
import { PosternError } from '../../bundle/error.ts'
import type { Runner } from '../contract.ts'

const ADMITS_EVERYBODY = 1

export const runner: Runner<undefined> = {
  name: 'public',
  version: 1,
  load(record) {
    const decision = record.u8()
    record.end()
    if (decision !== ADMITS_EVERYBODY)
      throw new PosternError('record-invalid', 'the record of `public` does not say that everybody may call')
    return undefined
  },
  request: () => undefined,
}

/** Answers with the reply that was made when the bundle was loaded. */
import { PosternError } from '../../bundle/error.ts'
import { customReply, type LocalReply, type Runner } from '../contract.ts'

export const runner: Runner<LocalReply> = {
  name: 'respond',
  version: 1,
  load(record) {
    const status = record.u32()
    const fields = record.list((reader) => [reader.string(), reader.string()] as const)
    const body = record.string()
    record.end()
    if (status < 200 || status > 599) throw new PosternError('record-invalid', `status ${status} of \`respond\` cannot be sent`)
    return customReply(status, fields, body)
  },
  request: (reply) => reply,
}

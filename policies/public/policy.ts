/** `access: public`: everybody may call. It is a policy, so that every route has an access decision that somebody wrote. */
import { object } from '../../spec/schema.ts'
import { definePolicy } from '../policy.ts'

export const policy = definePolicy({
  name: 'public',
  version: 1,
  kind: 'access',
  summary: 'Admits everybody; nobody is known as a consumer.',
  config: object({}),
})

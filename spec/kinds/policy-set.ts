/** PolicySet: a named list of policies, put in elsewhere by `use: NAME`. */
import { object, type Static } from '../schema.ts'
import { policyList } from './metadata.ts'

export const policySetSpec = object({ policies: policyList })

export type PolicySetSpec = Static<typeof policySetSpec>

/** What the engine has to know of a method, by method id of bundle/plan.ts. */
import { METHODS } from '../../bundle/plan.ts'

export const GET_ID = METHODS.indexOf('GET')
export const HEAD_ID = METHODS.indexOf('HEAD')

/** RFC 9110 §9.2.2. QUERY is safe, so it is among them. */
export const IDEMPOTENT: readonly boolean[] = METHODS.map((method) => ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'QUERY'].includes(method))

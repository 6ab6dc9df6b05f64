/** Methods a route can have. CONNECT and TRACE are never proxied. */
import { type Mistake, mistake } from './grammar.ts'

export const ROUTE_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'] as const
export type RouteMethod = (typeof ROUTE_METHODS)[number]

const LIST = ROUTE_METHODS.map((method) => `\`${method}\``).join(', ')

export function parseMethod(text: string): RouteMethod | Mistake {
  const method = ROUTE_METHODS.find((known) => known === text)
  if (method !== undefined) return method
  const upper = text.toUpperCase()
  const near = ROUTE_METHODS.find((known) => known === upper)
  if (near !== undefined) return mistake('methods are written in capitals', 0, text.length, `did you mean \`${near}\`?`)
  if (upper === '*' || upper === 'ANY' || upper === 'ALL') {
    return mistake('a route has one method', 0, text.length, 'write the route once for each method')
  }
  return mistake(text === '' ? 'a method is missing' : `\`${text}\` is not a method that routes can have`, 0, text.length, `one of ${LIST}`)
}

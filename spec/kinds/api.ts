/** Api: a named group of routes, with the hosts and the base path under which they stand. */
import { array, boolean, map, object, optional, type Static, string } from '../schema.ts'
import { access, policyList } from './metadata.ts'
import { traffic } from './traffic.ts'

export const route = object({
  name: optional(string('text', 'Shown in logs; the operationId of an OpenAPI operation. By default the key, such as `GET /a/{id}`.')),
  access: optional(access),
  backend: optional(string('name', 'Backend for this route instead of the one, or the split, of the API.')),
  policies: optional(policyList),
  stripBasePath: optional(boolean('Overrides the API.')),
  preserveHost: optional(boolean('Overrides the API.')),
  ...traffic,
})

export const apiSpec = object({
  hosts: optional(
    array(string('host', '`api.example.com`, or `*.example.com` for one or more labels in front.'), 'Hosts served; any host by default.', {
      minItems: 1,
      maxItems: 1024,
    }),
  ),
  basePath: optional(string('base-path', 'Literal path in front of every route, such as `/weather`.', { default: '' })),
  access: optional(access),
  backend: optional(string('name', 'Backend of every route that names none.')),
  policies: optional(policyList),
  openapi: optional(
    string(
      'text',
      'An OpenAPI 3 document, relative to this file: each operation becomes a route. `routes` adds to them and overrides them.',
    ),
  ),
  routes: optional(
    map(route, 'Keyed by method and path template, such as `GET /stations/{id:[0-9]+}` or `GET /files/**`.', {
      propertyNames: { type: 'string', format: 'route-key' },
    }),
  ),
  stripBasePath: optional(boolean('Whether the base path is taken off before the request goes upstream.', { default: true })),
  preserveHost: optional(boolean("Whether upstream sees the client's `Host` instead of the endpoint's.", { default: false })),
  ...traffic,
})

export type ApiSpec = Static<typeof apiSpec>
export type RouteSpec = Static<typeof route>

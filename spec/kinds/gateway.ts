/** Gateway: one logical set of listeners and the APIs served on them. */
import { array, integer, map, object, oneOf, optional, type Static, string } from '../schema.ts'
import { access, policyList } from './metadata.ts'

export const listener = object({
  name: string('name', 'Shown in logs and metrics; unique within the gateway.'),
  address: optional(string('ip-address', 'Address to bind.', { default: '0.0.0.0' })),
  port: integer(0, 65535, 'Port to bind; 0 takes a free one, which is printed.'),
  protocol: optional(oneOf(['http'], 'What is spoken on it.', { default: 'http' })),
})

export const gatewaySpec = object({
  listeners: array(listener, 'Where clients connect.', { minItems: 1, maxItems: 64 }),
  trustedProxies: optional(
    array(string('cidr', 'An address or a range such as `10.0.0.0/8`.'), 'Peers whose `X-Forwarded-For` is believed; nobody by default.', {
      maxItems: 1024,
    }),
  ),
  apis: optional(
    object(
      { matchLabels: optional(map(string('text', 'The value the label must have.'), 'Every label named here must be on the API.')) },
      'Which APIs this gateway serves; all of them by default.',
    ),
  ),
  access: optional(access),
  policies: optional(policyList),
})

export type GatewaySpec = Static<typeof gatewaySpec>

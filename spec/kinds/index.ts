/** The kinds of the language, by name: the only list of them. */
import { object, type Schema } from '../schema.ts'
import { type ApiSpec, apiSpec } from './api.ts'
import { type BackendSpec, backendSpec } from './backend.ts'
import { type ConsumerSpec, consumerSpec } from './consumer.ts'
import { type GatewaySpec, gatewaySpec } from './gateway.ts'
import { API_VERSION, metadata, type Resource } from './metadata.ts'
import { type PolicySetSpec, policySetSpec } from './policy-set.ts'

export type Gateway = Resource<'Gateway', GatewaySpec>
export type Api = Resource<'Api', ApiSpec>
export type Backend = Resource<'Backend', BackendSpec>
export type Consumer = Resource<'Consumer', ConsumerSpec>
export type PolicySet = Resource<'PolicySet', PolicySetSpec>

export type AnyResource = Gateway | Api | Backend | Consumer | PolicySet
export type Kind = AnyResource['kind']

const SPECS: { readonly [K in Kind]: Schema } = {
  Gateway: gatewaySpec,
  Api: apiSpec,
  Backend: backendSpec,
  Consumer: consumerSpec,
  PolicySet: policySetSpec,
}

export const KINDS: readonly Kind[] = Object.keys(SPECS) as Kind[]

/** The schema of a whole resource of a kind. */
export function resourceSchema(kind: Kind): Schema {
  return object({ apiVersion: { const: API_VERSION }, kind: { const: kind }, metadata, spec: SPECS[kind] })
}

/** All grammars by the format that names them in schemas: for the generated validators, and for saying what exactly is wrong. */
import { parseBasePath } from './base-path.ts'
import { parseByteSize } from './byte-size.ts'
import { parseCidr } from './cidr.ts'
import { parseDuration } from './duration.ts'
import { parseFieldName } from './field-name.ts'
import { parseFieldValue } from './field-value.ts'
import { isMistake, type Mistake } from './grammar.ts'
import { parseHost } from './host.ts'
import { parseHttpEndpoint } from './http-endpoint.ts'
import { parseIpAddress } from './ip-address.ts'
import { parseKeyHash } from './key-hash.ts'
import { parseMethod } from './method.ts'
import { parseName } from './name.ts'
import { parseOrigin } from './origin.ts'
import { parsePathTemplate, parseRouteKey } from './path-template.ts'
import type { Format } from './schema.ts'
import { parseSecretReference, parseText, parseTextOrSecret } from './secret-reference.ts'
import { parseTimestamp } from './timestamp.ts'

type Grammar = (text: string) => unknown | Mistake

export const grammars: { readonly [F in Format]: Grammar } = {
  duration: parseDuration,
  'byte-size': parseByteSize,
  host: parseHost,
  'base-path': parseBasePath,
  'route-key': parseRouteKey,
  'path-template': parsePathTemplate,
  'http-endpoint': parseHttpEndpoint,
  'ip-address': parseIpAddress,
  cidr: parseCidr,
  'field-name': parseFieldName,
  'field-value': parseFieldValue,
  name: parseName,
  timestamp: parseTimestamp,
  'key-hash': parseKeyHash,
  origin: parseOrigin,
  method: parseMethod,
  secret: parseSecretReference,
  'text-or-secret': parseTextOrSecret,
  text: parseText,
}

/** The same as questions, in the form that ajv asks. */
export const formats: { readonly [format: string]: (text: string) => boolean } = Object.fromEntries(
  Object.entries(grammars).map(([format, parse]) => [format, (text: string) => !isMistake(parse(text))]),
)

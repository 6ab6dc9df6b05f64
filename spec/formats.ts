/** All grammars by the format that names them in schemas: for the generated validators, and for saying what exactly is wrong. */
import { parseBasePath } from './base-path.ts'
import { parseByteRate } from './byte-rate.ts'
import { parseByteSize } from './byte-size.ts'
import { parseCidr } from './cidr.ts'
import { parseDuration } from './duration.ts'
import { parseFieldName } from './field-name.ts'
import { parseFieldValue } from './field-value.ts'
import { isMistake, type Mistake } from './grammar.ts'
import { parseHashKey, parseSticky } from './hash-key.ts'
import { parseHost, parseHostName } from './host.ts'
import { parseHttpEndpoint } from './http-endpoint.ts'
import { parseIpAddress } from './ip-address.ts'
import { parseKeyHash } from './key-hash.ts'
import { parseMediaRange } from './media-range.ts'
import { parseMethod } from './method.ts'
import { parseName } from './name.ts'
import { parseOrigin } from './origin.ts'
import { parsePathTemplate, parseRouteKey } from './path-template.ts'
import { parsePercent, parseShare } from './percent.ts'
import { parseRequestPath } from './request-path.ts'
import type { Format } from './schema.ts'
import { parseSecretReference, parseText, parseTextOrSecret } from './secret-reference.ts'
import { parseStatusRange } from './status-range.ts'
import { parseTimeout, parseTimeoutOrOff } from './timeout.ts'
import { parseTimestamp } from './timestamp.ts'

type Grammar = (text: string) => unknown | Mistake

export const grammars: { readonly [F in Format]: Grammar } = {
  duration: parseDuration,
  timeout: parseTimeout,
  'timeout-or-off': parseTimeoutOrOff,
  'byte-size': parseByteSize,
  'byte-rate': parseByteRate,
  percent: parsePercent,
  share: parseShare,
  'hash-key': parseHashKey,
  sticky: parseSticky,
  'status-range': parseStatusRange,
  'media-range': parseMediaRange,
  'request-path': parseRequestPath,
  host: parseHost,
  'host-name': parseHostName,
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

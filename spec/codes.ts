/**
 * Every diagnostic code of the core, grouped by phase: 00 load, 01 parse and validate, 02 link, 03 inherit, 04 checks, 05 limits. A number is
 * never reused. The pages of docs/errors/ and `postern explain` are made from this; a policy's own codes stand in its `policy.ts`.
 */

export interface CodeExplanation {
  /** What the code says, in a few words. */
  readonly title: string
  /** Why it is refused and how it is mended; Markdown. */
  readonly explanation: string
  /** A few lines of YAML that give the diagnostic. */
  readonly wrong?: string
  /** The same, mended. */
  readonly right?: string
}

export const CODES = {
  PST0001: {
    title: 'the folder cannot be read',
    explanation: 'The folder to compile does not exist, is not a folder, or may not be read by the user who runs the compiler.',
  },
  PST0002: {
    title: 'a file cannot be read',
    explanation: 'A YAML file below the folder could not be read: permissions, a dangling symbolic link or a failing disk.',
  },
  PST0003: {
    title: 'a file is not UTF-8',
    explanation: 'Sources are UTF-8, with or without a byte order mark. The message names the first byte that is wrong, 0-based.',
  },
  PST0004: {
    title: 'a referenced file does not exist',
    explanation: 'The path after `openapi:` is relative to the file it stands in.',
    wrong: 'openapi: ./missing.yaml',
  },
  PST0005: {
    title: 'a file stands outside of the folder',
    explanation:
      'A bundle is made from one folder and nothing else, so that the same folder gives the same bundle anywhere. Symbolic links are followed before this is decided.',
    wrong: 'openapi: ../../elsewhere/openapi.yaml',
  },
  PST0006: {
    title: 'a file is too large',
    explanation: 'One source may have at most 64 MiB. Split it: resources may be spread over any number of files.',
  },
  PST0007: {
    title: 'nothing to compile',
    explanation:
      'No file below the folder has a document that begins with `apiVersion: postern/v1`. `postern init` writes a small project.',
  },
  PST0101: {
    title: 'YAML or JSON syntax',
    explanation:
      'The text is not YAML 1.2 (or, in a `.json` file, not JSON). All syntax errors of a file are reported; the first one often causes the others. Text with `: `, ` #`, or a leading `*`, `{`, `[`, `&`, `!`, `|`, `>`, `%`, `@` or a backtick has to stand in quotes.',
    wrong: 'hosts: [*.example.com]',
    right: 'hosts: ["*.example.com"]',
  },
  PST0102: {
    title: 'duplicate key',
    explanation: 'A key may stand only once in a map. YAML readers differ on which one counts, so none does. The first place is shown too.',
    wrong: 'basePath: /a\nbasePath: /b',
  },
  PST0103: { title: 'nested too deeply', explanation: 'Maps and lists may be nested at most 64 deep.' },
  PST0104: {
    title: 'aliases stand for too much',
    explanation:
      'All aliases (`*name`) of a document together may stand for at most 100 000 values. A few lines of aliases of aliases can otherwise fill any memory.',
  },
  PST0105: {
    title: 'YAML that Postern does not read',
    explanation:
      'Tags of your own (`!thing`), merge keys (`<<`), and maps or lists as keys have no meaning here. Write the value out, or use an alias.',
    wrong: '<<: *defaults',
  },
  PST0110: {
    title: 'unknown apiVersion',
    explanation: 'A document whose kind is one of ours, or whose `apiVersion` is close to ours, must say `apiVersion: postern/v1`.',
    wrong: 'apiVersion: postern/v2\nkind: Api',
    right: 'apiVersion: postern/v1\nkind: Api',
  },
  PST0111: {
    title: 'unknown kind',
    explanation: 'The kinds are `Gateway`, `Api`, `Backend`, `Consumer` and `PolicySet`.',
    wrong: 'apiVersion: postern/v1\nkind: Route',
  },
  PST0112: {
    title: 'unknown key',
    explanation:
      'Nothing is ignored: what cannot be enforced cannot be written. The reference pages list the keys of every kind and policy.',
    wrong: 'basepath: /weather',
    right: 'basePath: /weather',
  },
  PST0113: {
    title: 'a key is missing',
    explanation: 'The key that the message names has no default and must be written.',
  },
  PST0114: {
    title: 'wrong type',
    explanation: 'The value is of another type than the field: a list where a map is expected, a number where text is expected.',
    wrong: 'port: "8080"',
    right: 'port: 8080',
  },
  PST0115: {
    title: 'value not allowed',
    explanation: 'The value has the right type but is none of the allowed ones, or lies outside of the bounds of the field.',
    wrong: 'port: 80800',
  },
  PST0116: {
    title: 'value not understood',
    explanation:
      'The text is not in the form that the field asks for: a duration (`500ms`, `5s`, `1m`), a size (`64KiB`), a host, a path, an address, a URL. The carets show what is wrong.',
    wrong: 'connect: 5 seconds',
    right: 'connect: 5s',
  },
  PST0117: {
    title: 'unknown policy',
    explanation: 'No policy has this name. The reference lists all of them.',
    wrong: 'policies: [ { ratelimit: {} } ]',
    right: 'policies: [ { rate-limit: { limit: 100, per: 1m, by: ip } } ]',
  },
  PST0118: {
    title: 'a policy in the wrong place',
    explanation: 'Policies that decide who may call stand under `access`, all others in `policies`.',
    wrong: 'policies: [ { api-key: {} } ]',
    right: 'access: { api-key: {} }',
  },
  PST0119: {
    title: 'a reference to a secret where none may stand',
    explanation:
      '`${env:NAME}` and `${file:/path}` are resolved by the gateway when it loads a bundle, in fields made for secrets only. Everything else is in the bundle as it is written.',
    wrong: 'backend: ${env:BACKEND}',
  },
  PST0120: {
    title: 'a secret written out',
    explanation:
      'A secret never stands in the sources or in a bundle. Write where the gateway finds it: `${env:NAME}` or `${file:/absolute/path}`.',
  },
  PST0121: {
    title: 'compile-time variables do not exist yet',
    explanation: '`${var.x}` is kept for values that differ by environment. This version has none: write the value itself.',
  },
  PST0130: {
    title: 'not an OpenAPI 3 document',
    explanation:
      '`openapi:` takes OpenAPI 3.0 and 3.1, in YAML or JSON. Swagger 2 has to be converted first, with `swagger2openapi` for example.',
  },
  PST0131: {
    title: 'a path that cannot be a route',
    explanation:
      'A path of the OpenAPI document cannot be written as a route. Write the route in `routes`, with its method and a path that can be, or correct the document.',
  },
  PST0132: {
    title: 'an operationId stands twice',
    explanation: 'OpenAPI asks for unique operationIds; they become the names of routes in logs and metrics.',
  },
  PST0133: {
    title: 'a $ref that leads nowhere',
    explanation: 'A path item may be a `$ref` to another place of the same document (`#/components/pathItems/name`), not to another file.',
  },
  PST0201: {
    title: 'a backend that does not exist',
    explanation: 'No document of kind `Backend` has this name.',
    wrong: 'backend: wether-service',
    right: 'backend: weather-service',
  },
  PST0202: { title: 'a policy set that does not exist', explanation: 'No document of kind `PolicySet` has the name after `use`.' },
  PST0203: { title: 'a consumer that does not exist', explanation: 'No document of kind `Consumer` has this name.' },
  PST0204: {
    title: 'policy sets in a circle',
    explanation: 'A policy set uses itself, directly or through others. The message shows the way round.',
  },
  PST0205: {
    title: 'a name is taken',
    explanation: 'Two documents of the same kind have the same `metadata.name`. The first one is shown too.',
  },
  PST0206: {
    title: 'several gateways, none named',
    explanation: 'The folder has several gateways: say which one is meant with `--gateway NAME`.',
  },
  PST0207: {
    title: 'no such gateway',
    explanation: 'The folder has no document of kind `Gateway`, or none with the name given by `--gateway`.',
  },
  PST0208: {
    title: 'a key of two consumers',
    explanation:
      'The same key hash stands on two consumers, or twice: whoever sends the key could not be told apart. The first place is shown too.',
  },
  PST0209: {
    title: 'two listeners in one place',
    explanation: 'Two listeners of a gateway have the same name, or the same address and port.',
  },
  PST0210: {
    title: 'two answers to where requests go',
    explanation:
      '`backend` names the one place where requests go, `split` spreads them over several: one place of the sources can have only one of them. A route that has either takes neither from its Api.',
    wrong: 'backend: orders\nsplit: [ { backend: orders-v2 } ]',
    right: 'split: [ { backend: orders, weight: 95 }, { backend: orders-v2, weight: 5 } ]',
  },
  PST0211: {
    title: 'TLS that does not fit the protocol',
    explanation:
      'A listener with `protocol: https` needs `tls` with at least one certificate, and one with `protocol: http`, the default, has none. Otherwise what was meant to be encrypted would not be.',
    wrong: '{ name: https, port: 8443, protocol: https }',
    right:
      '{ name: https, port: 8443, protocol: https, tls: { certificates: [ { cert: "${file:/etc/edge/chain.pem}", key: "${file:/etc/edge/key.pem}" } ] } }',
  },
  PST0212: {
    title: 'half of a client certificate',
    explanation: 'A gateway that shows a certificate to its backends needs both: the certificate and its private key.',
    wrong: 'tls: { cert: "${file:/etc/edge/client.pem}" }',
    right: 'tls: { cert: "${file:/etc/edge/client.pem}", key: "${file:/etc/edge/client.key}" }',
  },
  PST0213: {
    title: 'TLS settings that nothing uses',
    explanation: 'The backend has `tls`, and none of its endpoints begins with `https://`: all its traffic would go in the clear.',
    wrong: 'endpoints: ["http://orders.internal"]\ntls: { ca: "${file:/etc/ca.pem}" }',
    right: 'endpoints: ["https://orders.internal"]\ntls: { ca: "${file:/etc/ca.pem}" }',
  },
  PST0214: {
    title: 'weights that give nobody anything',
    explanation: 'All parts of a split, or all endpoints of a backend, have weight 0: no request could go anywhere.',
    wrong: 'split: [ { backend: orders-v1, weight: 0 } ]',
    right: 'split: [ { backend: orders-v1, weight: 1 } ]',
  },
  PST0215: {
    title: 'a backend twice in one split',
    explanation: 'Nobody could say which of the two weights is meant. The first place is shown too.',
    wrong: 'split: [ { backend: orders, weight: 50 }, { backend: orders, weight: 50 } ]',
    right: 'split: [ { backend: orders, weight: 1 } ]',
  },
  PST0216: {
    title: '`sticky` without a split',
    explanation:
      '`sticky` keeps callers with the part of a `split` that was chosen for them first. Where nothing is split, it does nothing. To keep callers at one *endpoint* of a backend, write `balance: { consistent-hash: { by: consumer } }` in the Backend.',
    wrong: 'backend: orders\nsticky: consumer',
  },
  PST0217: {
    title: 'a PROXY protocol that nobody may speak',
    explanation:
      'With `proxyProtocol: true`, connections from the addresses in `trustedProxies` begin with a header that says who the client is; from other addresses it is not believed. The list is empty, so the header could never count.',
    wrong: 'listeners: [ { name: http, port: 8080, proxyProtocol: true } ]',
    right: 'listeners: [ { name: http, port: 8080, proxyProtocol: true } ]\ntrustedProxies: [10.0.0.0/8]',
  },
  PST0218: {
    title: 'two settings that contradict each other',
    explanation:
      'Each value is allowed, and both together are not: a first wait that is longer than the longest one, a health check by `path` and by `tcp`, SRV records of an IP address, a request line that is longer than a whole head.',
    wrong: 'backoff: { base: 1s, max: 250ms }',
    right: 'backoff: { base: 100ms, max: 1s }',
  },
  PST0301: {
    title: 'a route without an access decision',
    explanation:
      'Who may call has to be said on the route, the API or the gateway. `access: public` admits everybody, and is never the default.',
    right: 'access: public',
  },
  PST0302: {
    title: 'a route without a backend',
    explanation: 'Neither the route nor its API names a backend, and no policy of the route always answers itself, as `respond` does.',
  },
  PST0303: {
    title: 'a consumer where none can be known',
    explanation:
      'Requests are told apart by their consumer (`sticky: consumer`, or a backend with `consistent-hash: { by: consumer }`), and the access decision in force admits everybody: there is no consumer to go by.',
    wrong: 'access: public\nsticky: consumer',
    right: 'access: { api-key: {} }\nsticky: consumer',
  },
  PST0401: {
    title: 'two routes for the same requests',
    explanation: 'Two routes with the same method, host and path template: no rule could prefer one. Both places are shown.',
  },
  PST0402: {
    title: 'two constraints that overlap',
    explanation: 'Two constrained parameters stand at the same place of a path and both accept some segment, which the message shows.',
  },
  PST0403: {
    title: 'a route that can never match',
    explanation:
      'Every request that the route could serve is served by more specific ones, which are shown: literals are preferred to constrained parameters. Or its constraint accepts no segment at all, or its shortest path is longer than a request may be.',
    wrong: 'GET /size/{size:small|large}: {}\nGET /size/small: {}\nGET /size/large: {}',
    right: 'GET /size/{size:small|large}: {}',
  },
  PST0404: {
    title: 'a constraint that is no pattern',
    explanation:
      'The text after `:` in `{name:pattern}` is a regular expression for one whole segment: characters, `.`, classes, groups, alternatives and repetition. It is compared with the characters of the segment, percent-encoded ones decoded, and never with a slash. Look-around, back-references and lazy quantifiers do not exist, and the automaton that it becomes may have at most 4096 states.',
  },
  PST0405: {
    title: 'a constraint that constrains nothing',
    explanation: 'A warning: `{x:.+}` accepts what `{x}` accepts, but ranks above other parameters.',
    wrong: 'GET /cities/{name:.+}: {}',
    right: 'GET /cities/{name}: {}',
  },
  PST0406: {
    title: 'something that nobody uses',
    explanation: 'A warning: the resource changes nothing. Most often a name somewhere else is wrong.',
  },
  PST0407: {
    title: 'a gateway without APIs',
    explanation: 'A warning: no Api has all the labels that the gateway asks for in `apis.matchLabels`.',
  },
  PST0408: {
    title: 'a cache where nothing is kept',
    explanation:
      'Only responses to GET and HEAD are kept (RFC 9110 §9.2.3): a route with another method says `cache` for nothing. What an Api says counts for its GET and HEAD routes only, and needs no `cache: off` on the others.',
    wrong: 'POST /orders: { cache: { ttl: 30s } }',
    right: 'GET /orders: { cache: { ttl: 30s } }',
  },
  PST0409: {
    title: 'a backend that nobody verifies',
    explanation:
      'A warning: with `verify: false`, anybody between the gateway and the backend can answer in its place, read everything and change it. Name the authority that signs its certificate in `ca`, and the name it is for in `serverName`.',
    wrong: 'tls: { verify: false }',
    right: 'tls: { ca: "${file:/etc/internal-ca.pem}", serverName: orders.internal }',
  },
  PST0501: {
    title: 'routes that take too long to tell apart',
    explanation:
      'One request could make the router visit more places of the path tree than the limit allows. Fewer parameters beside literals mend it.',
  },
  PST0502: { title: 'more than a bundle can hold', explanation: 'A table of the bundle would be longer than a gateway accepts.' },
} as const satisfies { readonly [code: `PST${number}`]: CodeExplanation }

/** A code of the core. */
export type CoreCode = keyof typeof CODES

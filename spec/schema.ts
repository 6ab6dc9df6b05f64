/**
 * The builder in which kinds and policy configs are written once: the result is a JSON Schema (draft-07 subset that editors
 * complete well) and, through `Static`, a TypeScript type. Validators, `spec/schema.json` and the reference pages are generated from it.
 *
 * Objects are closed (an unknown key is an error). A value that needs a grammar of ours is a string with a `format`;
 * the grammars stand in `spec/*.ts` and are attached to the generated validators by `spec/formats.ts`.
 */

/** JSON Schema keywords we use. `T` is the TypeScript type of a valid value; it exists at compile time only. */
export interface Schema<T = unknown> {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly description?: string
  readonly properties?: { readonly [key: string]: Schema }
  readonly required?: readonly string[]
  readonly additionalProperties?: false | Schema
  readonly propertyNames?: Schema
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly enum?: readonly (string | number | boolean)[]
  readonly const?: string | number | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: Format
  readonly default?: unknown
  readonly anyOf?: readonly Schema[]
  readonly examples?: readonly unknown[]
  readonly $ref?: string
  /** Never set: carries `T`. */
  readonly '~static'?: T
}

/** The TypeScript type that a schema describes. */
export type Static<S> = S extends Schema<infer T> ? T : never

/**
 * Grammars of ours. `secret` is a `${env:NAME}` or `${file:/path}` reference and nothing else; in a field of any other format a
 * reference is an error, except `text-or-secret`, which takes both.
 */
export type Format =
  | 'duration'
  | 'timeout'
  | 'timeout-or-off'
  | 'byte-size'
  | 'byte-rate'
  | 'percent'
  | 'share'
  | 'hash-key'
  | 'sticky'
  | 'status-range'
  | 'media-range'
  | 'request-path'
  | 'host'
  | 'host-name'
  | 'base-path'
  | 'route-key'
  | 'path-template'
  | 'http-endpoint'
  | 'ip-address'
  | 'cidr'
  | 'field-name'
  | 'field-value'
  | 'name'
  | 'timestamp'
  | 'key-hash'
  | 'origin'
  | 'method'
  | 'secret'
  | 'text-or-secret'
  | 'text'

/** Keywords that any schema may carry beside its type: the default shown in the docs, examples, bounds. */
export type Extra = Partial<Omit<Schema, '~static' | 'type' | 'description'>>

type Optional<T> = Schema<T> & { readonly '~optional': true }
type Fields = { readonly [key: string]: Schema }
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends { readonly '~optional': true } ? K : never }[keyof F]
type ObjectOf<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Static<F[K]> } & { readonly [K in OptionalKeys<F>]?: Static<F[K]> }
>
type Flat<T> = { [K in keyof T]: T[K] }

const OPTIONAL: unique symbol = Symbol('optional')

/** Marks a field that may be left out. Say in the description (or by `default`) what then holds. */
export function optional<T>(schema: Schema<T>): Optional<T> {
  return Object.defineProperty({ ...schema }, OPTIONAL, { value: true }) as Optional<T>
}

/** A closed object. */
export function object<F extends Fields>(fields: F, description?: string, extra: Extra = {}): Schema<ObjectOf<F>> {
  const required = Object.keys(fields).filter((key) => !(OPTIONAL in (fields[key] as object)))
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties: fields,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
    ...extra,
  }
}

/** An object with free keys, all values alike. */
export function map<T>(values: Schema<T>, description?: string, extra: Extra = {}): Schema<{ readonly [key: string]: T }> {
  return { type: 'object', ...(description === undefined ? {} : { description }), additionalProperties: values, ...extra }
}

export function array<T>(items: Schema<T>, description?: string, extra: Extra = {}): Schema<readonly T[]> {
  return { type: 'array', ...(description === undefined ? {} : { description }), items, ...extra }
}

/** A string in one of our grammars. */
export function string(format: Format, description: string, extra: Extra = {}): Schema<string> {
  return { type: 'string', format, description, ...extra }
}

export function oneOf<const V extends string>(values: readonly V[], description: string, extra: Extra = {}): Schema<V> {
  return { type: 'string', enum: values, description, ...extra }
}

export function integer(minimum: number, maximum: number, description: string, extra: Extra = {}): Schema<number> {
  return { type: 'integer', minimum, maximum, description, ...extra }
}

export function boolean(description: string, extra: Extra = {}): Schema<boolean> {
  return { type: 'boolean', description, ...extra }
}

/** One of several shapes, told apart by their JSON type (a string or an object, say) or by their single key. */
export function anyOf<S extends readonly Schema[]>(schemas: S, description?: string, extra: Extra = {}): Schema<Static<S[number]>> {
  return { ...(description === undefined ? {} : { description }), anyOf: schemas, ...extra }
}

/** A duration such as `500ms`, `5s`, `1m`, `2h`, `30d`. */
export function duration(description: string, extra: Extra = {}): Schema<string> {
  return string('duration', description, extra)
}

/** A duration that a timer waits for: at most 24 days. */
export function timeout(description: string, extra: Extra = {}): Schema<string> {
  return string('timeout', description, extra)
}

/** The same, or `off`. */
export function timeoutOrOff(description: string, extra: Extra = {}): Schema<string> {
  return string('timeout-or-off', description, extra)
}

/** The same, where what is left out is said elsewhere. */
export function withoutDefaults<T>({ default: _default, properties, ...rest }: Schema<T>): Schema<T> {
  if (properties === undefined) return rest
  return { ...rest, properties: Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, withoutDefaults(field)])) }
}

/** A value, or `off`; description and default are those of the value. */
export function orOff<T>(schema: Schema<T>): Schema<T | 'off'> {
  const { description, default: fallback, ...value } = schema
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [value, { const: 'off' }],
  } as Schema<T | 'off'>
}

/** A size such as `512B`, `64KiB`, `1MiB`. */
export function size(description: string, extra: Extra = {}): Schema<string> {
  return string('byte-size', description, extra)
}

/** A generated validator: `errors` is set when it has answered false. */
export interface Validator {
  (value: unknown): boolean
  errors?: readonly SchemaError[] | null
}

/** One complaint of a validator. */
export interface SchemaError {
  /** JSON pointer of the value. */
  readonly instancePath: string
  /** The keyword of the schema that is not satisfied, and where it stands. */
  readonly keyword: string
  readonly schemaPath: string
  readonly params: { readonly [name: string]: unknown }
  /** Set where a key is wrong, not its value. */
  readonly propertyName?: string
}

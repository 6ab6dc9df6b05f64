/** A failing world: peer, disk, store, bundle. Wrong input of users is a `Diagnostic` or a reply instead; a wrong program is an assert. */
export class PosternError extends Error {
  /** Kebab-case words; stable, for operators to grep. */
  readonly code: string
  /** Whose fault it is. */
  readonly source: 'downstream' | 'upstream' | 'gateway'
  /** Whether the same thing may work when tried again, unchanged. */
  readonly retryable: boolean

  constructor(
    code: string,
    message: string,
    options: { source?: 'downstream' | 'upstream' | 'gateway'; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PosternError'
    this.code = code
    this.source = options.source ?? 'gateway'
    this.retryable = options.retryable ?? false
  }
}

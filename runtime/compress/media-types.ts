/** Which media types are worth compressing, as the configuration lists them: `application/json`, `text/*`. */

/** Written as it happens, and read as it comes: only by its full name, never by `text/*`. */
const EVENT_STREAM = 'text/event-stream'

export class MediaTypes {
  readonly #exact: ReadonlySet<string>
  /** `text` for `text/*`. */
  readonly #families: ReadonlySet<string>

  /** In lower case. */
  constructor(types: readonly string[]) {
    this.#exact = new Set(types.filter((type) => !type.endsWith('/*')))
    this.#families = new Set(types.filter((type) => type.endsWith('/*')).map((type) => type.slice(0, -2)))
  }

  /** `contentType` is the field's value, parameters included. */
  has(contentType: string): boolean {
    const semicolon = contentType.indexOf(';')
    const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
    if (this.#exact.has(type)) return true
    return type !== EVENT_STREAM && this.#families.has(type.slice(0, Math.max(0, type.indexOf('/'))))
  }
}

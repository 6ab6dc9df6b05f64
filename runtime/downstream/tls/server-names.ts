/** Which certificate answers for a name that a client asks for (SNI, RFC 6066 §3): the exact name, then the wildcard one label above it. */

/** Names are lower case; the first that claims a name keeps it. */
export class ServerNames<T> {
  readonly #exact = new Map<string, T>()
  /** By what follows `*`: `.example.com`. */
  readonly #wildcards = new Map<string, T>()

  add(name: string, value: T): void {
    const [names, key] = name.startsWith('*.') ? [this.#wildcards, name.slice(1)] : [this.#exact, name]
    if (!names.has(key)) names.set(key, value)
  }

  /** As the client has sent it. A wildcard stands for one label (RFC 9525 §6.3). */
  find(serverName: string): T | undefined {
    const name = serverName.toLowerCase()
    const found = this.#exact.get(name)
    if (found !== undefined || this.#wildcards.size === 0) return found
    const dot = name.indexOf('.')
    return dot > 0 ? this.#wildcards.get(name.slice(dot)) : undefined
  }
}

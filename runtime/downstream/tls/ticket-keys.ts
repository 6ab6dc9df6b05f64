/**
 * Keys for session tickets (RFC 5077, RFC 8446 §4.6.1), shared by all workers of the process, so that a client whose next connection goes to
 * another worker still resumes. The supervisor writes them into shared memory and replaces them every `TICKET_KEY_AGE_MS`: what was
 * recorded can be read only with a key that is gone by then. A key lives on for one more age to resume what it has sealed.
 */
import { randomFillSync } from 'node:crypto'

/** The form that Node knows: 16 bytes of name, 16 of the HMAC's key, 16 of the cipher's. */
export const TICKET_KEY_BYTES = 48
/** A key seals for so long, and opens for twice that. */
export const TICKET_KEY_AGE_MS = 12 * 60 * 60_000
/** A resumed session has shown its client certificate so long ago at most. */
export const SESSION_SECONDS = 60 * 60

/** Two are in use, one is being written. */
const SLOTS = 4
const HEADER_BYTES = 8

/** With its first key. */
export function createTicketKeyMemory(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(HEADER_BYTES + SLOTS * TICKET_KEY_BYTES)
  new TicketKeys(memory).rotate()
  return memory
}

/** A view of the shared memory. One thread rotates, all read. */
export class TicketKeys {
  readonly memory: SharedArrayBuffer
  readonly #version: Int32Array
  readonly #slots: readonly Buffer[]

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#version = new Int32Array(memory, 0, 1)
    this.#slots = Array.from({ length: SLOTS }, (_, slot) => Buffer.from(memory, HEADER_BYTES + slot * TICKET_KEY_BYTES, TICKET_KEY_BYTES))
  }

  /** Grows with each rotation; at least 1. */
  get version(): number {
    return Atomics.load(this.#version, 0)
  }

  /** Seals new tickets. */
  get current(): Buffer {
    return this.#slot(this.version)
  }

  /** Where a ticket sealed with a key of this name can be opened: the key, or `undefined`. */
  byName(name: Uint8Array): Buffer | undefined {
    const { version } = this
    for (const key of version > 1 ? [this.#slot(version), this.#slot(version - 1)] : [this.#slot(version)]) {
      if (key.subarray(0, 16).equals(name)) return key
    }
    return undefined
  }

  /** A new key seals from now on. Written where nobody looks yet: readers take what the version says. */
  rotate(): void {
    const next = this.version + 1
    // `randomFill` takes no shared memory.
    this.#slot(next).set(randomFillSync(Buffer.alloc(TICKET_KEY_BYTES)))
    Atomics.store(this.#version, 0, next)
  }

  #slot(version: number): Buffer {
    return this.#slots[version % SLOTS] as Buffer
  }
}

/** Why a connection was not served, before its first byte of HTTP: what metrics and logs say. Order and number are fixed by the counters. */

export const CONNECTION_REJECTIONS = [
  /** `limits.connections` of the listener, in this worker. */
  'limit',
  /** `limits.connectionsPerAddress`, in the whole process. */
  'address-limit',
  /** The process is about to run out of file descriptors. */
  'descriptors',
  /** The peer had reset it before anybody looked. */
  'unknown-peer',
  /** The listener wants a PROXY header, and the peer is not one of `trustedProxies`. */
  'proxy-untrusted',
  /** No PROXY header, or a broken one, or one that took too long. */
  'proxy-header',
  'tls-handshake',
  'tls-timeout',
  /** No certificate where one is required, or one that could not be verified. */
  'tls-client-certificate',
  /** The listener's certificates could not be loaded at a start without anything else. */
  'tls-unavailable',
] as const

export type ConnectionRejection = (typeof CONNECTION_REJECTIONS)[number]

/** Limits and times of HTTP/2 sessions to backends. Sizes in bytes, times in ms. docs/backends.md has them in its table. */

/** Streams open at once on one session, when the backend allows more. */
export const MAX_STREAMS = 100
/** What a backend may have sent of one body that its client has not taken: the initial window, which is never made larger. */
export const STREAM_WINDOW = 65_535
/** Given back as soon as it was received, so that a client which does not read stops its own stream and no other. */
export const SESSION_WINDOW = 1024 * 1024
/** Windows are topped up when so much of them was used. */
export const STREAM_CREDIT = 32 * 1024
export const SESSION_CREDIT = 512 * 1024
/** Head of a response as HTTP/1.1 would have it. The peer is told; a longer one costs it its stream. */
export const HEAD_BYTES = 64 * 1024
/**
 * A header block that is longer than `BLOCK_BYTES`, or has a longer head in it than that, is decoded to its end, because the table behind it is for
 * everybody, and refused. One that is longer than this, or comes in more frames, ends the session.
 */
export const LONG_BLOCK_BYTES = 2 * 1024 * 1024
export const BLOCK_FRAMES = 512
/**
 * Silence after which a session with requests on it is asked for a sign of life, and how long that may take. Servers of gRPC close connections
 * whose clients ask more often than every five minutes.
 */
export const PING_AFTER_MS = 310_000
export const PING_TIMEOUT_MS = 10_000
/** Frames that bring nothing (SETTINGS, PING, empty DATA, unknown ones): so many at once, and so many per second. */
export const IDLE_FRAMES_BURST = 500
export const IDLE_FRAMES_PER_SECOND = 50
/** For the peer to close its end after ours. */
export const LINGER_MS = 1000
/** A session gets no further stream behind this id: another one is opened. */
export const LAST_STREAM_ID = 0x3fff_ffff

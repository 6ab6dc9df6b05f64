/** Numbers of RFC 9113: frame types, flags, settings and error codes (§6, §6.5.2, §7), and frames being written. */

export const FRAME_HEAD_BYTES = 9
/** SETTINGS_MAX_FRAME_SIZE as we leave it, its smallest value (§6.5.2). */
export const FRAME_BYTES = 16 * 1024
export const MAX_WINDOW = 0x7fff_ffff
/** Of streams and connections before anybody says otherwise (§6.9.2). */
export const DEFAULT_WINDOW = 65_535

export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9

/** Of DATA and HEADERS. */
export const END_STREAM = 0x1
/** Of SETTINGS and PING. */
export const ACK = 0x1
export const END_HEADERS = 0x4
export const PADDED = 0x8
/** A priority stands in HEADERS. */
export const HAS_PRIORITY = 0x20

export const SETTINGS_HEADER_TABLE_SIZE = 1
export const SETTINGS_ENABLE_PUSH = 2
export const SETTINGS_MAX_CONCURRENT_STREAMS = 3
export const SETTINGS_INITIAL_WINDOW_SIZE = 4
export const SETTINGS_MAX_FRAME_SIZE = 5
export const SETTINGS_MAX_HEADER_LIST_SIZE = 6

export const NO_ERROR = 0
export const PROTOCOL_ERROR = 1
export const INTERNAL_ERROR = 2
export const FLOW_CONTROL_ERROR = 3
export const SETTINGS_TIMEOUT = 4
export const STREAM_CLOSED = 5
export const FRAME_SIZE_ERROR = 6
export const REFUSED_STREAM = 7
export const CANCEL = 8
export const COMPRESSION_ERROR = 9
export const ENHANCE_YOUR_CALM = 11

/** What a client begins with (§3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

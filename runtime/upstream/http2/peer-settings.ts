/** What a backend has said about itself in SETTINGS frames (RFC 9113 §6.5.2), as far as it matters to a client. */
import {
  DEFAULT_WINDOW,
  FLOW_CONTROL_ERROR,
  FRAME_BYTES,
  MAX_WINDOW,
  NO_ERROR,
  PROTOCOL_ERROR,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_MAX_FRAME_SIZE,
} from '../../http2/frames.ts'
import { MAX_STREAMS } from './limits.ts'

const MAX_FRAME_BYTES = 0xff_ffff

export class PeerSettings {
  /** Streams that may be open at once: what it allows, and no more than we allow ourselves. */
  streams = MAX_STREAMS
  /** Window of a new stream. */
  window = DEFAULT_WINDOW

  /** Takes the payload of a frame. Returns NO_ERROR or the code with which the connection ends. */
  read(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at += 6) {
      const value = bytes.readUInt32BE(at + 2)
      switch (bytes.readUInt16BE(at)) {
        case SETTINGS_ENABLE_PUSH:
          // A server must not say that it takes pushes.
          if (value !== 0) return PROTOCOL_ERROR
          break
        case SETTINGS_MAX_CONCURRENT_STREAMS:
          this.streams = Math.min(MAX_STREAMS, value)
          break
        case SETTINGS_INITIAL_WINDOW_SIZE:
          if (value > MAX_WINDOW) return FLOW_CONTROL_ERROR
          this.window = value
          break
        case SETTINGS_MAX_FRAME_SIZE:
          // We send the smallest size that everybody takes: larger frames would only make streams wait for each other.
          if (value < FRAME_BYTES || value > MAX_FRAME_BYTES) return PROTOCOL_ERROR
      }
    }
    return NO_ERROR
  }
}

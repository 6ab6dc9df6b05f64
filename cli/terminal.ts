/**
 * Where a command writes. Results go to standard output, so that they can be piped; messages for people go to standard error.
 * Colour follows the stream it is for: a terminal has it, NO_COLOR takes it away, FORCE_COLOR gives it (https://no-color.org, https://force-color.org).
 */
import { styleText } from 'node:util'

export interface Terminal {
  /** A line of the result. */
  print(line: string): void
  /** A line for the person in front of it. */
  say(line: string): void
  readonly colorOut: boolean
  readonly colorErr: boolean
  /**
   * For commands that go on until they are told to stop: Ctrl-C calls back the first time (the second time it ends the process at once, as
   * it does by default), and an output whose reader has gone away is no reason to end.
   */
  serve(interrupted: () => void): void
}

/** What shells report for a command that SIGINT ended: 128 + 2. */
export const INTERRUPTED = 130

type Stream = { readonly isTTY?: boolean }
type Environment = Readonly<Record<string, string | undefined>>

export function systemTerminal(): Terminal {
  let isServing = false
  let interrupted: () => void = () => process.exit(INTERRUPTED)
  process.on('SIGINT', () => {
    const callback = interrupted
    interrupted = () => process.exit(INTERRUPTED)
    callback()
  })
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader such as `head` that has seen enough is no failure of ours.
      if (error.code !== 'EPIPE') throw error
      if (!isServing) process.exit(0)
    })
  }
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    say: (line) => void process.stderr.write(`${line}\n`),
    colorOut: wantsColor(process.stdout, process.env),
    colorErr: wantsColor(process.stderr, process.env),
    serve(callback) {
      isServing = true
      interrupted = callback
    },
  }
}

/** An empty variable counts as not set; `FORCE_COLOR=0` means no colour. NO_COLOR wins. */
export function wantsColor(stream: Stream, environment: Environment): boolean {
  if (environment['NO_COLOR']) return false
  const forced = environment['FORCE_COLOR']
  if (forced) return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && environment['TERM'] !== 'dumb'
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export function paint(style: Style, text: string, color: boolean): string {
  return color ? styleText(style, text, { validateStream: false }) : text
}

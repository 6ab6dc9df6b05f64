/**
 * A process that `postern dev` runs beside the gateway, such as the service behind it. It has its own process group, so that Ctrl-C reaches
 * it through us and nothing it started is left behind; one that ends is started again, later each time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { createInterface } from 'node:readline'

/** Pauses before it is started again: the first, and the longest; doubled in between. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Having run this long, it counts as healthy, and the pauses begin anew. */
const HEALTHY_MS = 10_000
/** Time to end by itself after SIGTERM. */
const GRACE_MS = 3000

const IS_WINDOWS = process.platform === 'win32'

/**
 * Runs `$1`, and ends its whole process group when descriptor 3 is closed at the other end: that is when we are gone, even by SIGKILL, which
 * leaves no time to clean up.
 */
const GUARDED = '( read _ <&3; kill -KILL 0 ) >/dev/null 2>&1 & exec 3<&-; exec /bin/sh -c "$1"'

export interface CompanionOptions {
  /** For the shell. */
  readonly command: string
  readonly directory: string
  /** A line of its output. */
  output(line: string): void
  /** Something happened to it. */
  say(line: string): void
}

export class Companion {
  readonly #options: CompanionOptions
  #child: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  #pauseMs = FIRST_PAUSE_MS
  #isStopping = false
  #ended: () => void = () => {}
  readonly #kill = () => this.#signal('SIGKILL')

  constructor(options: CompanionOptions) {
    this.#options = options
    // The last resort, should this process end in a way that skips `stop`.
    process.on('exit', this.#kill)
  }

  start(): void {
    const { command, directory, output, say } = this.#options
    const startedAtMs = Date.now()
    // `node` is the one that runs us, whatever else is installed.
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` }
    const child = IS_WINDOWS
      ? spawn(command, { shell: true, cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn('/bin/sh', ['-c', GUARDED, 'sh', command], { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', output)
    child.once('spawn', () => say(`started \`${command}\` (process ${child.pid})`))
    child.once('error', (error) => this.#hasEnded(`cannot be started: ${error.message}`, startedAtMs))
    child.once('exit', (code, signal) => {
      // What it started itself, a shell's children above all, goes with it.
      this.#signal('SIGKILL')
      this.#hasEnded(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`, startedAtMs)
    })
  }

  /** Resolves when it is gone. */
  stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#restart)
    if (this.#child === undefined) {
      process.off('exit', this.#kill)
      return Promise.resolve()
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const force = setTimeout(this.#kill, GRACE_MS)
    this.#ended = () => {
      clearTimeout(force)
      process.off('exit', this.#kill)
      resolve()
    }
    this.#signal('SIGTERM')
    return promise
  }

  #hasEnded(how: string, startedAtMs: number): void {
    this.#child = undefined
    if (this.#isStopping) {
      this.#ended()
      return
    }
    if (Date.now() - startedAtMs >= HEALTHY_MS) this.#pauseMs = FIRST_PAUSE_MS
    const pauseMs = this.#pauseMs
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    this.#options.say(`\`${this.#options.command}\` ${how}; starting it again in ${pauseMs / 1000} s`)
    this.#restart = setTimeout(() => this.start(), pauseMs)
  }

  #signal(signal: NodeJS.Signals): void {
    const child = this.#child
    if (child?.pid === undefined) return
    try {
      if (IS_WINDOWS) child.kill(signal)
      else process.kill(-child.pid, signal)
    } catch {
      // ESRCH: nobody is left in the group.
    }
  }
}

/**
 * `postern dev`: compile, sign and serve a folder, and again at every save. What is wrong is printed, and the last good bundle goes on
 * serving: no mistake, no deleted file and no dead backend stops the gateway.
 */
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf, signBundle } from '../bundle/bundle.ts'
import { PosternError } from '../bundle/error.ts'
import { type Compilation, createParseCache } from '../compiler/compile.ts'
import type { GatewayOptions, RunningGateway } from '../runtime/main.ts'
import { Companion } from './companion.ts'
import { DEV_FILE, type DevFile, readDevFile } from './dev-file.ts'
import { developmentKey } from './development-key.ts'
import { writeFileAtomically } from './files.ts'
import { RequestLines } from './request-lines.ts'
import { assertFolder, compileSources, plural, renderText } from './sources.ts'
import { stateDirectory } from './state-directory.ts'
import { INTERRUPTED, paint, type Terminal } from './terminal.ts'
import { addressText, type SocketAddress } from './values.ts'
import { type SourceWatcher, watchSources } from './watch.ts'

interface Options {
  readonly listen?: SocketAddress
  readonly gateway?: string
}

export async function run([directory = '']: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  assertFolder(directory)
  const session = new DevSession(directory, readDevFile(directory), options, terminal)
  process.once('SIGTERM', () => session.end(0))
  process.once('SIGHUP', () => session.end(0)) // the terminal is gone
  terminal.serve(() => session.end(INTERRUPTED))
  return session.run()
}

class DevSession {
  readonly #directory: string
  readonly #options: Options
  readonly #terminal: Terminal
  readonly #devFile: DevFile
  readonly #cache = createParseCache()
  readonly #key = developmentKey(stateDirectory())
  /** Bundle and store of this run; gone with it. */
  readonly #workspace = mkdtempSync(join(tmpdir(), 'postern-dev-'))
  readonly #bundleFile = join(this.#workspace, 'bundle.ptb')
  readonly #requestLog = join(this.#workspace, 'requests.log')
  readonly #ended = Promise.withResolvers<number>()
  #companions: Companion[] = []
  #requests: RequestLines | undefined
  #watcher: SourceWatcher | undefined
  #gateway: RunningGateway | undefined
  #digest = ''
  #routes = 0
  #hasMistakes = false
  #isEnding = false
  /** Saves that came while one is worked on are taken together, afterwards. */
  #isBusy = false
  #pendingSinceMs: number | undefined

  constructor(directory: string, devFile: DevFile, options: Options, terminal: Terminal) {
    this.#directory = directory
    this.#options = options
    this.#terminal = terminal
    this.#devFile = devFile
    process.once('exit', () => rmSync(this.#workspace, { recursive: true, force: true }))
  }

  async run(): Promise<number> {
    const failed = (error: unknown) => this.#ended.reject(error)
    this.#ended.promise.catch(() => {}) // it may come before anybody waits for it
    const isBlind = (error: unknown) => this.#say(`changes may go unnoticed: ${(error as Error).message}`)
    try {
      for (const command of this.#devFile.run) this.#startCompanion(command)
      this.#watcher = await watchSources(this.#directory, (sinceMs, files) => this.#changed(sinceMs, files).catch(failed), isBlind)
      await this.#changed(performance.now(), new Set())
      return await this.#ended.promise
    } finally {
      this.#isEnding = true
      await this.#watcher?.close()
      await this.#gateway?.stop()
      await Promise.all(this.#companions.map((companion) => companion.stop()))
      this.#requests?.close()
    }
  }

  end(code: number): void {
    this.#ended.resolve(code)
  }

  async #changed(sinceMs: number, files: ReadonlySet<string>): Promise<void> {
    if (files.has(DEV_FILE) && this.#isNewDevFile())
      this.#say(`${DEV_FILE} is read at the start only: start \`postern dev\` again to use it`)
    this.#pendingSinceMs ??= sinceMs
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      while (this.#pendingSinceMs !== undefined && !this.#isEnding) {
        const since = this.#pendingSinceMs
        this.#pendingSinceMs = undefined
        await this.#bringUp(since).catch((error: unknown) => {
          // A full disk, say. What serves already goes on.
          if (this.#gateway === undefined || !(error instanceof PosternError)) throw error
          this.#keep(error.message)
        })
      }
    } finally {
      this.#isBusy = false
    }
  }

  #isNewDevFile(): boolean {
    try {
      return JSON.stringify(readDevFile(this.#directory)) !== JSON.stringify(this.#devFile)
    } catch {
      return true
    }
  }

  /** Compiles what is there now, and serves it if it is good. */
  async #bringUp(sinceMs: number): Promise<void> {
    const compilation = await compileSources(this.#directory, { gateway: this.#options.gateway, cache: this.#cache })
    const [bundle] = compilation.bundles
    const text = renderText(compilation, this.#terminal.colorErr)
    if (text !== '') this.#terminal.say(`\n${text}`)
    if (compilation.errors > 0 || bundle === undefined) return this.#keep('not swapped')
    // The routes' file is gone, or between two steps of being saved: nobody wants an empty gateway while developing.
    if (this.#routes > 0 && bundle.plan.routes.length === 0) return this.#keep('no routes are left')
    const bytes = signBundle(bundle.bytes, this.#key)
    const digest = digestOf(bytes)
    const wereMistakes = this.#hasMistakes
    this.#hasMistakes = false
    if (digest === this.#digest) {
      if (wereMistakes) this.#say('no more errors; what is served is up to date')
      return
    }
    writeFileAtomically(this.#bundleFile, bytes)
    if (this.#gateway === undefined) await this.#start(bundle)
    else if (!(await this.#swap(this.#gateway, digest, sinceMs, bundle))) return
    this.#digest = digest
    this.#routes = bundle.plan.routes.length
  }

  #keep(why: string): void {
    this.#hasMistakes = true
    const now = this.#gateway === undefined ? 'nothing is served yet; waiting for a change' : 'the last good version goes on serving'
    this.#terminal.say(`${paint('red', why, this.#terminal.colorErr)}: ${now}`)
  }

  async #start({ plan }: Compilation['bundles'][number]): Promise<void> {
    const { runGateway } = await import('../runtime/main.ts')
    const options: GatewayOptions = {
      bundle: this.#bundleFile,
      trust: [createPublicKey(this.#key)],
      accessLog: this.#requestLog,
      dev: true,
      workers: 1, // starts soonest; the spare one stands in for it
      logLevel: 'warn',
      handleSignals: false,
      onListenersChanged: (listeners) => this.#announce(listeners),
    }
    const { listen } = this.#options
    this.#requests ??= new RequestLines(this.#requestLog, (line) => this.#terminal.say(line))
    try {
      this.#gateway = await runGateway(listen === undefined ? options : { ...options, listen: addressText(listen) })
    } catch (error) {
      const isTaken = error instanceof PosternError && error.code === 'listener-unavailable'
      const [first] = plan.listeners
      if (!isTaken || listen !== undefined || first === undefined) throw error
      this.#say(`port ${first.port} is taken by another program; using a free one (--listen HOST:PORT asks for a certain one)`)
      this.#gateway = await runGateway({ ...options, listen: addressText({ host: first.address, port: 0 }) })
    }
    this.#gateway.exited.then((code) => this.end(this.#isEnding ? 0 : code))
    this.#announce(this.#gateway.listeners)
    if (this.#gateway.admin !== undefined) this.#terminal.print(`admin on ${this.#gateway.admin}`)
    this.#invite(reachable(this.#gateway.listeners[0]?.url ?? ''))
    this.#say(`serving ${plural(plan.routes.length, 'route')}; edit ${this.#directory} and save to swap, Ctrl-C to stop`)
  }

  /** Whether the gateway has taken the bundle. */
  async #swap(gateway: RunningGateway, digest: string, sinceMs: number, { plan }: Compilation['bundles'][number]): Promise<boolean> {
    const result = await gateway.reload()
    if (result.outcome === 'superseded') return false
    if (result.outcome === 'rejected') {
      this.#keep(result.message)
      return false
    }
    // `unchanged`: the gateway watches the file, too, and was quicker.
    const elapsedMs = Math.round(performance.now() - sinceMs)
    const swapped = paint('green', 'swapped', this.#terminal.colorErr)
    this.#say(`${swapped} to ${digest.slice(0, 19)} in ${elapsedMs} ms: ${plural(plan.routes.length, 'route')}`)
    return true
  }

  #announce(listeners: RunningGateway['listeners']): void {
    for (const { url } of listeners) this.#terminal.print(`listening on ${url}`)
  }

  /** What there is to try, as lines to paste. */
  #invite(url: string): void {
    const { print, colorOut } = this.#terminal
    if (this.#devFile.try.length > 0) print('\nTry, in another terminal:')
    for (const { says, curl, status } of this.#devFile.try) {
      print(`\n${paint('dim', `  # ${says}: ${status}`, colorOut)}\n  curl ${curl.replaceAll('{gateway}', url)}`)
    }
    print('')
  }

  #startCompanion(command: string): void {
    const companion = new Companion({
      command,
      directory: this.#directory,
      output: (line) => this.#terminal.say(`${paint('cyan', '|', this.#terminal.colorErr)} ${line}`),
      say: (line) => this.#say(line),
    })
    this.#companions.push(companion)
    companion.start()
  }

  #say(line: string): void {
    this.#terminal.say(`${paint('dim', 'dev:', this.#terminal.colorErr)} ${line}`)
  }
}

/** A listener on all addresses is called by the loopback one. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/** For tests: the command `postern` as a real process, its output, and requests to what it serves. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LAUNCHER = fileURLToPath(new URL('../cli/postern.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface Teardown {
  teardown(callback: () => void | Promise<void>): unknown
}

interface Options {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end. */
export function postern(args: readonly string[], options: Options = {}): Promise<Finished> {
  return new PosternProcess(args, options).exited
}

/** A command that goes on running, such as `dev` and `run`; ended with the test. */
export function startPostern(t: Teardown, args: readonly string[], options: Options = {}): PosternProcess {
  const process = new PosternProcess(args, options)
  t.teardown(async () => {
    process.child.kill('SIGTERM')
    const force = setTimeout(() => process.child.kill('SIGKILL'), 15_000)
    await process.exited
    clearTimeout(force)
  })
  return process
}

/** `postern dev` with directories of its own for its state and its temporary files. */
export function startDev(t: Teardown, args: readonly string[], env: Readonly<Record<string, string>> = {}): PosternProcess {
  return startPostern(t, ['dev', ...args], { env: { XDG_STATE_HOME: temporaryFolder(t), TMPDIR: temporaryFolder(t), ...env } })
}

export class PosternProcess {
  readonly child: ChildProcess
  readonly exited: Promise<Finished>
  stdout = ''
  stderr = ''
  #waiting: (() => void)[] = []
  #isOver = false

  constructor(args: readonly string[], { cwd, env }: Options) {
    const { NO_COLOR: _no, FORCE_COLOR: _force, ...inherited } = process.env
    this.child = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd: cwd ?? tmpdir(),
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#wake()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#wake()
    })
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.#isOver = true
        this.#wake()
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  /** All output so far, of both streams. */
  get output(): string {
    return `${this.stdout}${this.stderr}`
  }

  /** Waits until standard output or standard error matches, from `offset` of that stream on; fails when the process ends first. */
  async match(stream: 'stdout' | 'stderr', pattern: RegExp, offset = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream].slice(offset))
      if (match !== null) return match
      if (this.#isOver) throw new Error(`it ended without ${pattern}:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The URL of its (first) data listener. */
  async url(): Promise<string> {
    const [, url = ''] = await this.match('stdout', /listening on (http:\/\/\S+)/)
    return url
  }

  stop(signal: NodeJS.Signals): Promise<Finished> {
    this.child.kill(signal)
    return this.exited
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One request on a connection of its own. */
export function send(url: string, { method = 'GET', headers = {}, body }: RequestOptions = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const outgoing = request(url, { method, headers: { ...headers, connection: 'close' }, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      text += piece
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    response.on('error', reject)
  })
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

/** A fresh folder that goes with the test; `files` by path. */
export function temporaryFolder(t: Teardown, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Processes with this in their environment (Linux). */
export function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })
}

export const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url))

/** A copy of an example in a folder of its own, its services' fixed ports replaced by free ones, so that tests may run side by side. */
export async function copyOfExample(
  t: Teardown,
  name: string,
): Promise<{ readonly folder: string; readonly ports: ReadonlyMap<string, string> }> {
  const parent = temporaryFolder(t)
  const folder = join(parent, name)
  cpSync(join(EXAMPLES, name), folder, { recursive: true })
  cpSync(join(EXAMPLES, 'echo.js'), join(parent, 'echo.js'))
  const ports = new Map<string, string>()
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(yaml|md)$/.test(path)) continue
    let text = readFileSync(join(folder, path), 'utf8')
    for (const port of new Set(text.match(/\b180\d\d\b/g))) {
      if (!ports.has(port)) ports.set(port, String(await freePort()))
      text = text.replaceAll(port, ports.get(port) ?? port)
    }
    writeFileSync(join(folder, path), text)
  }
  return { folder, ports }
}

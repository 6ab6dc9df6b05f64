/**
 * Entry point of the child process: waits for its orders, serves, and ends when it is told to or when its parent is gone. A child without a
 * parent could not be reloaded, replaced or stopped, and would keep the port from its successor: it takes no new connections, lets exchanges
 * end, and exits. Whoever runs the parent (systemd, a container) starts it again, and the store needs nobody else.
 */
import { extname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { PosternError } from '../bundle/error.ts'
import manifest from '../package.json' with { type: 'json' }
import { type ChildConfig, type ChildMessage, DEFAULT_TUNING, PARENT_PROTOCOL, type ParentMessage, type StartOrder } from './messages.ts'
import { Supervisor } from './supervisor.ts'

// Before the first worker starts, so that it holds in all of them: no policy, however it was tricked, makes code from a string.
setFlagsFromString('--disallow-code-generation-from-strings')

const ORPHAN_DRAIN_MS = 5_000
/** Wrong program: sysexits' EX_SOFTWARE. */
const EXIT_FATAL = 70
const EXIT_CANNOT_START = 3

let supervisor: Supervisor | undefined
let isEnding = false
let drainMs = ORPHAN_DRAIN_MS
let answerHandOver: ((message: string | undefined) => void) | undefined

process.on('message', (message: ParentMessage) => {
  switch (message.type) {
    case 'start':
      void start(message)
      break
    case 'reload':
      if (message.reopenLogs) supervisor?.reopenLogs()
      void supervisor?.reload().then((outcome) => send({ type: 'reloaded', request: message.request, outcome }))
      break
    case 'drain':
      answerHandOver?.(undefined)
      void end(message.drainMs)
      break
    case 'store-yours':
      supervisor?.ownStore()
      break
    case 'no-successor':
      answerHandOver?.(message.message)
  }
})

process.on('disconnect', () => void end(ORPHAN_DRAIN_MS))
// A terminal sends these to the whole group; the parent decides what they mean.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.on('SIGUSR2', () => {})
// From a service manager that stops all processes at once, or from somebody who means this one: it ends in order, and the parent knows the rest.
process.on('SIGTERM', () => void end(drainMs))

async function start(order: StartOrder): Promise<void> {
  const config = completeConfig(order)
  drainMs = config.tuning.drainMs
  // The parent went while this process was starting: nobody heard of it.
  if (!process.connected) process.exit(0)
  setInterval(() => send({ type: 'beat' }), config.tuning.supervisorBeatIntervalMs).unref()
  try {
    if (order.protocol !== PARENT_PROTOCOL) {
      const message = `version ${config.version} cannot be started by a parent of version ${config.parentVersion}: restart the gateway`
      throw new PosternError('parent-incompatible', message)
    }
    supervisor = new Supervisor(config, {
      handOver: (listeners) => {
        send({ type: 'successor-wanted', listeners })
        return new Promise((resolve, reject) => {
          // When it works the answer is the order to drain: the successor is up.
          answerHandOver = (message) =>
            message === undefined ? resolve() : reject(new PosternError('listener-unavailable', message, { retryable: true }))
        })
      },
      storeReleased: () => send({ type: 'store-released' }),
      fatal: () => process.exit(EXIT_FATAL),
    })
    send({ type: 'ready', version: config.version, ...(await supervisor.start()) })
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    await supervisor?.abort()
    send({ type: 'failed', code: code ?? 'start-failed', message }, () => process.exit(EXIT_CANNOT_START))
  }
}

/** What an older parent does not say has its default here. */
function completeConfig({ config, parentVersion, tuning, worker }: StartOrder): ChildConfig {
  return {
    ...config,
    version: manifest.version,
    parentVersion,
    worker: worker ?? new URL(`./worker${extname(import.meta.url)}`, import.meta.url).href,
    tuning: { ...DEFAULT_TUNING, ...tuning },
  }
}

async function end(withinMs: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  await supervisor?.drain(withinMs)
  process.exit(0)
}

function send(message: ChildMessage, done: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, {}, done)
  else done()
}

/**
 * `postern.dev.yaml`: what `postern dev` starts beside the gateway, and the requests it prints to try. It is no resource: the compiler
 * leaves it alone, and nothing of it reaches a bundle.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { PosternError } from '../bundle/error.ts'

export const DEV_FILE = 'postern.dev.yaml'

export interface DevFile {
  /** Shell commands; the folder is their working directory. */
  readonly run: readonly string[]
  readonly try: readonly Trial[]
}

export interface Trial {
  readonly says: string
  /** Arguments of curl; `{gateway}` stands for the gateway's URL. */
  readonly curl: string
  /** The status it gives. */
  readonly status: number
  /** Text that stands in the response, head or body. */
  readonly shows?: string
}

const MAX_BYTES = 64 * 1024
const EMPTY: DevFile = { run: [], try: [] }

/** What the folder's file says; nothing when there is none. */
export function readDevFile(directory: string): DevFile {
  const path = join(directory, DEV_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY
    throw new PosternError('file-not-readable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
  if (text.length > MAX_BYTES) throw new PosternError('dev-file-invalid', `${path} is longer than ${MAX_BYTES} characters`)
  return parseDevFile(text, path)
}

export function parseDevFile(text: string, path: string): DevFile {
  const invalid = (why: string, cause?: unknown) => new PosternError('dev-file-invalid', `${path}: ${why}`, { cause })
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 0 })
  } catch (cause) {
    throw invalid((cause as Error).message.trimEnd(), cause)
  }
  if (value === null) return EMPTY
  if (!isMap(value)) throw invalid('it must be a map with `run` and `try`')
  for (const key of Object.keys(value))
    if (key !== 'run' && key !== 'try') throw invalid(`unknown key \`${key}\`; there are \`run\` and \`try\``)
  const { run = [], try: trials = [] } = value
  if (!Array.isArray(run) || !run.every((command) => typeof command === 'string' && command !== '')) {
    throw invalid('`run` must be a list of commands, such as `- node service.js`')
  }
  if (!Array.isArray(trials)) throw invalid('`try` must be a list')
  return { run, try: trials.map((trial, index) => parseTrial(trial) ?? raise(invalid(`\`try\`, entry ${index + 1}: ${TRIAL}`))) }
}

const TRIAL = 'it must have `says` (text), `curl` (text) and `status` (a number), may have `shows` (text), and nothing else'
const TRIAL_KEYS = ['says', 'curl', 'status', 'shows']

function parseTrial(value: unknown): Trial | undefined {
  if (!isMap(value) || Object.keys(value).some((key) => !TRIAL_KEYS.includes(key))) return undefined
  const { says, curl, status, shows } = value
  if (typeof says !== 'string' || typeof curl !== 'string' || typeof status !== 'number') return undefined
  if (shows === undefined) return { says, curl, status }
  return typeof shows === 'string' ? { says, curl, status, shows } : undefined
}

function isMap(
  value: unknown,
): value is { readonly [key: string]: unknown; readonly run?: unknown; readonly try?: unknown } & Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function raise(error: Error): never {
  throw error
}

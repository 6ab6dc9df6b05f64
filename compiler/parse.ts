/**
 * Sources to documents: text to values with their places. Plain YAML is read directly, the rest by `yaml`, in a pool of threads when there
 * is much of it; a cache by content spares `dev` all but the files that changed. Files with none of our documents are left alone.
 */
import { hash } from 'node:crypto'
import type { Report } from '../spec/diagnostic.ts'
import type { Document, Source } from './document.ts'
import { parseJson } from './parse-json.ts'
import { parsePlain } from './parse-plain.ts'
import { parseMany } from './parse-pool.ts'
import { parseYaml } from './parse-yaml.ts'
import type { Parsed, Problem } from './parsed.ts'
import { isOurs } from './validate.ts'

/** What was parsed before, by the SHA-256 of the text. Ranges are offsets in the text, so that a file may move or be copied. */
export interface ParseCache {
  get(digest: string): Parsed | undefined
  set(digest: string, parsed: Parsed): void
  /** Forgets what was not asked for since the last call. */
  sweep(): void
}

export function createParseCache(): ParseCache {
  let current = new Map<string, Parsed>()
  let previous = new Map<string, Parsed>()
  return {
    get(digest) {
      const found = current.get(digest) ?? previous.get(digest)
      if (found !== undefined) current.set(digest, found)
      return found
    },
    set(digest, parsed) {
      current.set(digest, parsed)
    },
    sweep() {
      previous = current
      current = new Map()
    },
  }
}

/** Result of parsing all sources. */
export interface ParsedSources {
  readonly documents: readonly Document[]
  /** A file of ours has a syntax error: its documents are left out, and what they would have defined is not known. */
  readonly isIncomplete: boolean
}

export async function parse(sources: readonly Source[], report: Report, cache?: ParseCache): Promise<ParsedSources> {
  const concerned = sources.filter((source) => mayBeOurs(source.text))
  const parsed = await parseTexts(concerned, cache)
  const documents: Document[] = []
  let isIncomplete = false
  for (const [index, source] of concerned.entries()) {
    const { documents: roots, problems } = parsed[index] as Parsed
    if (!roots.some(isOurs) && !(problems.length > 0 && NAMES_US.test(source.text))) continue
    for (const problem of problems) reportProblem(problem, source, report)
    // What a parser makes of a broken text is a guess; complaints about the guess would only hide the mistake.
    if (problems.some(({ code }) => code !== 'PST0102')) isIncomplete = true
    else for (const root of roots) documents.push({ source, root })
  }
  return { documents, isIncomplete }
}

export function reportProblem({ code, message, start, end, hint, related }: Problem, source: Source, report: Report): void {
  const { file } = source
  report.error(code, { file, start, end }, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(related === undefined
      ? {}
      : { related: related.map((place) => ({ message: place.message, range: { file, start: place.start, end: place.end } })) }),
  })
}

/** An `apiVersion` of ours, however the rest of the file looks. */
const NAMES_US = /apiVersion["']?\s*:\s*["']?postern/i

/** A cheap look that spares large files of others: every document of ours has one of these keys. */
function mayBeOurs(text: string): boolean {
  return text.includes('apiVersion') || /\bkind["']?\s*:/.test(text)
}

/** A file that a resource refers to, as it is: no document of ours is looked for. Nothing when it has syntax errors, which are reported. */
export async function parseReferenced(source: Source, report: Report, cache?: ParseCache): Promise<Document | undefined> {
  const isJson = /^[\s]*[{[]/.test(source.text)
  const digest = cache && `${isJson ? 'json' : 'yaml'} ${hash('sha256', source.text)}`
  let parsed = digest === undefined ? undefined : cache?.get(digest)
  if (parsed === undefined) {
    parsed = isJson ? parseJson(source.text) : parseAny(source.text)
    // `{` begins flow style YAML too.
    if (isJson && parsed.documents.length === 0 && !source.path.endsWith('.json')) parsed = parseAny(source.text)
    if (digest !== undefined) cache?.set(digest, parsed)
  }
  for (const problem of parsed.problems) reportProblem(problem, source, report)
  if (parsed.problems.some(({ code }) => code !== 'PST0102')) return undefined
  const [root] = parsed.documents
  return { source, root: root ?? { type: 'scalar', start: 0, end: 0, value: null } }
}

function parseAny(text: string): Parsed {
  const documents = parsePlain(text)
  return documents === undefined ? parseYaml(text) : { documents, problems: [] }
}

/** In the order of `sources`; texts that are equal are parsed once. */
async function parseTexts(sources: readonly Source[], cache: ParseCache = createParseCache()): Promise<readonly Parsed[]> {
  const digests = sources.map(({ text }) => hash('sha256', text))
  const missing = new Map<string, string>()
  for (const [index, { text }] of sources.entries()) {
    const digest = digests[index] as string
    if (cache.get(digest) === undefined) missing.set(digest, text)
  }
  // Most sources are plain; the others are worth threads when there are many.
  for (const [digest, text] of missing) {
    const documents = parsePlain(text)
    if (documents === undefined) continue
    cache.set(digest, { documents, problems: [] })
    missing.delete(digest)
  }
  const parsed = await parseMany([...missing.values()])
  for (const [index, digest] of [...missing.keys()].entries()) cache.set(digest, parsed[index] as Parsed)
  return digests.map((digest) => cache.get(digest) as Parsed)
}

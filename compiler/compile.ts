/**
 * A folder to bundles: the one file that knows the order of the phases.
 *
 *     load -> parse -> validate -> link -> inherit -> check -> plan -> emit        (signing is the caller's, who has the key)
 *
 * All mistakes of a run are reported, sorted, each once. A phase is skipped only where its input is broken; what follows from a mistake
 * that was reported already is left out.
 */
import type { BundlePlan } from '../bundle/plan.ts'
import manifest from '../package.json' with { type: 'json' }
import { type Diagnostic, type Range, Report } from '../spec/diagnostic.ts'
import { didYouMean } from '../spec/suggest.ts'
import { checkLimits, checkRoutes, checkUnused } from './checks/index.ts'
import type { Broken, LocatedResource, Source } from './document.ts'
import { rangeAt } from './document.ts'
import { emit } from './emit.ts'
import { inherit } from './inherit.ts'
import { link } from './link.ts'
import { loadReferenced, loadSources, openFolder } from './load.ts'
import { type OpenApi, readOpenApi } from './openapi.ts'
import { type ParseCache, parse, parseReferenced } from './parse.ts'
import { plan } from './plan.ts'
import { buildRouteTree } from './route-tree.ts'
import { selectGateways } from './select.ts'
import { validate } from './validate.ts'

export { createParseCache, type ParseCache } from './parse.ts'

export interface CompileOptions {
  /** The gateway that is meant; needed only where the folder has several. */
  readonly gateway?: string
  /** Compile all gateways where none is named, as `check` does. */
  readonly all?: boolean
  /** Diagnostics call files relative to it; the process's by default. */
  readonly workingDirectory?: string
  /** Spares parsing what has not changed since the last call with the same cache. */
  readonly cache?: ParseCache
}

export interface Compilation {
  readonly diagnostics: readonly Diagnostic[]
  /** Texts by the file as diagnostics name it. */
  readonly sources: ReadonlyMap<string, string>
  /** All files that were read, as diagnostics name them. */
  readonly files: readonly string[]
  /** Empty when there are errors. */
  readonly bundles: readonly CompiledBundle[]
  readonly errors: number
}

export interface CompiledBundle {
  readonly gateway: string
  readonly plan: BundlePlan
  /** Unsigned. */
  readonly bytes: Uint8Array
}

const COMPILER = `postern ${manifest.version}`

/** Compiles all sources below a folder, or reports why not. */
export async function compileFolder(directory: string, options: CompileOptions = {}): Promise<Compilation> {
  const report = new Report()
  const folder = await openFolder(directory, options.workingDirectory ?? process.cwd(), report)
  const sources = folder === undefined ? [] : await loadSources(folder, report)
  const referenced: LoadReferenced = async (from, reference, range) => folder && loadReferenced(folder, from, reference, range, report)
  return compileSources(sources, referenced, { ...options, directory: folder === undefined ? undefined : directory }, report)
}

/** Reads the file that a source names at `range`, or reports why not. */
export type LoadReferenced = (from: Source, reference: string, range: Range) => Promise<Source | undefined>

/** Compiles sources that were loaded already. Same sources, same bytes: no clock, no environment, and no disk but what `referenced` reads. */
export async function compileSources(
  loaded: readonly Source[],
  referenced: LoadReferenced,
  options: CompileOptions & { readonly directory?: string | undefined } = {},
  report = new Report(),
): Promise<Compilation> {
  const texts = new Map(loaded.map((source) => [source.file, source.text]))
  const finish = (bundles: readonly CompiledBundle[]): Compilation => {
    options.cache?.sweep()
    return {
      diagnostics: report.sorted(),
      sources: texts,
      files: [...texts.keys()],
      bundles: report.errors > 0 ? [] : bundles,
      errors: report.errors,
    }
  }

  const parsed = await parse(loaded, report, options.cache) // text -> values, each with its range
  const { resources, broken } = validate(parsed.documents, report) // values -> typed resources, by the schemas of spec/
  if (resources.length === 0) {
    if (report.errors === 0) reportNothing(options.directory ?? '.', report)
    return finish([])
  }
  const loadKnown: LoadReferenced = async (from, reference, range) => {
    const source = await referenced(from, reference, range)
    if (source !== undefined) texts.set(source.file, source.text)
    return source
  }
  const described = await describe(resources, loadKnown, report, options.cache) // OpenAPI documents -> operations

  const linking = new Report()
  const graph = link(described, linking) // names -> references: from here on nothing can dangle
  const gateways = selectGateways(graph, options, linking)

  const bundles: CompiledBundle[] = []
  for (const gateway of gateways) {
    const inheritance = inherit(graph, gateway, linking) // policies of gateway, API and route -> one chain per route
    const tree = buildRouteTree(inheritance.apis)
    checkRoutes(inheritance, tree, linking) // ties, overlaps, what can never match, what takes too long
    // After every phase had its say: the author sees all mistakes at once.
    if (report.errors + linking.errors > 0) continue
    const tables = plan(inheritance, tree, COMPILER) // sorted tables; cannot fail
    if (checkLimits(tables, report, gateway)) bundles.push({ gateway: gateway.name, plan: tables, bytes: emit(tables) })
  }
  for (const diagnostic of withoutCascades(linking.diagnostics, texts, broken, parsed.isIncomplete)) report.add(diagnostic)
  // With mistakes about, who uses what is not known.
  if (report.errors === 0) checkUnused(graph, report)
  return finish(bundles)
}

function reportNothing(directory: string, report: Report): void {
  report.error('PST0007', { file: directory, start: 0, end: 0 }, `no \`postern/v1\` document was found below \`${directory}\``, {
    hint: '`postern init` writes a small project',
  })
}

/** Reads the OpenAPI documents that APIs name, each once. An API whose document cannot be read is left out. */
async function describe(
  resources: readonly LocatedResource[],
  load: LoadReferenced,
  report: Report,
  cache: ParseCache | undefined,
): Promise<readonly LocatedResource[]> {
  const read = new Map<string, OpenApi | undefined>()
  const result: LocatedResource[] = []
  for (const resource of resources) {
    const reference = resource.value.kind === 'Api' ? resource.value.spec.openapi : undefined
    if (reference === undefined) {
      result.push(resource)
      continue
    }
    const { document } = resource
    const source = await load(document.source, reference, rangeAt(document, ['spec', 'openapi']))
    if (source === undefined) continue
    if (!read.has(source.path)) {
      const parsed = await parseReferenced(source, report, cache)
      read.set(source.path, parsed && readOpenApi(parsed, report))
    }
    const openapi = read.get(source.path)
    if (openapi !== undefined) result.push({ ...resource, openapi })
  }
  return result
}

/**
 * What linking found, without names that lead nowhere only because what they name has mistakes of its own, or stands in a file that could
 * not be read.
 */
function* withoutCascades(
  found: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
  broken: Broken,
  isIncomplete: boolean,
): Generator<Diagnostic> {
  for (const diagnostic of found) {
    const kind = KIND_BY_CODE[diagnostic.code]
    if (kind === undefined) {
      yield diagnostic
      continue
    }
    const names = [...broken].filter((name) => name.startsWith(`${kind}/`)).map((name) => name.slice(kind.length + 1))
    const { file, start, end } = diagnostic.range
    const name =
      texts
        .get(file)
        ?.slice(start, end)
        .replace(/^(["'])(.*)\1$/, '$2') ?? ''
    if (isIncomplete || names.includes(name) || (kind === 'Gateway' && names.length > 0)) continue
    yield { ...diagnostic, ...didYouMean(name, names) }
  }
}

/** What a diagnostic of linking says does not exist. */
const KIND_BY_CODE: { readonly [code: string]: string } = {
  PST0201: 'Backend',
  PST0202: 'PolicySet',
  PST0203: 'Consumer',
  PST0207: 'Gateway',
}

/** The routes of an API: keys of `routes` and operations of its OpenAPI document as segments, with their constraints as automata. */
import { METHODS } from '../bundle/plan.ts'
import type { Range, Report } from '../spec/diagnostic.ts'
import { isMistake } from '../spec/grammar.ts'
import type { RouteSpec } from '../spec/kinds/api.ts'
import { parseRouteKey, type Segment } from '../spec/path-template.ts'
import { type Automaton, compileConstraint, isAutomaton, isEmpty } from './automaton.ts'
import type { SyntaxProblem } from './automaton-syntax.ts'
import { type Document, keyRangeAt } from './document.ts'
import type { LinkContext } from './link.ts'
import type { LinkedApi, LinkedRoute, RouteSegment } from './link-graph.ts'
import { checkStickyOfApi, mergeTraffic, type OwnTraffic, readTraffic, type Traffic } from './link-traffic.ts'

const METHOD_IDS: ReadonlyMap<string, number> = new Map(METHODS.map((method, id) => [method, id]))

/** Each pattern of a folder becomes an automaton once. */
export class ConstraintCache {
  readonly #results = new Map<string, Automaton | SyntaxProblem>()

  get(pattern: string): Automaton | SyntaxProblem {
    let result = this.#results.get(pattern)
    if (result === undefined) {
      result = compileConstraint(pattern)
      this.#results.set(pattern, result)
    }
    return result
  }
}

/** Where a route comes from, before its key is read. */
interface Origin {
  readonly key: string
  readonly spec: RouteSpec | undefined
  readonly operationName: string | undefined
  readonly document: Document
  readonly range: Range
}

export function linkRoutes(api: LinkedApi, context: LinkContext): LinkedRoute[] {
  const { resource } = api
  const { spec } = resource.value
  const own = readTraffic(spec, { resource, path: ['spec'] }, context)
  const ofRoutes: (OwnTraffic | undefined)[] = []
  const parents: Parents = {
    own,
    ofRoutes,
    merged: mergeTraffic(own, undefined, context),
    stripsBasePath: spec.stripBasePath ?? true,
    preservesHost: spec.preserveHost ?? false,
  }
  const routes: LinkedRoute[] = []
  for (const origin of origins(api)) {
    const route = linkRoute(origin, api, parents, context)
    if (route !== undefined) routes.push(route)
  }
  checkStickyOfApi(own, ofRoutes, context)
  return routes.sort(
    (a, b) => (a.template < b.template ? -1 : a.template > b.template ? 1 : a.methodId - b.methodId) || a.range.start - b.range.start,
  )
}

/** Keys of `routes` override operations with the same key and stand beside the others. */
function* origins({ resource }: LinkedApi): Generator<Origin> {
  const routes = resource.value.spec.routes ?? {}
  const names = new Map<string, string>()
  if (resource.openapi !== undefined) {
    const { document, operations } = resource.openapi
    for (const { key, name, range } of operations) {
      if (Object.hasOwn(routes, key)) names.set(key, name)
      else yield { key, spec: undefined, operationName: name, document, range }
    }
  }
  for (const key of Object.keys(routes)) {
    const range = keyRangeAt(resource.document, ['spec', 'routes', key])
    yield { key, spec: routes[key], operationName: names.get(key), document: resource.document, range }
  }
}

interface Parents {
  /** What the Api says. */
  readonly own: OwnTraffic | undefined
  /** What its routes say, as far as they have been read. */
  readonly ofRoutes: (OwnTraffic | undefined)[]
  /** What holds for routes that say nothing. */
  readonly merged: Traffic
  readonly stripsBasePath: boolean
  readonly preservesHost: boolean
}

function linkRoute(origin: Origin, api: LinkedApi, parents: Parents, context: LinkContext): LinkedRoute | undefined {
  const { key, spec, document, range } = origin
  const parsed = parseRouteKey(key)
  // `validate` has reported it; a route that cannot be read must not hide what is wrong with the others.
  if (isMistake(parsed)) return undefined
  const path = ['spec', 'routes', key]
  const access = spec?.access === undefined ? undefined : context.policies.access(spec.access, document, [...path, 'access'])
  const policies = spec?.policies === undefined ? [] : context.policies.expand(spec.policies, document, [...path, 'policies'])
  const own = readTraffic(spec, { resource: api.resource, path }, context)
  if (own !== undefined) parents.ofRoutes.push(own)
  const { backend, traffic } = own === undefined ? parents.merged : mergeTraffic(parents.own, own, context)
  const segments = linkSegments(parsed.segments, origin, context)
  if (segments === undefined) return undefined
  return {
    api,
    key,
    id: `route/${api.name}/${key}`,
    name: spec?.name ?? origin.operationName ?? key,
    method: parsed.method,
    methodId: METHOD_IDS.get(parsed.method) as number,
    template: api.basePath + parsed.template,
    segments,
    backend,
    traffic,
    stripsBasePath: spec?.stripBasePath ?? parents.stripsBasePath,
    preservesHost: spec?.preserveHost ?? parents.preservesHost,
    ...(access === undefined ? {} : { access }),
    policies,
    document,
    range,
  }
}

/** `undefined` where a constraint is refused, which is reported. */
function linkSegments(parsed: readonly Segment[], origin: Origin, { constraints, report }: LinkContext): RouteSegment[] | undefined {
  const segments: RouteSegment[] = []
  let isWhole = true
  for (const segment of parsed) {
    if (segment.type !== 'constrained') {
      segments.push(segment)
      continue
    }
    const automaton = constraints.get(segment.pattern)
    if (!isAutomaton(automaton)) {
      const { start, end, message, hint } = automaton
      const at = within(origin, segment.patternStart + start, segment.patternStart + end)
      report.error('PST0404', at, message, hint === undefined ? {} : { hint })
      isWhole = false
    } else if (isEmpty(automaton)) {
      const at = within(origin, segment.patternStart, segment.patternEnd)
      report.error('PST0403', at, `\`${origin.key}\` can never match: no segment satisfies \`${segment.pattern}\``, {
        hint: 'a segment has at least one character',
      })
      isWhole = false
    } else segments.push({ type: 'constrained', name: segment.name, automaton })
  }
  if (isWhole) warnOfEmptyConstraints(parsed, origin, constraints, report)
  return isWhole ? segments : undefined
}

/** `{x:.+}` costs an automaton and, unlike `{x}`, ranks above other parameters: hardly ever what was meant. */
function warnOfEmptyConstraints(parsed: readonly Segment[], origin: Origin, constraints: ConstraintCache, report: Report): void {
  for (const segment of parsed) {
    if (segment.type !== 'constrained') continue
    const { key } = constraints.get(segment.pattern) as Automaton
    if (key !== (constraints.get('.+') as Automaton).key) continue
    const at = within(origin, segment.patternStart, segment.patternEnd)
    report.warning('PST0405', at, `\`${segment.pattern}\` accepts every segment of UTF-8 characters`, {
      hint: `write \`{${segment.name}}\``,
    })
  }
}

/** One segment of a route, 0-based behind the base path, where it stands. */
export function segmentRange(route: LinkedRoute, index: number): Range {
  const parsed = parseRouteKey(route.key)
  const segment = isMistake(parsed) ? undefined : parsed.segments[index]
  return segment === undefined ? route.range : within(route, segment.start, segment.end)
}

/** A piece of a route key in its source. A key in quotes with escapes is shown whole: its offsets are not those of the text. */
function within({ key, document, range }: Pick<Origin, 'key' | 'document' | 'range'>, start: number, end: number): Range {
  const written = document.source.text.slice(range.start, range.end)
  const shift = written === key ? 0 : written.slice(1, -1) === key ? 1 : -1
  if (shift === -1) return range
  return { file: range.file, start: range.start + shift + start, end: range.start + shift + end }
}

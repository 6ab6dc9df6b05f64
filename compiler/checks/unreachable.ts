/**
 * Routes that can never match. What can hide a route, given the preference literal > constrained > parameter > `/**`:
 *
 * - Hosts never do: wildcards and "any host" always have a host left that no pattern names.
 * - A parameter or `/**` is never hidden: infinitely many segments are left beside all literals (and bytes that are not UTF-8, and for
 *   `/**` empty segments, beside all constraints).
 * - A constrained parameter is hidden where every segment that it accepts stands beside it as a literal, if each of these literals has a
 *   route with this method for everything that may follow: `/a/{x:b|c}/d` by `/a/b/**` and `/a/c/d`.
 * - A route whose shortest path is longer than a request may have, or has more segments, matches nothing.
 *
 * That a constraint accepts nothing is found when it is linked.
 */
import { LIMITS } from '../../bundle/limits.ts'
import type { Report } from '../../spec/diagnostic.ts'
import { type Automaton, countWords, difference, someWords } from '../automaton.ts'
import type { LinkedRoute, RouteSegment } from '../link-graph.ts'
import { examplePath } from '../plan-self-tests.ts'
import { type RouteTree, routeFor, type TreeNode } from '../route-tree.ts'
import { children } from '../route-tree-match.ts'

/** Combinations of segments that are tried for one route; one with more is taken to be reachable. */
const MAX_STEPS = 10_000
/** Segments of a constraint that are looked at one by one; of one that accepts more, some are taken to be no literals. */
const MAX_WORDS = 1024

export function checkUnreachable(tree: RouteTree, report: Report): void {
  const reported = new Set<LinkedRoute>()
  for (const root of tree.roots) {
    for (const api of root.apis) {
      for (const route of api.routes) {
        if (reported.has(route)) continue
        if (reportTooLong(route, report) || reportHidden(root.node, route, report)) reported.add(route)
      }
    }
  }
}

function reportTooLong(route: LinkedRoute, report: Report): boolean {
  const { api, segments } = route
  // `/**` may stand for nothing.
  const count = api.baseSegments.length + segments.length - (segments.at(-1)?.type === 'rest' ? 1 : 0)
  // No example is made of a path that is short by any count.
  const isLong = count > LIMITS.pathSegments || route.template.length > LIMITS.pathBytes / 4
  if (!isLong) return false
  const bytes = examplePath(route).length
  if (count <= LIMITS.pathSegments && bytes <= LIMITS.pathBytes) return false
  const message =
    count > LIMITS.pathSegments
      ? `\`${route.key}\` can never match: it has ${count} segments, and paths with more than ${LIMITS.pathSegments} are refused`
      : `\`${route.key}\` can never match: its shortest path has ${bytes} bytes, and paths with more than ${LIMITS.pathBytes} are refused`
  report.error('PST0403', route.range, message)
  return true
}

function reportHidden(root: TreeNode, route: LinkedRoute, report: Report): boolean {
  if (!route.segments.some(({ type }) => type === 'constrained')) return false
  const hiding = new Search(route).hiding(root)
  if (hiding === undefined || hiding.length === 0) return false
  const names = hiding.slice(0, 3).map(({ method, template }) => `\`${method} ${template}\``)
  const more = hiding.length > names.length ? ` and ${hiding.length - names.length} more` : ''
  report.error('PST0403', route.range, `\`${route.key}\` can never match: ${names.join(', ')}${more} take all its requests`, {
    hint: 'literals are preferred to constrained parameters: take one or the other away',
    related: hiding.map((other) => ({ range: other.range, message: `\`${other.method} ${other.template}\` is preferred` })),
  })
  return true
}

/** Looks whether preferred routes take every path of one route. */
class Search {
  readonly #route: LinkedRoute
  readonly #segments: readonly RouteSegment[]
  #steps = 0

  constructor(route: LinkedRoute) {
    this.#route = route
    this.#segments = [...route.api.baseSegments.map((text) => ({ type: 'literal', text }) as const), ...route.segments]
  }

  /** The routes that take all its paths, or `undefined` where one path is left. */
  hiding(root: TreeNode): LinkedRoute[] | undefined {
    const found = new Set<LinkedRoute>()
    return this.#isCovered(root, [], 0, found) ? [...found].sort((a, b) => a.range.start - b.range.start) : undefined
  }

  /**
   * Whether all that follows from segment `depth` on is taken by preferred routes. `own` is the route's own node; `others` are nodes that
   * the same segments lead to along preferred branches.
   */
  #isCovered(own: TreeNode | undefined, others: readonly TreeNode[], depth: number, found: Set<LinkedRoute>): boolean {
    if (++this.#steps > MAX_STEPS) return false
    const { methodId } = this.#route
    for (const { rest } of others) {
      const route = routeFor(rest, methodId)
      if (route !== undefined) return add(found, route)
    }
    const segment = this.#segments[depth]
    if (segment === undefined || segment.type === 'rest') {
      if (segment !== undefined) return false
      for (const { routes } of others) {
        const route = routeFor(routes, methodId)
        if (route !== undefined) return add(found, route)
      }
      return false
    }
    switch (segment.type) {
      case 'literal':
        return this.#isCovered(
          own?.literals?.get(segment.text),
          others.flatMap((node) => children(node, segment.text)),
          depth + 1,
          found,
        )
      case 'parameter':
        // A segment like no literal and no constraint decides: whatever takes it takes all others too.
        return this.#isCovered(own?.parameter, others.flatMap(parameterOf), depth + 1, found)
      case 'constrained':
        return this.#isConstraintCovered(segment.automaton, own, others, depth, found)
    }
  }

  #isConstraintCovered(
    automaton: Automaton,
    own: TreeNode | undefined,
    others: readonly TreeNode[],
    depth: number,
    found: Set<LinkedRoute>,
  ): boolean {
    const ownNext = own?.constrained?.find((child) => child.automaton.key === automaton.key)?.node
    const words = finiteWords(automaton)
    if (words !== undefined) {
      return words.every((word) => {
        const literal = own?.literals?.get(word)
        const next = [...(literal === undefined ? [] : [literal]), ...others.flatMap((node) => children(node, word))]
        return this.#isCovered(ownNext, next, depth + 1, found)
      })
    }
    // Among so many there is one that is no literal: only nodes that are preferred already can take it, and they take all others too.
    const next = others.flatMap((node) => [
      ...(node.constrained ?? []).filter((child) => difference(automaton, child.automaton) === undefined).map((child) => child.node),
      ...parameterOf(node),
    ])
    return this.#isCovered(ownNext, next, depth + 1, found)
  }
}

const wordsByAutomaton = new WeakMap<Automaton, { readonly words: readonly string[] | undefined }>()

/** All that it accepts, or `undefined` where that is more than `MAX_WORDS`. */
function finiteWords(automaton: Automaton): readonly string[] | undefined {
  let known = wordsByAutomaton.get(automaton)
  if (known === undefined) {
    const count = countWords(automaton)
    known = { words: count > MAX_WORDS ? undefined : someWords(automaton, count) }
    wordsByAutomaton.set(automaton, known)
  }
  return known.words
}

function add(found: Set<LinkedRoute>, route: LinkedRoute): true {
  found.add(route)
  return true
}

function parameterOf(node: TreeNode): TreeNode[] {
  return node.parameter === undefined ? [] : [node.parameter]
}

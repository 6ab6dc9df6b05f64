/**
 * What is in force on each route: the innermost access decision, and one chain of policies from the gateway's, the API's and the route's
 * own, outermost first, in the order written; early ones in front. Compile halves run here, each once for as many routes as its result holds for.
 */
import assert from 'node:assert/strict'
import { LIMITS } from '../bundle/limits.ts'
import type { SecretPlan } from '../bundle/plan.ts'
import type { Report } from '../spec/diagnostic.ts'
import type { ResourceOf } from './document.ts'
import { PolicyCompiler, type Result } from './inherit-compile.ts'
import type { Graph, LinkedApi, LinkedGateway, LinkedRoute, PolicyPlace, PolicyScope } from './link-graph.ts'
import { selectApis } from './select.ts'

/** All of one gateway, in the order of its bundle: by API, template, method. */
export interface Inheritance {
  readonly gateway: LinkedGateway
  readonly apis: readonly LinkedApi[]
  readonly routes: readonly InheritedRoute[]
  readonly consumers: readonly ResourceOf<'Consumer'>[]
  /** In the order in which compile halves asked for them: their indices stand in records. */
  readonly secrets: readonly SecretPlan[]
}

export interface InheritedRoute {
  readonly route: LinkedRoute
  readonly access: Attachment
  readonly chain: Chain
}

/** Shared by all routes that have the same. */
export interface Chain {
  readonly early: readonly Attachment[]
  readonly request: readonly Attachment[]
  readonly answersPreflight: boolean
  readonly alwaysReplies: boolean
}

export interface Attachment {
  readonly id: string
  readonly place: PolicyPlace
  readonly result: Result
}

/** Routes with a mistake are reported and left out. */
export function inherit(graph: Graph, gateway: LinkedGateway, report: Report): Inheritance {
  const apis = selectApis(graph, gateway)
  const compiler = new PolicyCompiler(graph.consumers, report)
  const outer = new Scope(gateway, compiler)
  const routes: InheritedRoute[] = []
  for (const api of apis) {
    const middle = new Scope(api, compiler)
    const chains = new ApiChains(outer, middle, report)
    for (const route of api.routes) {
      const own = route.access === undefined && route.policies.length === 0 ? undefined : new Scope(route, compiler)
      const access = decide(route, [own, middle, outer])
      if (access === undefined) {
        reportNoAccess(route, gateway, report)
        continue
      }
      const chain = chains.of(route, own, identifiesConsumer(access.place))
      if (access.attachment !== undefined && chain !== undefined) routes.push({ route, access: access.attachment, chain })
    }
  }
  // What no route has run is checked all the same, by a compiler of its own: its secrets are nobody's.
  const idle = new PolicyCompiler(graph.consumers, report)
  for (const api of apis) if (api.routes.length === 0) checkIdle(api, idle)
  if (apis.every((api) => api.routes.length === 0)) checkIdle(gateway, idle)
  return { gateway, apis, routes, consumers: graph.consumers, secrets: compiler.secrets.plans }
}

/** The policies of a place without routes, as far as they can be judged without one: a route may decide access otherwise, so that a consumer is known. */
function checkIdle({ access, policies }: PolicyScope, compiler: PolicyCompiler): void {
  for (const place of access === undefined ? policies : [access, ...policies]) compiler.check(place)
}

/** Every access policy but `public` ends with a known consumer or a refusal. */
function identifiesConsumer(access: PolicyPlace): boolean {
  return access.policy !== 'public'
}

/** The innermost access decision; `attachment` is left out where its config does not compile. */
function decide(
  route: LinkedRoute,
  scopes: readonly (Scope | undefined)[],
): { readonly place: PolicyPlace; readonly attachment: Attachment | undefined } | undefined {
  for (const scope of scopes) {
    const place = scope?.place.access
    if (scope !== undefined && place !== undefined) return { place, attachment: scope.access(route) }
  }
  return undefined
}

function reportNoAccess(route: LinkedRoute, gateway: LinkedGateway, report: Report): void {
  report.error('PST0301', route.range, `\`${route.method} ${route.template}\` has no access decision`, {
    hint: `say who may call, with \`access\` on the route, on Api \`${route.api.name}\` or on Gateway \`${gateway.name}\`; \`access: public\` admits everybody`,
  })
}

/** The chains of an API's routes; routes without policies of their own share one as far as the compile halves allow. */
class ApiChains {
  readonly #outer: Scope
  readonly #middle: Scope
  readonly #report: Report
  readonly #shared: { [knowsConsumer: string]: Chain | undefined } = {}

  constructor(outer: Scope, middle: Scope, report: Report) {
    this.#outer = outer
    this.#middle = middle
    this.#report = report
  }

  of(route: LinkedRoute, own: Scope | undefined, knowsConsumer: boolean): Chain | undefined {
    const isPlain = route.policies.length === 0
    if (isPlain) {
      const shared = this.#shared[String(knowsConsumer)]
      if (shared !== undefined) return shared
    }
    const early: Attachment[] = []
    const request: Attachment[] = []
    let answersPreflight = false
    let alwaysReplies = false
    let isWhole = true
    let isForAllRoutes = true
    for (const scope of [this.#outer, this.#middle, own]) {
      if (scope === undefined) continue
      for (let index = 0; index < scope.place.policies.length; index++) {
        const attachment = scope.policy(index, route, knowsConsumer)
        if (attachment === undefined) {
          isWhole = false
          continue
        }
        const { compiled, dependsOnRoute } = attachment.result
        if (dependsOnRoute) isForAllRoutes = false
        if (compiled.phase === 'early') early.push(attachment)
        else request.push(attachment)
        if (compiled.answersPreflight === true) answersPreflight = true
        if (compiled.alwaysReplies === true) alwaysReplies = true
      }
    }
    if (!isWhole) return undefined
    const size = early.length + request.length
    if (size > LIMITS.attachmentsPerChain) {
      this.#report.error('PST0502', route.range, `${size} policies are in force on this route, more than ${LIMITS.attachmentsPerChain}`)
      return undefined
    }
    const chain: Chain = { early, request, answersPreflight, alwaysReplies }
    if (isPlain && isForAllRoutes) this.#shared[String(knowsConsumer)] = chain
    return chain
  }
}

/** The policies of one place, and their attachments as they turn out to be needed. */
class Scope {
  readonly place: PolicyScope
  readonly #compiler: PolicyCompiler
  /** Ids of the policies: the scope's, the policy's name, and a number behind the second one with that name. */
  readonly #ids: readonly string[]
  readonly #attachments = new Map<string, Attachment>()

  constructor(place: PolicyScope, compiler: PolicyCompiler) {
    this.place = place
    this.#compiler = compiler
    const counts = new Map<string, number>()
    this.#ids = place.policies.map(({ policy }) => {
      const count = (counts.get(policy) ?? 0) + 1
      counts.set(policy, count)
      return `${place.id}#${policy}${count === 1 ? '' : `/${count}`}`
    })
  }

  access(route: LinkedRoute): Attachment | undefined {
    const place = this.place.access as PolicyPlace
    const attachment = this.#attach(`${this.place.id}#${place.policy}`, place, this.#compiler.compile(place, route, false))
    assert(attachment === undefined || attachment.result.compiled.phase === 'access')
    return attachment
  }

  policy(index: number, route: LinkedRoute, knowsConsumer: boolean): Attachment | undefined {
    const place = this.place.policies[index] as PolicyPlace
    const attachment = this.#attach(this.#ids[index] as string, place, this.#compiler.compile(place, route, knowsConsumer))
    assert(attachment === undefined || attachment.result.compiled.phase !== 'access')
    return attachment
  }

  /** The attachment's id is as long-lived as what it stands for: the same place, policy and variant, whatever other routes do. */
  #attach(base: string, place: PolicyPlace, result: Result | undefined): Attachment | undefined {
    if (result === undefined) return undefined
    // At a route there is one variant only.
    const id = this.place.id.startsWith('route/') ? base : base + result.variant
    let attachment = this.#attachments.get(id)
    if (attachment === undefined) {
      attachment = { id, place, result }
      this.#attachments.set(id, attachment)
    }
    return attachment
  }
}

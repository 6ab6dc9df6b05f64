/**
 * Runs the compile halves of policies. A hundred thousand routes below one gateway policy compile it once: a result is kept for all routes
 * unless the compile half has looked at the route or at whether a consumer is known, and then for those alike.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { LIMITS } from '../bundle/limits.ts'
import { compilePolicies } from '../policies/compile-index.ts'
import type { CompileContext, Compiled, ConfigPath, Policy } from '../policies/policy.ts'
import type { Code, Range, Report } from '../spec/diagnostic.ts'
import { nearest } from '../spec/suggest.ts'
import { keyRangeAt, type ResourceOf, rangeAt } from './document.ts'
import type { LinkedRoute, PolicyPlace } from './link-graph.ts'
import { SecretTable } from './secret-table.ts'

export interface Result {
  readonly policy: Policy
  readonly compiled: Compiled
  /** Whether the compile half looked at the route. */
  readonly dependsOnRoute: boolean
  /** Goes behind the attachment's id: empty, or what tells this result from others of the same place. */
  readonly variant: string
}

/** `null`: does not compile, which has been reported. */
type Outcome = Result | null

interface Outcomes {
  /** Holds for every route. */
  always?: Outcome
  /** Hold where a consumer is known, or is not. */
  known?: Outcome
  unknown?: Outcome
  /** Those that depend on the route, by what came out. */
  readonly byVariant: Map<string, Result>
}

export class PolicyCompiler {
  readonly secrets = new SecretTable()
  readonly #consumerIndices: ReadonlyMap<string, number>
  readonly #report: Report
  readonly #outcomes = new Map<PolicyPlace, Outcomes>()
  readonly #reported = new Set<string>()

  constructor(consumers: readonly ResourceOf<'Consumer'>[], report: Report) {
    this.#report = report
    this.#consumerIndices = new Map(consumers.map(({ name }, index) => [name, index]))
  }

  /** `undefined` where the config does not compile, which is reported. */
  compile(place: PolicyPlace, route: LinkedRoute, knowsConsumer: boolean): Result | undefined {
    let outcomes = this.#outcomes.get(place)
    if (outcomes === undefined) {
      outcomes = { byVariant: new Map() }
      this.#outcomes.set(place, outcomes)
    }
    const kept = outcomes.always ?? (knowsConsumer ? outcomes.known : outcomes.unknown)
    if (kept !== undefined) return kept ?? undefined

    const entry = compilePolicies[place.policy]
    assert(entry !== undefined, `validated: ${place.policy}`)
    const context = new Context(this, place, route, knowsConsumer)
    const compiled = entry.compile(place.config as never, context)
    assert(compiled !== undefined || context.hasFailed, `${place.policy} refused a config without saying why`)
    // What was reported is wrong even if something was returned.
    const isRefused = compiled === undefined || context.hasFailed || !this.#fits(compiled, place)

    if (context.hasReadRoute) {
      if (isRefused) return undefined
      const variant = `~${digestOf(compiled)}`
      const same = outcomes.byVariant.get(variant)
      if (same !== undefined) return same
      const result = { policy: entry.policy, compiled, dependsOnRoute: true, variant }
      outcomes.byVariant.set(variant, result)
      return result
    }
    if (!context.hasReadConsumer) {
      outcomes.always = isRefused ? null : { policy: entry.policy, compiled, dependsOnRoute: false, variant: '' }
      return outcomes.always ?? undefined
    }
    const variant = knowsConsumer ? '' : '~anonymous'
    const outcome = isRefused ? null : { policy: entry.policy, compiled, dependsOnRoute: false, variant }
    if (knowsConsumer) outcomes.known = outcome
    else outcomes.unknown = outcome
    return outcome ?? undefined
  }

  /** Reports what is wrong with a place that no route has; a compile half that has to look at the route is left alone. */
  check(place: PolicyPlace): void {
    const entry = compilePolicies[place.policy]
    assert(entry !== undefined, `validated: ${place.policy}`)
    try {
      const compiled = entry.compile(place.config as never, new Context(this, place, undefined, true))
      if (compiled !== undefined) this.#fits(compiled, place)
    } catch (error) {
      if (!(error instanceof NoRoute)) throw error
    }
  }

  consumer(name: string, place: PolicyPlace, at: ConfigPath): number | undefined {
    const index = this.#consumerIndices.get(name)
    if (index !== undefined) return index
    const near = nearest(name, [...this.#consumerIndices.keys()])
    const hint = near === undefined ? `write a Consumer with the name \`${name}\`` : `did you mean \`${near}\`?`
    this.error('PST0203', rangeAt(place.document, [...place.path, ...at]), `consumer \`${name}\` does not exist`, hint)
    return undefined
  }

  secret(reference: string): number {
    return this.secrets.index(reference)
  }

  /** Each once: a compile half that looks at the route says the same for every route. */
  error(code: Code, range: Range, message: string, hint: string | undefined): void {
    const key = `${range.file}:${range.start}:${range.end} ${code} ${message}`
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    this.#report.error(code, range, message, hint === undefined ? {} : { hint })
  }

  #fits(compiled: Compiled, place: PolicyPlace): boolean {
    if (compiled.record.length <= LIMITS.recordBytes) return true
    const message = `this config takes ${compiled.record.length} bytes of the bundle, more than ${LIMITS.recordBytes}`
    this.#report.error('PST0502', keyRangeAt(place.document, place.path), message)
    return false
  }
}

/** Never leaves this file: a compile half asked for a route where there is none. */
class NoRoute extends Error {}

/** Answers a compile half, and notices what it asks for. */
class Context implements CompileContext {
  hasReadRoute = false
  hasReadConsumer = false
  hasFailed = false
  readonly #compiler: PolicyCompiler
  readonly #place: PolicyPlace
  readonly #route: LinkedRoute | undefined
  readonly #knowsConsumer: boolean

  constructor(compiler: PolicyCompiler, place: PolicyPlace, route: LinkedRoute | undefined, knowsConsumer: boolean) {
    this.#compiler = compiler
    this.#place = place
    this.#route = route
    this.#knowsConsumer = knowsConsumer
  }

  get route(): CompileContext['route'] {
    this.hasReadRoute = true
    if (this.#route === undefined) throw new NoRoute()
    const { api, method, template, segments } = this.#route
    const base = api.baseSegments.length
    const parameters = segments.flatMap((segment, index) =>
      segment.type === 'parameter' || segment.type === 'constrained' ? [{ name: segment.name, segment: base + index }] : [],
    )
    const rest = segments.at(-1)?.type === 'rest' ? base + segments.length - 1 : undefined
    return { method, template, parameters, ...(rest === undefined ? {} : { restSegment: rest }) }
  }

  get knowsConsumer(): boolean {
    this.hasReadConsumer = true
    return this.#knowsConsumer
  }

  consumer(name: string, at: ConfigPath): number | undefined {
    const index = this.#compiler.consumer(name, this.#place, at)
    if (index === undefined) this.hasFailed = true
    return index
  }

  secret(reference: string): number {
    return this.#compiler.secret(reference)
  }

  range(at: ConfigPath): Range {
    return rangeAt(this.#place.document, [...this.#place.path, ...at])
  }

  keyRange(at: ConfigPath): Range {
    return keyRangeAt(this.#place.document, [...this.#place.path, ...at])
  }

  error(code: Code, at: ConfigPath, message: string, hint?: string): void {
    this.hasFailed = true
    this.#compiler.error(code, this.range(at), message, hint)
  }
}

function digestOf({ phase, record, answersPreflight, alwaysReplies }: Compiled): string {
  const flags = `${phase}/${answersPreflight === true}/${alwaysReplies === true}/`
  return createHash('sha256').update(flags).update(record).digest('hex').slice(0, 8)
}

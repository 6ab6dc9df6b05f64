/** Policies where they are used: `use` entries are replaced by what their policy sets hold; unknown sets and circles are reported. */
import { LIMITS } from '../bundle/limits.ts'
import type { Report } from '../spec/diagnostic.ts'
import type { PolicyUse } from '../spec/kinds/metadata.ts'
import { nearest } from '../spec/suggest.ts'
import { type Document, keyRangeAt, type Path, type ResourceOf, rangeAt } from './document.ts'
import type { PolicyPlace } from './link-graph.ts'

const USE = 'use'
/** Sets within sets. */
const MAX_DEPTH = 64

export class PolicyLinker {
  /** Sets that are used outside of sets. */
  readonly #roots = new Set<string>()
  /** Which sets a set uses itself. */
  readonly #inner = new Map<string, Set<string>>()
  readonly #sets: ReadonlyMap<string, ResourceOf<'PolicySet'>>
  readonly #report: Report
  readonly #expanded = new Map<string, readonly PolicyPlace[]>()
  /** Sets that are being expanded, outermost first, each with the `use` inside it that was followed. */
  readonly #open: { readonly name: string; readonly document: Document; path: Path }[] = []

  constructor(sets: ReadonlyMap<string, ResourceOf<'PolicySet'>>, report: Report) {
    this.#sets = sets
    this.#report = report
  }

  /** Looks into every set, used or not, so that mistakes in one that nobody uses yet are found too. */
  checkAll(): void {
    for (const name of this.#sets.keys()) this.#expandSet(name)
  }

  /** Sets that some gateway, API or route uses, directly or through other sets. */
  usedSets(): ReadonlySet<string> {
    const used = new Set(this.#roots)
    for (const name of used) for (const inner of this.#inner.get(name) ?? []) used.add(inner)
    return used
  }

  /** The policies of a list, in order. */
  expand(uses: readonly PolicyUse[] | undefined, document: Document, path: Path): readonly PolicyPlace[] {
    if (uses === undefined || uses.length === 0) return NONE
    const places: PolicyPlace[] = []
    uses.forEach((use, index) => {
      const policy = Object.keys(use)[0] as string
      if (policy === USE) places.push(...this.#use(String(use[USE]), document, [...path, index, USE]))
      else places.push({ policy, config: use[policy], document, path: [...path, index, policy] })
    })
    if (places.length <= LIMITS.attachmentsPerChain) return places
    this.#report.error('PST0502', rangeAt(document, path), `this list stands for more than ${LIMITS.attachmentsPerChain} policies`, {
      hint: 'policy sets that use policy sets multiply: put each in only once',
    })
    return places.slice(0, LIMITS.attachmentsPerChain)
  }

  access(access: 'public' | PolicyUse | undefined, document: Document, path: Path): PolicyPlace | undefined {
    if (access === undefined) return undefined
    if (access === 'public') return { policy: 'public', config: {}, document, path }
    const policy = Object.keys(access)[0] as string
    return { policy, config: access[policy], document, path: [...path, policy] }
  }

  #use(name: string, document: Document, path: Path): readonly PolicyPlace[] {
    const user = this.#open.at(-1)
    if (user === undefined) this.#roots.add(name)
    else {
      user.path = path
      const inner = this.#inner.get(user.name)
      if (inner === undefined) this.#inner.set(user.name, new Set([name]))
      else inner.add(name)
    }
    if (!this.#sets.has(name)) {
      const near = nearest(name, [...this.#sets.keys()])
      this.#report.error('PST0202', rangeAt(document, path), `policy set \`${name}\` does not exist`, {
        hint: near === undefined ? `write a PolicySet with the name \`${name}\`` : `did you mean \`${near}\`?`,
      })
      return NONE
    }
    return this.#expandSet(name)
  }

  #expandSet(name: string): readonly PolicyPlace[] {
    const known = this.#expanded.get(name)
    if (known !== undefined) return known
    const start = this.#open.findIndex((open) => open.name === name)
    if (start !== -1) {
      this.#reportCircle(start)
      return NONE
    }
    const last = this.#open.at(-1)
    if (last !== undefined && this.#open.length >= MAX_DEPTH) {
      this.#report.error('PST0502', rangeAt(last.document, last.path), `policy sets use each other more than ${MAX_DEPTH} deep`)
      return NONE
    }
    const { document, value } = this.#sets.get(name) as ResourceOf<'PolicySet'>
    this.#open.push({ name, document, path: [] })
    const places = this.expand(value.spec.policies, document, ['spec', 'policies'])
    this.#open.pop()
    this.#expanded.set(name, places)
    return places
  }

  /** At the `use` that closes the circle, with all the others. */
  #reportCircle(start: number): void {
    const circle = this.#open.slice(start)
    const names = [...circle, circle[0] as (typeof circle)[0]].map(({ name }) => `\`${name}\``)
    const last = circle.at(-1) as (typeof circle)[0]
    const message =
      circle.length === 1 ? `policy set ${names[0]} uses itself` : `policy sets use each other in a circle: ${names.join(' → ')}`
    this.#report.error('PST0204', rangeAt(last.document, last.path), message, {
      hint: 'take one `use` of the circle away',
      related: circle.slice(0, -1).map((open, index) => ({
        range: rangeAt(open.document, open.path),
        message: `${names[index]} uses ${names[index + 1]} here`,
      })),
    })
  }
}

const NONE: readonly PolicyPlace[] = []

/** Where a policy's name stands. */
export function policyRange(place: PolicyPlace): ReturnType<typeof rangeAt> {
  return keyRangeAt(place.document, place.path)
}

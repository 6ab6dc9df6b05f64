/** References to secrets that a bundle has, each once, in the order in which they are asked for: their indices stand in records and tables. */
import type { SecretPlan } from '../bundle/plan.ts'
import { known } from '../spec/grammar.ts'
import { parseSecretReference } from '../spec/secret-reference.ts'

export class SecretTable {
  readonly plans: SecretPlan[] = []
  readonly #indices = new Map<string, number>()

  constructor(plans: readonly SecretPlan[] = []) {
    for (const plan of plans) this.#add(plan)
  }

  /** `reference` is one, such as `${file:/run/secrets/key}`. */
  index(reference: string): number {
    return this.#add(known(parseSecretReference(reference)))
  }

  #add(plan: SecretPlan): number {
    const key = `${plan.kind}:${plan.name}`
    let index = this.#indices.get(key)
    if (index === undefined) {
      index = this.plans.push(plan) - 1
      this.#indices.set(key, index)
    }
    return index
  }
}

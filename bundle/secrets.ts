/** References to secrets; never a value. docs/bundle-format.md, "Secrets". */
import type { Sections, Table } from './image.ts'
import { columnsOf } from './layout.ts'
import { LIMITS } from './limits.ts'
import type { BundlePlan, SecretPlan } from './plan.ts'
import { type StringPool, type Strings, TableBuilder } from './strings.ts'

const SECRET = columnsOf('SECR')
/** By number in the file; 0 is none. */
const KINDS = ['', 'env', 'file'] as const

export function buildSecrets(plan: BundlePlan, strings: StringPool): TableBuilder<'SECR'> {
  const table = new TableBuilder('SECR', plan.secrets.length)
  for (const [row, secret] of plan.secrets.entries()) table.set(row, { kind: KINDS.indexOf(secret.kind), name: strings.add(secret.name) })
  return table
}

export function checkSecrets(sections: Sections): string | undefined {
  return sections.count('SECR') > LIMITS.secrets ? `secrets: more than ${LIMITS.secrets}` : undefined
}

export class Secrets {
  readonly #table: Table
  readonly #strings: Strings

  constructor(sections: Sections, strings: Strings) {
    this.#table = sections.table('SECR')
    this.#strings = strings
  }

  get count(): number {
    return this.#table.count
  }

  /** Empty where there is no such secret. */
  kind(index: number): SecretPlan['kind'] | '' {
    return KINDS[this.#table.at(SECRET.kind, index)] ?? ''
  }

  /** The variable's name or the file's absolute path. */
  name(index: number): string {
    return this.#strings.get(this.#table.at(SECRET.name, index))
  }

  detach(): void {
    this.#table.drop()
  }
}

/** For tests of the phases behind `validate`: files as texts in, all that these phases make and say out. No disk, no threads. */
import type { BundlePlan } from '../bundle/plan.ts'
import { type Diagnostic, Report } from '../spec/diagnostic.ts'
import { checkRoutes, checkUnused } from './checks/index.ts'
import type { Document, LocatedResource } from './document.ts'
import { inherit } from './inherit.ts'
import { type Graph, link } from './link.ts'
import { parseYaml } from './parse-yaml.ts'
import { plan } from './plan.ts'
import { render } from './render.ts'
import { buildRouteTree } from './route-tree.ts'
import { type Selection, selectGateways } from './select.ts'
import { validate } from './validate.ts'

export interface Compiled {
  readonly graph: Graph
  readonly diagnostics: readonly Diagnostic[]
  /** As people see them. */
  readonly text: string
  /** One for each gateway; none where there are errors. */
  readonly plans: readonly BundlePlan[]
}

/** The resources of some files. Throws where a file does not get as far as `link`: then the test is wrong. */
export function resourcesOf(files: { readonly [path: string]: string }): LocatedResource[] {
  const report = new Report()
  const documents: Document[] = []
  for (const [path, text] of Object.entries(files)) {
    const { documents: roots, problems } = parseYaml(text)
    for (const { message } of problems) throw new Error(`${path}: ${message}`)
    const source = { file: path, path, text }
    for (const root of roots) documents.push({ source, root })
  }
  const { resources } = validate(documents, report)
  for (const { message, range } of report.sorted()) throw new Error(`${range.file}:${range.start}: ${message}`)
  return [...resources]
}

/** Everything behind `validate`, in the order of compile.ts. */
export function compileFiles(files: { readonly [path: string]: string } | string, selection: Selection = { all: true }): Compiled {
  const texts = typeof files === 'string' ? { 'test.yaml': files } : files
  return compileResources(resourcesOf(texts), texts, selection)
}

export function compileResources(
  resources: readonly LocatedResource[],
  texts: { readonly [path: string]: string },
  selection: Selection = { all: true },
): Compiled {
  const report = new Report()
  const graph = link(resources, report)
  const plans: BundlePlan[] = []
  for (const gateway of selectGateways(graph, selection, report)) {
    const inheritance = inherit(graph, gateway, report)
    const tree = buildRouteTree(inheritance.apis)
    checkRoutes(inheritance, tree, report)
    if (report.errors === 0) plans.push(plan(inheritance, tree, 'postern test'))
  }
  if (report.errors === 0) checkUnused(graph, report)
  const diagnostics = report.sorted()
  const text = render(diagnostics, new Map(Object.entries(texts)), { format: 'text', color: false })
  return { graph, diagnostics, text, plans: report.errors === 0 ? plans : [] }
}

/** A gateway that lets everybody in, and a backend: what most tests need and none is about. */
export const BASE = `
apiVersion: postern/v1
kind: Gateway
metadata: { name: edge }
spec: { listeners: [ { name: http, port: 8080 } ], access: public }
---
apiVersion: postern/v1
kind: Backend
metadata: { name: echo }
spec: { endpoints: ["http://127.0.0.1:9000"] }
`

/** An API of the gateway in `BASE`. `lines` continue its spec. */
export function api(name: string, lines: string): string {
  const indented = lines.replace(/^\n+/, '').trimEnd()
  return `apiVersion: postern/v1\nkind: Api\nmetadata: { name: ${name} }\nspec:\n  backend: echo\n${indented}\n`
}

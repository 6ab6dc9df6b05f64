/**
 * How long does compiling take, and which phase takes it? A folder of FILES files with ROUTES routes each, all phases in one process: the
 * first round is cold, the others have their code compiled. `npm run bench -- compile [FILES] [ROUTES] [ROUNDS]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, imageOf, isRejection } from '../bundle/bundle.ts'
import { checkRoutes, checkUnused } from '../compiler/checks/index.ts'
import { emit } from '../compiler/emit.ts'
import { inherit } from '../compiler/inherit.ts'
import { link } from '../compiler/link.ts'
import { loadSources, openFolder } from '../compiler/load.ts'
import { parse } from '../compiler/parse.ts'
import { plan } from '../compiler/plan.ts'
import { buildRouteTree } from '../compiler/route-tree.ts'
import { selectGateways } from '../compiler/select.ts'
import { validate } from '../compiler/validate.ts'
import { Report } from '../spec/diagnostic.ts'
import { writeFolder } from './fixtures/routes.ts'

const [files = 1000, routesPerFile = 100, rounds = 5] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
const times = new Map<string, number[]>()
let bytes = 0

await writeFolder(folder, { files, routesPerFile })
try {
  for (let round = 0; round < rounds; round++) bytes = await compileOnce()
} finally {
  rmSync(folder, { recursive: true })
}

console.log(`${files * routesPerFile} routes in ${files} files, ms; first (cold) round, and median of the other ${rounds - 1}`)
for (const [phase, ms] of times)
  console.log(`  ${phase.padEnd(28)} ${ms[0]?.toFixed(0).padStart(7)} ${median(ms.slice(1)).toFixed(0).padStart(7)}`)
console.log(`  bundle ${(bytes / 2 ** 20).toFixed(2)} MiB, ${(bytes / (files * routesPerFile)).toFixed(0)} bytes per route`)

async function compileOnce(): Promise<number> {
  const report = new Report()
  const begin = performance.now()
  const opened = await openFolder(folder, folder, report)
  if (opened === undefined) throw new Error('no folder')
  const sources = await timed('load', () => loadSources(opened, report))
  const parsed = await timed('parse', () => parse(sources, report))
  const { resources } = await timed('validate', () => validate(parsed.documents, report))
  const behind = performance.now()
  const graph = await timed('link', () => link(resources, report))
  const [gateway] = selectGateways(graph, {}, report)
  if (gateway === undefined) throw new Error('no gateway')
  const inheritance = await timed('inherit', () => inherit(graph, gateway, report))
  const tree = await timed('route tree', () => buildRouteTree(inheritance.apis))
  await timed('checks', () => {
    checkRoutes(inheritance, tree, report)
    checkUnused(graph, report)
  })
  const tables = await timed('plan', () => plan(inheritance, tree, 'postern bench'))
  const bundle = await timed('emit', () => emit(tables))
  record('link to emit', performance.now() - behind)
  record('all', performance.now() - begin)
  await timed('(check of the bundle)', () => {
    const checked = check(imageOf(bundle), bundle.length)
    if (isRejection(checked)) throw new Error(checked.message)
  })
  if (report.diagnostics.length > 0) throw new Error(report.diagnostics[0]?.message)
  return bundle.length
}

async function timed<T>(phase: string, work: () => T | Promise<T>): Promise<T> {
  const begin = performance.now()
  const result = await work()
  record(phase, performance.now() - begin)
  return result
}

function record(phase: string, ms: number): void {
  const list = times.get(phase)
  if (list === undefined) times.set(phase, [ms])
  else list.push(ms)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

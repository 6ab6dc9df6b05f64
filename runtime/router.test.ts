import fc from 'fast-check'
import t from 'tap'
import { METHODS } from '../bundle/plan.ts'
import { bundleOf, planOf } from '../test/fixtures/data-path.ts'
import { allowedMethods, Router } from './router.ts'

type Route = { readonly method: string; readonly host: string; readonly template: string }

/** DESIGN 3 as plainly as it can be said: a list of all matching routes, and the preference segment by segment from the left. */
function naive(routes: readonly Route[], method: string, host: string, path: string): { route: number; others: Set<string> } {
  const hosts = [host, ...wildcards(host), '']
  const best = hosts.find((pattern) => routes.some((route) => route.host === pattern))
  const segments = path.split('/').slice(1)
  const matching = routes
    .map((route, index) => ({ ...route, index, ranks: ranksOf(route.template, segments) }))
    .filter((route) => route.host === best && route.ranks !== undefined)
  const methodsOf = (route: Route) =>
    route.method === 'GET' &&
    !routes.some((other) => other.method === 'HEAD' && other.template === route.template && other.host === route.host)
      ? ['GET', 'HEAD']
      : [route.method]
  const mine = matching.filter((route) => methodsOf(route).includes(method))
  mine.sort((a, b) => compare(a.ranks ?? [], b.ranks ?? []))
  return { route: mine[0]?.index ?? -1, others: new Set(mine.length > 0 ? [] : matching.flatMap(methodsOf)) }
}

function wildcards(host: string): string[] {
  const labels = host.split('.')
  return labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`)
}

/** 0 literal, 2 parameter, 3 rest; a template that ends before its rest ranks before it. */
function ranksOf(template: string, segments: string[]): number[] | undefined {
  const parts = template.split('/').slice(1)
  const ranks: number[] = []
  for (let i = 0; ; i++) {
    if (parts[i] === '**') return [...ranks, 3]
    if (i === parts.length || i === segments.length) return parts.length === segments.length ? [...ranks, 0] : undefined
    if (parts[i]?.startsWith('{')) {
      if (segments[i] === '') return undefined
      ranks.push(2)
    } else if (parts[i] === segments[i]) ranks.push(0)
    else return undefined
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

function find(router: Router, bundle: ReturnType<typeof bundleOf>, method: string, host: string, path: string) {
  const [h, p] = [Buffer.from(host), Buffer.from(path)]
  return router.find(bundle, Math.max(0, METHODS.indexOf(method as 'GET')), h, 0, h.length, p, 0, p.length)
}

t.test('the router finds what a naive matcher finds, in any set of routes', async () => {
  const segment = fc.constantFrom('a', 'b', 'c', '')
  const part = fc.constantFrom('a', 'b', 'c', '{x}', '{x}')
  const template = fc
    .tuple(fc.array(part, { maxLength: 4 }), fc.constantFrom('', '**', 'plain', 'slash'))
    .map(([parts, end]) => `/${[...parts, ...(end === '**' ? ['**'] : end === 'slash' || parts.length === 0 ? [''] : [])].join('/')}`)
  const host = fc.constantFrom('', 'a.example', '*.example', '*.b.example')
  const route = fc.record({ method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS'), host, template })
  const routes = fc.uniqueArray(route, {
    minLength: 1,
    maxLength: 12,
    selector: ({ method, host, template }) => `${method} ${host} ${template}`,
  })
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`)
  const question = fc.tuple(
    fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'LINK'),
    fc.constantFrom('a.example', 'x.example', 'x.b.example', 'y.x.b.example', 'example', 'other', ''),
    path,
  )
  const router = new Router()
  fc.assert(
    fc.property(routes, fc.array(question, { maxLength: 30 }), (routes, questions) => {
      const bundle = bundleOf(planOf({ routes: routes.map(({ method, host, template }) => ({ route: `${method} ${template}`, host })) }))
      for (const [method, host, path] of questions) {
        const expected = naive(routes, method, host, path)
        const found = find(router, bundle, method, host, path)
        const others = new Set(found >= 0 || router.otherMethods === 0 ? [] : allowedMethods(router.otherMethods).split(', '))
        if (found !== expected.route || others.symmetricDifference(expected.others).size > 0) {
          throw new Error(`${method} ${host} ${path}: ${found} [${[...others]}], expected ${expected.route} [${[...expected.others]}]`)
        }
      }
    }),
    { numRuns: 300 },
  )
})

t.test('segments: a slash at the end counts, a parameter is never empty, the rest may be nothing', async (t) => {
  const bundle = bundleOf(planOf({ routes: ['GET /a', 'GET /b/', 'GET /p/{x}', 'GET /r/**', 'GET /'] }))
  const router = new Router()
  const route = (path: string) => find(router, bundle, 'GET', 'any', path)
  t.same(
    ['/a', '/a/', '/b', '/b/', '/p/1', '/p/', '/p', '/r', '/r/', '/r/1/2', '/', '', 'a'].map(route),
    [0, -1, -1, 1, 2, -1, -1, 3, 3, 3, 4, -1, -1],
  )
})

t.test('a path with more segments than any route can have matches nothing', async (t) => {
  const bundle = bundleOf(planOf({ routes: ['GET /**'] }))
  const router = new Router()
  t.equal(find(router, bundle, 'GET', 'any', '/a'.repeat(256)), 0)
  t.equal(find(router, bundle, 'GET', 'any', '/a'.repeat(257)), -1)
})

t.test('Allow lists methods by id', async (t) => {
  t.equal(allowedMethods(0), '')
  t.equal(allowedMethods((1 << METHODS.indexOf('GET')) | (1 << METHODS.indexOf('QUERY'))), 'GET, QUERY')
})

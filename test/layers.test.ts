/** Who may import whom (ARCHITECTURE.md, "Layers"): the absences that keep the parts apart, checked over every import of every file. */
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'

/** What a folder's own files may import: folders of ours, and packages. `node:*` is always allowed. Tests, fuzzers and benches may import anything. */
const MAY_IMPORT: { readonly [folder: string]: { readonly folders: readonly string[]; readonly packages: readonly string[] } } = {
  spec: { folders: [], packages: ['ajv'] },
  bundle: { folders: [], packages: [] },
  policies: { folders: ['spec', 'bundle'], packages: ['ajv'] },
  compiler: { folders: ['spec', 'bundle', 'policies'], packages: ['ajv', 'piscina', 'yaml'] },
  channel: { folders: ['bundle'], packages: ['koffi'] },
  runtime: {
    folders: ['bundle', 'channel', 'policies'],
    packages: ['chokidar', 'http-cache-semantics', 'koffi', 'pino', 'piscina', 'prom-client'],
  },
  cli: { folders: ['bundle', 'channel', 'compiler', 'policies', 'runtime', 'spec'], packages: ['chokidar', 'commander', 'yaml'] },
}

interface Import {
  readonly file: string
  readonly specifier: string
  /** Path of the imported file from the root, or a package's name. */
  readonly target: string
  readonly isPackage: boolean
}

const isTest = (file: string) => /\.(test|fuzz)\.ts$/.test(file) || /\/(cases|fixtures|corpus)\//.test(file)

function importsOf(folder: string): Import[] {
  return globSync(`${folder}/**/*.{ts,cts,js}`)
    .filter((file) => !isTest(file))
    .sort()
    .flatMap((file) =>
      specifiersOf(readFileSync(file, 'utf8'))
        .filter((specifier) => !specifier.startsWith('node:'))
        .map((specifier) => {
          const isPackage = !specifier.startsWith('.')
          const target = isPackage
            ? specifier.replace(/^(@[^/]+\/[^/]+|[^/]+).*$/, '$1')
            : posix.normalize(posix.join(posix.dirname(file), specifier))
          return { file, specifier, target, isPackage }
        }),
    )
}

/** Static, dynamic and CommonJS imports, and files that threads and processes are started with: `new URL('./worker.ts', import.meta.url)`. */
function specifiersOf(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const imports =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?from\s)?['"]([^'"]+)['"]|(?:import|require|URL)\(\s*(?:'([^']+)'|"([^"]+)"|`([^`]+)`)/g
  return [...code.matchAll(imports)]
    .map(([, fixed, single, double, template]) => fixed ?? single ?? double ?? template ?? '')
    .filter((specifier) => specifier !== '' && !/^(?:https?|data|file):/.test(specifier))
}

for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
  t.test(`${folder} imports only what stands below it`, (t) => {
    const imports = importsOf(folder)
    t.ok(imports.length > 0, 'imports were found')
    for (const { file, specifier, target, isPackage } of imports) {
      const top = target.split('/')[0] as string
      const ok = isPackage
        ? allowed.packages.includes(target)
        : top === folder || allowed.folders.includes(top) || target === 'package.json'
      if (!ok) t.fail(`${file} may not import ${specifier}`)
    }
    t.end()
  })
}

t.test('the run half of a policy imports the contract, its own folder, and the bundle', (t) => {
  const runs = importsOf('policies').filter(({ file }) => /\/run\.ts$/.test(file))
  t.ok(runs.length > 0)
  for (const { file, specifier, target } of runs) {
    const own = target.startsWith(`${posix.dirname(file)}/`) && !/\/(policy|compile)\.ts$/.test(target)
    if (!own && target !== 'policies/contract.ts' && !target.startsWith('bundle/')) t.fail(`${file} may not import ${specifier}`)
  }
  t.end()
})

t.test('a policy never imports another policy, and only its own half', (t) => {
  for (const { file, specifier, target } of importsOf('policies')) {
    const from = file.split('/')
    const to = target.split('/')
    if (from.length < 3 || to[0] !== 'policies' || to.length < 3) continue
    if (from[1] !== to[1]) t.fail(`${file} may not import ${specifier}`)
  }
  t.pass()
  t.end()
})

t.test('what makes the token that opens a bundle stays in its folder', (t) => {
  for (const folder of Object.keys(MAY_IMPORT).filter((name) => name !== 'bundle')) {
    for (const { file, specifier, target } of importsOf(folder)) {
      if (['bundle/image.ts', 'bundle/views.ts', 'bundle/check.ts'].includes(target))
        t.fail(`${file} imports ${specifier}: bundle/bundle.ts has what is meant for others`)
    }
  }
  t.pass()
  t.end()
})

t.test('no half of a policy imports the other one, and the compile half knows `policies/policy.ts` only', (t) => {
  const halves = importsOf('policies').filter(({ file }) => /\/(policy|compile)\.ts$/.test(file) && file.split('/').length === 3)
  t.ok(halves.length > 0)
  for (const { file, specifier, target } of halves) {
    const own = target.startsWith(`${posix.dirname(file)}/`) && !target.endsWith('/run.ts')
    if (!own && target !== 'policies/policy.ts' && !/^(spec|bundle)\//.test(target)) t.fail(`${file} may not import ${specifier}`)
  }
  t.end()
})

t.test('of the policies, the compiler sees no run half', (t) => {
  const seen = importsOf('compiler').filter(({ target }) => target.startsWith('policies/'))
  t.ok(seen.length > 0)
  for (const { file, specifier, target } of seen) {
    if (!['policies/policy.ts', 'policies/compile-index.ts', 'policies/validators.ts'].includes(target))
      t.fail(`${file} may not import ${specifier}`)
  }
  t.end()
})

t.test('of the policies, the runtime sees the contract and the run halves only', (t) => {
  const seen = importsOf('runtime').filter(({ target }) => target.startsWith('policies/'))
  t.ok(seen.length > 0)
  for (const { file, specifier, target } of seen) {
    if (!['policies/contract.ts', 'policies/run-index.ts'].includes(target)) t.fail(`${file} may not import ${specifier}`)
  }
  t.end()
})

t.test('the run index leads to no compile half, so that the gateway never loads one', (t) => {
  const reached = new Set<string>()
  const visit = (file: string) => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { target, isPackage } of importsOf(posix.dirname(file)).filter((found) => found.file === file)) {
      t.notOk(isPackage, `${file} imports the package ${target}`)
      if (!isPackage) visit(target)
    }
  }
  visit('policies/run-index.ts')
  for (const file of reached) t.notMatch(file, /^spec\/|\/(policy|compile)\.ts$/)
  t.ok(reached.size > 5)
  t.end()
})

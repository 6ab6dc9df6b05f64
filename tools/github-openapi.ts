/**
 * Makes `examples/github/github.openapi.json` from the npm package `@octokit/openapi`: GitHub's own description of its REST API, reduced to
 * what routing needs: paths, methods, operation ids and path parameters. The package unpacks to 400 MB, so it is fetched into a
 * temporary folder and is never a dependency. Run by hand, `node tools/github-openapi.ts`, when the example is to be renewed.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PACKAGE = '@octokit/openapi@23.0.2'
const MEMBER = 'package/generated/api.github.com.json'
const TARGET = new URL('../examples/github/github.openapi.json', import.meta.url)
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema?: { readonly type?: string; readonly enum?: readonly string[]; readonly pattern?: string }
}
type Item = { readonly [key: string]: unknown }

const folder = mkdtempSync(join(tmpdir(), 'postern-octokit-'))
try {
  const archive = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: folder, encoding: 'utf8' }).trim()
  execFileSync('tar', ['xzf', archive, MEMBER], { cwd: folder })
  const document = JSON.parse(readFileSync(join(folder, MEMBER), 'utf8'))
  writeFileSync(TARGET, print(document))
  process.stdout.write(`wrote ${TARGET.pathname}\n`)
} finally {
  rmSync(folder, { recursive: true })
}

/** One line per operation, so that a renewal reads well as a diff. */
function print(document: {
  info: { version: string }
  paths: { [path: string]: Item }
  components: { parameters: { [name: string]: Parameter } }
}): string {
  const paths = Object.entries(document.paths).map(([path, item]) => {
    const operations = METHODS.filter((method) => method in item).map((method) => {
      const operation = item[method] as { operationId: string; parameters?: readonly (Parameter | { $ref: string })[] }
      const parameters = (operation.parameters ?? [])
        .map((parameter) =>
          '$ref' in parameter ? (document.components.parameters[parameter.$ref.split('/').at(-1) as string] as Parameter) : parameter,
        )
        .filter((parameter) => parameter.in === 'path')
        .map(({ name, schema }) => ({ name, in: 'path', required: true, schema: reduced(schema) }))
      return `      ${JSON.stringify(method)}: ${JSON.stringify({ operationId: operation.operationId, ...(parameters.length > 0 ? { parameters } : {}) })}`
    })
    return `    ${JSON.stringify(path)}: {\n${operations.join(',\n')}\n    }`
  })
  const info = {
    title: "GitHub's REST API, reduced to its routes",
    version: document.info.version,
    description: `Made from ${PACKAGE} (npm) by tools/github-openapi.ts: only paths, methods, operation ids and path parameters are kept.`,
    license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT' },
  }
  return `{\n  "openapi": "3.0.3",\n  "info": ${JSON.stringify(info)},\n  "paths": {\n${paths.join(',\n')}\n  }\n}\n`
}

function reduced(schema: Parameter['schema']): object {
  const { type = 'string', enum: values, pattern } = schema ?? {}
  return { type, ...(values === undefined ? {} : { enum: values }), ...(pattern === undefined ? {} : { pattern }) }
}

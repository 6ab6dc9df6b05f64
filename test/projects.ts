/** For tests: small projects as text, and bundles of them. */
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signBundle } from '../bundle/bundle.ts'
import { writeFileAtomically } from '../cli/files.ts'
import { writeKeyPair } from '../cli/keygen.ts'
import { compileFolder } from '../compiler/compile.ts'
import { type Finished, type PosternProcess, postern, startPostern, temporaryFolder } from './postern-process.ts'

/** One gateway on a free port, one public route that the gateway answers itself. */
export function helloProject(body = 'hello, world', gateway = 'hello'): { readonly [path: string]: string } {
  return {
    'gateway.yaml': `apiVersion: postern/v1
kind: Gateway
metadata: { name: ${gateway} }
spec:
  listeners: [{ name: http, address: 127.0.0.1, port: 0 }]
`,
    'hello.yaml': `apiVersion: postern/v1
kind: Api
metadata: { name: hello }
spec:
  access: public
  routes:
    GET /hello: { policies: [{ respond: { body: "${body}" } }] }
`,
  }
}

/** A folder with keys and a signed bundle `edge.ptb`, and a state directory of its own. */
export async function servedProject(t: Parameters<typeof temporaryFolder>[0]): Promise<ServedProject> {
  const folder = temporaryFolder(t)
  const env = { XDG_STATE_HOME: join(folder, 'state'), STATE_DIRECTORY: '' }
  writeKeyPair(folder, 'postern')
  const project = new ServedProject(t, folder, env)
  await project.compile('one')
  return project
}

export class ServedProject {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly #t: Parameters<typeof temporaryFolder>[0]

  constructor(t: Parameters<typeof temporaryFolder>[0], folder: string, env: Readonly<Record<string, string>>) {
    this.#t = t
    this.folder = folder
    this.env = env
  }

  /** Puts a new bundle in place, whose only route answers with `body`. */
  async compile(body: string, isSigned = true): Promise<void> {
    const sources = join(this.folder, 'sources')
    mkdirSync(sources, { recursive: true })
    for (const [path, text] of Object.entries(helloProject(body, 'edge'))) writeFileSync(join(sources, path), text)
    const [bundle] = (await compileFolder(sources)).bundles
    if (bundle === undefined) throw new Error('the project of this test has mistakes')
    const key = createPrivateKey(readFileSync(join(this.folder, 'postern.key')))
    writeFileAtomically(join(this.folder, 'edge.ptb'), isSigned ? signBundle(bundle.bytes, key) : bundle.bytes)
  }

  start(...more: string[]): PosternProcess {
    return startPostern(this.#t, [...RUN, ...more], { cwd: this.folder, env: this.env })
  }

  /** For a start that fails. */
  finish(...more: string[]): Promise<Finished> {
    return postern([...RUN, ...more], { cwd: this.folder, env: this.env })
  }
}

const RUN = ['run', '--bundle', 'edge.ptb', '--trust', 'postern.pub', '--workers', '1']

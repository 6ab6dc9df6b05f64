/** `postern init`: a small working project. The files stand here as text, so that a published build needs no others beside it. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { PosternError } from '../bundle/error.ts'
import schema from '../spec/schema.json' with { type: 'json' }
import { makeFolder } from './files.ts'
import { paint, type Terminal } from './terminal.ts'

export async function run([directory = '.']: readonly string[], _options: unknown, terminal: Terminal): Promise<number> {
  const root = resolve(directory)
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new PosternError('not-a-folder', `${directory} is a file; name a folder to write into`)
  }
  let kept = 0
  for (const [path, text] of projectFiles(nameFor(root))) {
    const written = writeNew(join(root, path), text)
    if (!written) kept++
    const shown = join(directory, path)
    if (written) terminal.print(shown)
    else terminal.say(`${paint('yellow', 'kept', terminal.colorErr)} ${shown}, which was there before`)
  }
  const name = relative(process.cwd(), root) || '.'
  terminal.say(kept === 0 ? `\nReady. Now:` : `\nWhat was missing has been added. Now:`)
  terminal.say(`  postern dev ${name}     serve it while you edit it`)
  terminal.say(`  postern check ${name}   find the mistakes in it`)
  return 0
}

/** A name that the language takes, made from the folder's. */
function nameFor(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
  return name === '' ? 'gateway' : name
}

/** Whether the file is new. O_EXCL: what is there stays as it is. */
function writeNew(path: string, text: string): boolean {
  try {
    makeFolder(dirname(path))
    const file = openSync(path, 'wx')
    try {
      writeSync(file, text)
    } finally {
      closeSync(file)
    }
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new PosternError('file-not-writable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}

function projectFiles(name: string): readonly (readonly [path: string, text: string])[] {
  return [
    ['gateway.yaml', GATEWAY.replace('NAME', name)],
    ['apis/hello.yaml', API],
    ['backends/app.yaml', BACKEND],
    ['postern.dev.yaml', DEV],
    ['README.md', README.replace('NAME', name)],
    ['.gitignore', GITIGNORE],
    ['.postern/schema.json', `${JSON.stringify(schema, undefined, 2)}\n`],
  ]
}

const GATEWAY = `# yaml-language-server: $schema=.postern/schema.json
apiVersion: postern/v1
kind: Gateway
metadata: { name: NAME }
spec:
  listeners:
    - { name: http, address: 127.0.0.1, port: 8080 } # 0.0.0.0 to be reached from other machines
  policies: # for every route of every API
    - request-id: {}
`

const API = `# yaml-language-server: $schema=../.postern/schema.json
apiVersion: postern/v1
kind: Api
metadata: { name: hello }
spec:
  access: public # or, for callers with a key: { api-key: { header: x-api-key } }; see \`postern key new\`
  backend: app
  routes:
    # Answered by the gateway itself.
    GET /hello:
      policies:
        - respond: { status: 200, body: "hello, world\\n" }
    # Sent to the backend: everything below /app, with \`/app\` in the path.
    GET /app/**: {}
`

const BACKEND = `# yaml-language-server: $schema=../.postern/schema.json
apiVersion: postern/v1
kind: Backend
metadata: { name: app }
spec:
  endpoints: ["http://127.0.0.1:3000"] # your service; until it runs, /app answers 502
  timeouts: { connect: 1s, response: 10s }
`

const DEV = `# For \`postern dev\` only: what to start beside the gateway, and what to try once it listens.
# run:
#   - node ../my-service/server.js
try:
  - says: answered by the gateway itself
    curl: "-i {gateway}/hello"
    status: 200
  - says: a path that no route has
    curl: "-i {gateway}/nothing-here"
    status: 404
`

const README = `# NAME

A gateway made with Postern: these files are compiled into one signed bundle, and the bundle is served.

| file | says |
|---|---|
| \`gateway.yaml\` | where the gateway listens, and what holds for all its APIs |
| \`apis/*.yaml\` | routes, who may call them, and what happens to requests |
| \`backends/*.yaml\` | the services behind the gateway |
| \`postern.dev.yaml\` | what \`postern dev\` starts beside the gateway, and prints for you to try |
| \`.postern/schema.json\` | for editors: completion and help in the YAML files |

While you work on it:

    postern dev .           # serve it; every save is live at once
    postern check .         # find the mistakes

To put it into service:

    postern keygen --out ~/.postern-keys                             # once; keep postern.key secret, and out of git
    postern compile . --key ~/.postern-keys/postern.key -o gateway.ptb
    postern run --bundle gateway.ptb --trust ~/.postern-keys/postern.pub
`

const GITIGNORE = `# Bundles are made from what is here; private keys do not belong into git.
*.ptb
*.key
`

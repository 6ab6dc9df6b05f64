#!/usr/bin/env node
// The command `postern`: a checkout runs its sources, a published package what was built from them.
// Plain JavaScript, so that a Node too old for TypeScript gets as far as the sentence below.
import { existsSync } from 'node:fs'

const source = new URL('./main.ts', import.meta.url)
const isCheckout = existsSync(source)
if (isCheckout && !process.features.typescript) {
  process.stderr.write(`postern: Node ${process.versions.node} is too old; in a checkout run \`npm ci\`, then \`npx postern\`\n`)
  process.exitCode = 3
} else {
  await import(isCheckout ? source.href : '../dist/cli/main.js')
}

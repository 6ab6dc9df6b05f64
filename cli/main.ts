#!/usr/bin/env node
/** The entry point. Imports nothing by name, so that an old Node reaches the sentence below instead of a SyntaxError. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 14) || major === 25) {
  process.stderr.write(`postern: needs Node 24.14 or newer (26 is best), but this is Node ${process.versions.node}.\n`)
  process.exit(3)
}
await import('./program.ts')

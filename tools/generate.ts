/** Writes every generated file of the repository. `.ci/run` runs it and fails if anything changed. Order matters: later ones read earlier ones. */
const generators = [
  './generate/policy-indices.ts',
  './generate/validators.ts',
  './generate/schema-json.ts',
  './generate/reference.ts',
  './generate/commands.ts',
]

for (const generator of generators) {
  const { generate } = (await import(generator)) as { generate: () => Promise<readonly string[]> }
  for (const file of await generate()) process.stdout.write(`wrote ${file}\n`)
}

import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { CODES } from './codes.ts'

t.test('every code that the compiler reports is explained, and every explained code is reported', (t) => {
  const used = new Set<string>()
  for (const file of globSync('{compiler,spec}/**/*.ts', { exclude: ['**/*.test.ts', 'spec/codes.ts'] })) {
    for (const [code] of readFileSync(file, 'utf8').matchAll(/\bPST[0-9]{4}\b/g)) used.add(code)
  }
  t.same([...used].sort(), Object.keys(CODES).sort())
  t.end()
})

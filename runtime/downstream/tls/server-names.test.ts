import t from 'tap'
import { ServerNames } from './server-names.ts'

const names = new ServerNames<string>()
for (const [name, value] of [
  ['api.example.com', 'exact'],
  ['*.example.com', 'wildcard'],
  ['*.api.example.com', 'deeper'],
  ['api.example.com', 'second'],
] as const) {
  names.add(name, value)
}

t.test('the exact name answers before the wildcard, and the first certificate that has it', (t) => {
  t.equal(names.find('api.example.com'), 'exact')
  t.equal(names.find('API.Example.COM'), 'exact')
  t.equal(names.find('www.example.com'), 'wildcard')
  t.equal(names.find('v1.api.example.com'), 'deeper')
  t.end()
})

t.test('a wildcard stands for one whole label', (t) => {
  for (const name of ['example.com', 'a.b.example.com', '.example.com', 'www.example.org', '', 'com', '127.0.0.1', '*.example.org']) {
    t.equal(names.find(name), undefined, name)
  }
  t.end()
})

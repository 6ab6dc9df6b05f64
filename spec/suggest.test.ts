import t from 'tap'
import { didYouMean, editDistance, nearest } from './suggest.ts'

t.test('a misspelt name finds the one that was meant', (t) => {
  const names = ['orders', 'weather-service', 'basePath', 'hosts']
  t.equal(nearest('ordres', names), 'orders')
  t.equal(nearest('wether-service', names), 'weather-service')
  t.equal(nearest('basepath', names), 'basePath')
  t.equal(nearest('BASEPATH', names), 'basePath')
  t.equal(nearest('host', names), 'hosts')
  t.equal(nearest('something', names), undefined)
  t.equal(nearest('x', ['y']), undefined, 'one letter could be anything')
  t.equal(nearest('', names), undefined)
  t.same(didYouMean('ordres', names), { hint: 'did you mean `orders`?' })
  t.same(didYouMean('nothing-like-it', names), {})
  t.end()
})

t.test('of two that are equally near the order does not decide', (t) => {
  t.equal(nearest('cart', ['carb', 'card']), 'carb')
  t.equal(nearest('cart', ['card', 'carb']), 'carb')
  t.end()
})

t.test('a swap of neighbours is one step, and a limit ends the count', (t) => {
  t.equal(editDistance('ab', 'ba'), 1)
  t.equal(editDistance('kitten', 'sitting'), 3)
  t.equal(editDistance('', 'abc'), 3)
  t.equal(editDistance('abcdef', 'uvwxyz', 2), 3)
  t.end()
})

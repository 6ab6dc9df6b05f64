import t from 'tap'
import { descriptorLimit, hasFreeDescriptors, mayTakeDescriptor } from './descriptors.ts'

t.test('clients get nine tenths of the descriptors, and what is kept from them is bounded', (t) => {
  t.equal(mayTakeDescriptor(899, 1000), true)
  t.equal(mayTakeDescriptor(900, 1000), false)
  t.equal(mayTakeDescriptor(83, 100), true)
  t.equal(mayTakeDescriptor(84, 100), false, 'at least 16 are kept')
  t.equal(mayTakeDescriptor(99_487, 100_000), true)
  t.equal(mayTakeDescriptor(99_488, 100_000), false, 'at most 512 are kept')
  t.equal(mayTakeDescriptor(1_000_000, Number.POSITIVE_INFINITY), true)
  t.end()
})

t.test('this process has descriptors to spare', (t) => {
  t.ok(descriptorLimit() > 16)
  t.equal(hasFreeDescriptors(), true)
  t.end()
})

import t from 'tap'
import { endpoint } from '../fixtures/backend-settings.ts'
import { type Found, MAX_MEMBERS, membersOf } from './members.ts'

const told = (members: ReturnType<typeof membersOf>) =>
  members.map(({ endpointIndex, address, port, weight, priority }) => `${endpointIndex} ${address}:${port} w${weight} p${priority}`)

t.test('IP addresses stand for themselves, and nobody is asked', (t) => {
  const endpoints = [endpoint({ host: '10.0.0.1', port: 80, weight: 3 }), endpoint({ host: '2001:db8::1', port: 81 })]
  t.strictSame(told(membersOf(endpoints, () => t.fail('asked') as never)), ['0 10.0.0.1:80 w3 p0', '1 2001:db8::1:81 w1 p0'])
  t.end()
})

t.test('every address of a name is a member with the weight of its endpoint', (t) => {
  const found: Found = { kind: 'address', addresses: ['10.0.0.1', '10.0.0.2', '2001:db8::1'] }
  t.strictSame(told(membersOf([endpoint({ host: 'orders', port: 80, weight: 2 })], () => found)), [
    '0 10.0.0.1:80 w2 p0',
    '0 10.0.0.2:80 w2 p0',
    '0 2001:db8::1:80 w2 p0',
  ])
  t.end()
})

t.test('a name without addresses stands for itself', (t) => {
  t.strictSame(told(membersOf([endpoint({ host: 'orders', port: 80 })])), ['0 orders:80 w1 p0'])
  t.end()
})

t.test('SRV records bring ports, priorities and weights, and weight 0 is a small one', (t) => {
  const found: Found = {
    kind: 'srv',
    targets: [
      { addresses: ['10.0.0.1'], port: 8001, priority: 10, weight: 60 },
      { addresses: ['10.0.0.2', '10.0.0.3'], port: 8002, priority: 10, weight: 0 },
      { addresses: ['10.0.0.4'], port: 8003, priority: 20, weight: 5 },
    ],
  }
  t.strictSame(told(membersOf([endpoint({ host: '_http._tcp.orders', resolve: 'srv', weight: 2 })], () => found)), [
    '0 10.0.0.1:8001 w120 p10',
    '0 10.0.0.2:8002 w2 p10',
    '0 10.0.0.3:8002 w2 p10',
    '0 10.0.0.4:8003 w10 p20',
  ])
  t.end()
})

t.test('an address that an endpoint has twice is one member, and there is a limit', (t) => {
  const found = (addresses: string[]): Found => ({ kind: 'address', addresses })
  t.equal(membersOf([endpoint({ host: 'a' })], () => found(['10.0.0.1', '10.0.0.1'])).length, 1)
  const many = Array.from({ length: 64 }, (_, i) => `10.0.0.${i}`)
  const endpoints = Array.from({ length: 30 }, (_, i) => endpoint({ host: `h${i}` }))
  t.equal(membersOf(endpoints, () => found(many)).length, MAX_MEMBERS)
  t.end()
})

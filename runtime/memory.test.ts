import { readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import t from 'tap'
import { libc } from './libc.ts'
import { createImage, detachView, viewImage } from './memory.ts'

const BYTES = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251)

t.test('the bytes are there, in every view, and a detached view reads nothing', (t) => {
  const image = createImage(BYTES)
  const view = viewImage(image.handle)
  const other = viewImage(image.handle)
  const array = new Uint8Array(view, 0, BYTES.length)
  t.strictSame(Buffer.from(array).compare(BYTES), 0)
  detachView(view)
  detachView(view)
  t.equal(array.length, 0)
  t.equal(array[0], undefined)
  t.equal(new Uint8Array(other)[250], 250, 'views are independent')
  detachView(other)
  image.release()
  image.release()
  t.end()
})

t.test('on Linux it is sealed memory: nobody can write to it, and releasing it unmaps it', (t) => {
  const before = mapped()
  const image = createImage(BYTES)
  t.equal(image.handle.kind, 'sealed')
  t.equal(mapped(), before + 1)
  const descriptors = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  t.notOk(
    descriptors.some((target) => target.includes('postern-bundle')),
    'no descriptor is left to write through',
  )
  image.release()
  t.equal(mapped(), before)
  t.end()
})

t.test('a sealed descriptor refuses writes', (t) => {
  if (libc === undefined) throw new Error('this platform has no sealed memory')
  const fd = libc.createMemory('test')
  writeSync(fd, 'abc', 0)
  libc.seal(fd)
  t.throws(() => writeSync(fd, 'x', 0), { code: 'EPERM' })
  t.throws(() => libc?.map(-1, 4096), { code: 'system-call-failed', message: 'mmap failed: EBADF' })
  t.end()
})

t.test('without native code it is a shared buffer behind the same interface', (t) => {
  const image = createImage(BYTES, null)
  t.equal(image.handle.kind, 'shared')
  const view = viewImage(image.handle)
  t.equal(Buffer.compare(Buffer.from(new Uint8Array(view)), BYTES), 0)
  detachView(view)
  image.release()
  t.end()
})

function mapped(): number {
  return readFileSync('/proc/self/maps', 'utf8').split('memfd:postern-bundle').length - 1
}

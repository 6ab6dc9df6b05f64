/**
 * The few calls of the C library that Node does not offer: sockets made before there is a process to own them, sealed memory, locks.
 * Loaded through koffi, on Linux only; `libc` is `undefined` elsewhere or where koffi's native part is missing, and each user of it has
 * a plain Node way to fall back to.
 */
import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'
import { PosternError } from '../bundle/error.ts'

type Pointer = bigint

export interface Libc {
  /** A socket that no child process inherits by accident. */
  socket(family: number): number
  setOption(fd: number, level: number, option: number, value: number): void
  bind(fd: number, address: Uint8Array): void
  /** Address in the kernel's form. */
  socketName(fd: number): Uint8Array
  listen(fd: number, backlog: number): void
  /** A program of classic BPF, as pairs of code and constant, says which of the sockets that share a port gets a new connection. */
  steer(fd: number, program: readonly (readonly [code: number, constant: number])[]): void
  /** Gives the choice back to the kernel. */
  unsteer(fd: number): void
  /** Another descriptor for the same open file, close-on-exec. */
  duplicate(fd: number): number
  /** Lets `fd` mean nothing to read, write or accept, at once and in all threads; what it meant is closed. Nobody else gets the number. */
  blank(fd: number): void
  /** Anonymous memory that can be sealed. */
  createMemory(name: string): number
  /** No byte of it can be changed, and its size neither, by anybody, from now on. */
  seal(fd: number): void
  /** Address of `bytes` bytes, readable only. */
  map(fd: number, bytes: number): Pointer
  unmap(address: Pointer, bytes: number): void
  /** A buffer over mapped memory. Detach it in every thread before `unmap`. */
  view(address: Pointer, bytes: number): ArrayBuffer
  /** Sends without ever waiting: bytes taken, or -1 when none fit now. */
  sendNow(fd: number, bytes: Uint8Array): number
}

export const AF_INET = 2
export const AF_INET6 = 10
const SOCK_STREAM_CLOEXEC = 1 | 0x80000
const F_DUPFD_CLOEXEC = 1030
const O_CLOEXEC = 0x80000
const F_ADD_SEALS = 1033
/** SEAL, SHRINK, GROW, WRITE. */
const ALL_SEALS = 1 | 2 | 4 | 8
const MFD_CLOEXEC_ALLOW_SEALING = 1 | 2
const PROT_READ = 1
const MAP_SHARED = 1
/** (void *) -1: what mmap answers when it fails, as koffi shows it. */
const MAP_FAILED = 0xffff_ffff_ffff_ffffn
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000
const EAGAIN = 11
const SOCKET_NAME_BYTES = 28
const SOL_SOCKET = 1
/** Since Linux 4.5, and 5.3. */
const SO_ATTACH_REUSEPORT_CBPF = 51
const SO_DETACH_REUSEPORT_BPF = 68
/** `struct sock_fprog`: a count, and a pointer. */
const PROGRAM_BYTES = 16

export const libc: Libc | undefined = load()

/** What the module is called in one line of the log when it is missing. */
export function whyNoLibc(): string {
  return process.platform === 'linux' ? 'koffi could not be loaded' : `the platform is ${process.platform}`
}

interface Koffi {
  load(path: null): {
    func(signature: string): (...values: unknown[]) => number | bigint
    func(name: string, result: string, parameters: readonly unknown[]): (...values: unknown[]) => number | bigint
  }
  struct(fields: { readonly [name: string]: unknown }): unknown
  pointer(type: unknown): unknown
  view(pointer: Pointer, bytes: number): ArrayBuffer
  errno(): number
}

function load(): Libc | undefined {
  if (process.platform !== 'linux') return undefined
  let koffi: Koffi
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi
  } catch {
    return undefined
  }
  const library = koffi.load(null)
  const calls = {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32)'),
    bind: library.func('int bind(int, const void *, uint32)'),
    getsockname: library.func('int getsockname(int, _Out_ void *, _Inout_ uint32 *)'),
    listen: library.func('int listen(int, int)'),
    fcntl: library.func('int fcntl(int, int, ...)'),
    dup3: library.func('int dup3(int, int, int)'),
    memfdCreate: library.func('int memfd_create(const char *, uint32)'),
    mmap: library.func('void *mmap(void *, size_t, int, int, int, int64)'),
    munmap: library.func('int munmap(void *, size_t)'),
    send: library.func('int64 send(int, const void *, size_t, int)'),
  }
  const checked = (call: string, result: number | bigint): number => {
    if (result !== -1) return Number(result)
    throw systemError(call, koffi.errno())
  }
  return {
    socket: (family) => checked('socket', calls.socket(family, SOCK_STREAM_CLOEXEC, 0)),
    setOption(fd, level, option, value) {
      checked('setsockopt', calls.setsockopt(fd, level, option, new Int32Array([value]), Int32Array.BYTES_PER_ELEMENT))
    },
    bind(fd, address) {
      checked('bind', calls.bind(fd, address, address.length))
    },
    socketName(fd) {
      const name = new Uint8Array(SOCKET_NAME_BYTES)
      const size = [name.length]
      checked('getsockname', calls.getsockname(fd, name, size))
      return name.subarray(0, size[0])
    },
    listen(fd, backlog) {
      checked('listen', calls.listen(fd, backlog))
    },
    steer(fd, program) {
      const filter = program.map(([code, k]) => ({ code, jt: 0, jf: 0, k }))
      const attach = library.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(programType(koffi)), 'uint32'])
      checked('setsockopt', attach(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, { len: filter.length, filter }, PROGRAM_BYTES))
    },
    unsteer(fd) {
      checked('setsockopt', calls.setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, new Int32Array(1), Int32Array.BYTES_PER_ELEMENT))
    },
    duplicate: (fd) => checked('fcntl', calls.fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0)),
    blank(fd) {
      const nothing = openSync('/dev/null', 'r')
      try {
        checked('dup3', calls.dup3(nothing, fd, O_CLOEXEC))
      } finally {
        closeSync(nothing)
      }
    },
    createMemory: (name) => checked('memfd_create', calls.memfdCreate(name, MFD_CLOEXEC_ALLOW_SEALING)),
    seal(fd) {
      checked('fcntl', calls.fcntl(fd, F_ADD_SEALS, 'int', ALL_SEALS))
    },
    map(fd, bytes) {
      const address = calls.mmap(null, bytes, PROT_READ, MAP_SHARED, fd, 0)
      if (typeof address !== 'bigint' || address === MAP_FAILED) throw systemError('mmap', koffi.errno())
      return address
    },
    unmap(address, bytes) {
      checked('munmap', calls.munmap(address, bytes))
    },
    view: (address, bytes) => koffi.view(address, bytes),
    sendNow(fd, bytes) {
      const sent = calls.send(fd, bytes, bytes.length, MSG_DONTWAIT_NOSIGNAL)
      if (sent !== -1) return Number(sent)
      if (koffi.errno() === EAGAIN) return -1
      throw systemError('send', koffi.errno())
    },
  }
}

/** `struct sock_fprog` with its `struct sock_filter`s. */
function programType(koffi: Koffi): unknown {
  return koffi.struct({ len: 'uint16', filter: koffi.pointer(koffi.struct({ code: 'uint16', jt: 'uint8', jf: 'uint8', k: 'uint32' })) })
}

function systemError(call: string, errno: number): PosternError {
  let name: string
  try {
    name = getSystemErrorName(-errno)
  } catch {
    name = `errno ${errno}`
  }
  const error = new PosternError('system-call-failed', `${call} failed: ${name}`, { retryable: true })
  return Object.assign(error, { errno: name })
}

/** Name such as `EADDRINUSE` behind an error of `libc` or of Node. */
export function errorName(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  if ('errno' in error && typeof error.errno === 'string') return error.errno
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

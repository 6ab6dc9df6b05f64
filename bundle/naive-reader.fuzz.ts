/**
 * A second reader of bundles, written from docs/bundle-format.md alone and sharing no code with the first one: it copies everything into
 * plain objects and finds things by looking at all of them. Fuzzers and tests compare the views with it. Named so that builds leave it out.
 */
import { strict as assert } from 'node:assert'
import { NaiveSettings } from './naive-settings.fuzz.ts'

export interface NaiveEdge {
  readonly parent: number
  readonly child: number
  readonly label: string
}

interface NaiveNode {
  readonly routes: readonly [number, number][]
  readonly rest: readonly [number, number][]
  readonly parameter: number
  readonly constrained: readonly [number, number][]
}

export interface NaiveAutomaton {
  readonly pattern: string
  readonly stateCount: number
  accepts(segment: Buffer): boolean
}

interface NaiveSection {
  readonly bytes: Buffer
  readonly count: number
}

/** All that a bundle says. Labels and strings are latin1 where bytes matter, UTF-8 where text does. */
export class NaiveBundle {
  readonly #sections = new Map<string, NaiveSection>()
  readonly manifest: { policies: { name: string; version: number }[]; [key: string]: unknown }
  readonly hosts: { pattern: string; root: number }[]
  /** By row. */
  readonly nodes = new Map<number, NaiveNode>()
  readonly edges: NaiveEdge[] = []
  readonly keys: { digest: Buffer; consumer: number; expires: number }[] = []
  readonly automata: NaiveAutomaton[]

  constructor(file: Buffer) {
    const sectionCount = file.readUInt32LE(24)
    for (let index = 0; index < sectionCount; index++) {
      const entry = file.subarray(64 + index * 32, 96 + index * 32)
      const offset = entry.readUInt32LE(8)
      this.#sections.set(entry.toString('latin1', 0, 4), {
        bytes: file.subarray(offset, offset + entry.readUInt32LE(12)),
        count: entry.readUInt32LE(16),
      })
    }
    this.manifest = JSON.parse(this.#section('MANF').bytes.toString()) as NaiveBundle['manifest']
    this.hosts = this.#rows('HOST', 2).map(([pattern, root]) => ({ pattern: this.#string(pattern), root: (root as number) - 1 }))
    this.automata = this.#rows('AUTO', 5).map((row, index) => this.#automaton(row as [number, number, number, number, number], index))
    this.#readNodes()
    const { bytes, count } = this.#section('KEYS')
    for (let slot = 0; slot < count; slot++) {
      const at = slot * 40
      const consumer = bytes.readUInt32LE(at + 32) - 1
      if (consumer !== -1) this.keys.push({ digest: bytes.subarray(at, at + 32), consumer, expires: bytes.readUInt32LE(at + 36) })
    }
  }

  /** Everything but the ways to look something up, as plain data. */
  everything(): unknown {
    const text = (index: number | undefined) => this.#string(index)
    const routes = this.#rows('ROUT', 10)
    const attachments = this.#rows('ATTS', 3)
    const settings = new NaiveSettings({ rows: (tag, columns) => this.#rows(tag, columns), text })
    const positions = this.#sections.has('SRCM') ? this.#rows('SRCM', 3) : undefined
    const source = (index: number) => {
      const [file, line, column] = positions?.[index] ?? [0, 0, 0]
      return `${text(file)}:${line}:${column}`
    }
    const items = this.#rows('CHIT', 1).map(([attachment]) => (attachment as number) - 1)
    const recordOffsets = this.#section('RECO').bytes
    return {
      manifest: this.manifest,
      listeners: settings.listeners(),
      proxies: chunks(this.#section('TRPX').bytes, 16).map((address) => address.toString('hex')),
      apis: this.#rows('APIS', 1).map(([name]) => text(name)),
      routes: routes.map(([api, name, method, template, access, chain, backend, stripped, flags, traffic], index) => ({
        ...{ api: (api as number) - 1, name: text(name), method, template: text(template), access: (access as number) - 1 },
        ...{ chain: (chain as number) - 1, backend: (backend as number) - 1, stripped, source: source(index) },
        ...{ preserveHost: ((flags as number) & 1) !== 0, preflight: ((flags as number) & 2) !== 0, traffic: (traffic as number) - 1 },
      })),
      chains: this.#rows('CHNS', 3).map(([first, early, request]) => {
        const middle = (first as number) + (early as number)
        return [items.slice(first, middle), items.slice(middle, middle + (request as number))]
      }),
      attachments: attachments.map(([id, policy, record], index) => ({
        ...{ id: text(id), policy: (policy as number) - 1, source: source(routes.length + index) },
        record: this.#section('RECB')
          .bytes.subarray(recordOffsets.readUInt32LE(((record as number) - 1) * 4), recordOffsets.readUInt32LE((record as number) * 4))
          .toString('hex'),
      })),
      backends: settings.backends().map((backend, index) => ({ ...backend, source: source(routes.length + attachments.length + index) })),
      traffics: settings.traffics(),
      consumers: this.#rows('CONS', 1).map(([name]) => text(name)),
      keys: this.keys.map(({ digest, consumer, expires }) => `${consumer} ${digest.toString('hex')} ${expires}`).sort(),
      secrets: this.#rows('SECR', 2).map(([kind, name]) => [['', 'env', 'file'][kind as number], text(name)]),
      hosts: this.hosts,
      nodes: [...this.nodes.values()],
      edges: this.edges.map(({ parent, child, label }) => `${parent} ${Buffer.from(label, 'latin1').toString()} ${child}`).sort(),
      automata: this.automata.map(({ pattern, stateCount }) => [pattern, stateCount]),
      tests: this.#rows('TEST', 4).map(([method, host, path, route]) => [text(method), text(host), text(path), (route as number) - 1]),
    }
  }

  root(host: string): number {
    const of = (pattern: string) => this.hosts.find((entry) => entry.pattern === pattern)
    const exact = host === '' || host.startsWith('*') ? undefined : of(host)
    if (exact !== undefined) return exact.root
    for (let index = 1; index < host.length; index++) {
      const wildcard = host[index] === '.' ? of(`*${host.slice(index)}`) : undefined
      if (wildcard !== undefined) return wildcard.root
    }
    return of('')?.root ?? -1
  }

  literal(node: number, label: string): number {
    return this.edges.find((edge) => edge.parent === node && edge.label === label)?.child ?? 0
  }

  consumerOf(digest: Buffer, nowSeconds: number): number {
    const key = this.keys.find((entry) => entry.digest.equals(digest))
    if (key === undefined || key.expires === 0) return -1
    return key.expires === 0xffff_ffff || nowSeconds < key.expires ? key.consumer : -1
  }

  /** Route for a request, by section 4 of the format; `path` is latin1. */
  match(methodId: number, host: string, path: string): number {
    const root = this.root(host)
    return root === -1 ? -1 : this.#walk(methodId, root, path.slice(1).split('/'))
  }

  #walk(methodId: number, index: number, segments: readonly string[]): number {
    const node = this.nodes.get(index)
    assert(node !== undefined)
    const of = (routes: readonly [number, number][]) => routes.find(([method]) => method === methodId)?.[1] ?? -1
    const [segment, ...left] = segments
    if (segment === undefined) return of(node.routes) === -1 ? of(node.rest) : of(node.routes)
    const children = [this.literal(index, segment), 0, segment === '' ? 0 : node.parameter]
    children[1] = node.constrained.find(([automaton]) => this.automata[automaton]?.accepts(Buffer.from(segment, 'latin1')))?.[1] ?? 0
    for (const child of children) {
      const found = child === 0 ? -1 : this.#walk(methodId, child, left)
      if (found !== -1) return found
    }
    return of(node.rest)
  }

  #section(tag: string): NaiveSection {
    const section = this.#sections.get(tag)
    assert(section !== undefined, tag)
    return section
  }

  #rows(tag: string, columns: number): number[][] {
    const { bytes, count } = this.#section(tag)
    return Array.from({ length: count }, (_, row) =>
      Array.from({ length: columns }, (_, column) => bytes.readUInt32LE(4 * (row * columns + column))),
    )
  }

  #string(index: number | undefined): string {
    const offsets = this.#section('STRO').bytes
    const at = (index as number) * 4
    return this.#section('STRB').bytes.toString('utf8', offsets.readUInt32LE(at), offsets.readUInt32LE(at + 4))
  }

  #automaton(
    [pattern, stateCount, classCount, firstTransition, firstState]: [number, number, number, number, number],
    index: number,
  ): NaiveAutomaton {
    const classes = this.#section('AUTC').bytes.subarray(index * 256, index * 256 + 256)
    const transitions = this.#section('AUTT').bytes
    const accepting = this.#section('AUTA').bytes
    const accepts = (segment: Buffer) => {
      let state = 1
      for (const byte of segment) state = transitions.readUInt16LE(2 * (firstTransition + state * classCount + (classes[byte] as number)))
      return segment.length > 0 && accepting[firstState + state] === 1
    }
    return { pattern: this.#string(pattern), stateCount, accepts }
  }

  #readNodes(): void {
    const { bytes, count } = this.#section('NODE')
    const nodeRoutes = this.#rows('NRTE', 1).map(([route]) => (route as number) - 1)
    const constrained = this.#rows('CNST', 2).map(([automaton, child]): [number, number] => [(automaton as number) - 1, child as number])
    const methods = (mask: number) => Array.from({ length: 16 }, (_, id) => id).filter((id) => (mask >>> id) & 1)
    const slots = chunks(bytes, 32)
    for (let index = 0; index < count; index++) {
      const node = index
      const word = (at: number) => bytes.readUInt32LE(node * 32 + at)
      let next = word(4) % 2 ** 31
      const route = () => (word(4) < 2 ** 31 ? word(4) - 1 : (nodeRoutes[next++] as number))
      const take = (mask: number) => methods(mask).map((id): [number, number] => [id, route()])
      const routes = take(bytes.readUInt16LE(index * 32))
      const rest = take(bytes.readUInt16LE(index * 32 + 2))
      const first = word(12) % 2 ** 31
      const only: [number, number][] = word(12) === 0 ? [] : [[word(12) - 1, word(16)]]
      const children = word(12) < 2 ** 31 ? only : constrained.slice(first, first + word(16))
      this.nodes.set(index, { routes, rest, parameter: word(8), constrained: children })
      const behind = index + word(20)
      while (index < behind) this.#readEdge(node, slots[++index] as Buffer)
    }
  }

  #readEdge(parent: number, slot: Buffer): void {
    const child = slot.readUInt32LE(0)
    if (child === 0) return
    const size = slot.readUInt16LE(8)
    const from = slot.readUInt32LE(12)
    const bytes = size <= 20 ? slot.subarray(12, 12 + size) : this.#section('STRB').bytes.subarray(from, from + size)
    this.edges.push({ parent, child, label: bytes.toString('latin1') })
  }
}

function chunks(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: bytes.length / size }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}

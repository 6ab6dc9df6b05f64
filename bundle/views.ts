/**
 * A bundle that can be read: the only way to views is `openBundle`, and the only way to that is `check`. Views read the image in place.
 */
import { Attachments } from './attachments.ts'
import { Automata } from './automata.ts'
import { Backends } from './backends.ts'
import { Chains } from './chains.ts'
import { check } from './check.ts'
import { Consumers } from './consumers.ts'
import { Hosts } from './hosts.ts'
import { type Checked, type Image, imageOf, isRejection, type Rejection, type Section } from './image.ts'
import { Apis, Listeners, TrustedProxies } from './listeners.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { Routes } from './routes.ts'
import { Secrets } from './secrets.ts'
import { SelfTests } from './self-tests.ts'
import { SourceMap } from './source-map.ts'
import { Strings } from './strings.ts'
import { Traffics } from './traffics.ts'
import { Trie } from './trie.ts'

/** Makes the views of a bundle that has been checked. */
export function openBundle(checked: Checked): Bundle {
  return new Bundle(checked)
}

/** Copies, checks and opens: for tools and tests. A gateway verifies first, and shares its image. */
export function openBytes(bytes: Uint8Array): Bundle | Rejection {
  const checked = check(imageOf(bytes), bytes.length)
  return isRejection(checked) ? checked : openBundle(checked)
}

/**
 * Views of one bundle. Indices are 0-based; a getter asked for something that does not exist answers -1, 0, the empty string or an empty
 * list, none of which permits anything, and so do all getters after `detach`.
 */
export class Bundle {
  readonly image: Image
  /** Size of the bundle with its signatures. */
  readonly bytes: number
  /** Where what stands: for people. */
  readonly sections: readonly Section[]
  readonly manifest: Manifest
  readonly strings: Strings
  readonly listeners: Listeners
  readonly trustedProxies: TrustedProxies
  readonly apis: Apis
  readonly routes: Routes
  readonly chains: Chains
  readonly attachments: Attachments
  readonly traffics: Traffics
  readonly backends: Backends
  readonly consumers: Consumers
  readonly secrets: Secrets
  readonly hosts: Hosts
  readonly trie: Trie
  readonly automata: Automata
  readonly selfTests: SelfTests
  readonly #sourceMap: SourceMap

  constructor({ image, bytes, sections }: Checked) {
    this.image = image
    this.bytes = bytes
    this.sections = sections.all
    this.manifest = readManifest(sections)
    this.strings = new Strings(sections)
    this.#sourceMap = new SourceMap(sections, this.strings)
    this.listeners = new Listeners(sections, this.strings)
    this.trustedProxies = new TrustedProxies(sections)
    this.apis = new Apis(sections, this.strings)
    this.routes = new Routes(sections, this.strings, this.#sourceMap)
    this.chains = new Chains(sections)
    this.attachments = new Attachments(sections, this.strings, this.#sourceMap)
    this.traffics = new Traffics(sections, this.strings)
    this.backends = new Backends(sections, this.strings, this.#sourceMap)
    this.consumers = new Consumers(sections, this.strings)
    this.secrets = new Secrets(sections, this.strings)
    this.hosts = new Hosts(sections, this.strings)
    this.trie = new Trie(sections)
    this.automata = new Automata(sections, this.strings)
    this.selfTests = new SelfTests(sections, this.strings)
  }

  /**
   * Lets go of the image, so that its memory can be unmapped. An `ArrayBuffer` is transferred away as well: even a typed array that
   * somebody kept then reads nothing. A `SharedArrayBuffer` cannot be; it is garbage when the last thread has let go.
   */
  detach(): void {
    for (const view of [this.strings, this.#sourceMap, this.listeners, this.trustedProxies, this.apis, this.routes, this.chains])
      view.detach()
    for (const view of [
      this.attachments,
      this.traffics,
      this.backends,
      this.consumers,
      this.secrets,
      this.hosts,
      this.trie,
      this.automata,
      this.selfTests,
    ])
      view.detach()
    if (this.image instanceof ArrayBuffer && !this.image.detached) this.image.transfer()
  }
}

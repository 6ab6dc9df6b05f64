/**
 * The Huffman code of HPACK (RFC 7541 §5.2 and Appendix B), decoding only: what we send is not worth the time to encode. The code is canonical, so
 * the lengths of its words say everything; a table of states, one step per four bits, is made of them once.
 */

/** Bits of the word of each byte, 0 to 255; the end of string, which must never be sent, has 30. */
export const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10,
  12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7,
  7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22,
  23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22,
  23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20,
  24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
]
const END_OF_STRING = 256

/** Entries are `next state << 10 | emits << 9 | byte`, by `state << 4 | four bits`; 0 where the word is none. State 0 is never entered. */
const EMITS = 1 << 9
/** The state before a word; others are within one. */
const START = 1
const STEPS = buildSteps()
/** By state: 1 where a string may end, that is after up to seven bits of the end of string, all ones. */
const MAY_END = endStates()

/** Most bytes that so many encoded ones can become: the shortest word has five bits. */
export function decodedBytes(size: number): number {
  return ((size * 8) / 5 + 1) | 0
}

/** Decodes to `target` at `at`, where there is room. Returns the offset behind it, or -1: not valid (RFC 7541 §5.2). */
export function decodeHuffman(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  let state = START
  let o = at
  for (let i = start; i < end; i++) {
    const byte = source[i] as number
    let step = STEPS[(state << 4) | (byte >> 4)] as number
    if ((step & EMITS) !== 0) target[o++] = step
    step = STEPS[((step >> 10) << 4) | (byte & 0x0f)] as number
    if ((step & EMITS) !== 0) target[o++] = step
    state = step >> 10
  }
  return MAY_END[state] === 1 ? o : -1
}

interface Branch {
  readonly state: number
  /** A byte, or the next branch. */
  readonly next: [Branch | number | undefined, Branch | number | undefined]
}

/** The tree of words; branches are numbered in the order in which they are made. */
function buildTree(): Branch[] {
  const branches: Branch[] = [
    { state: 0, next: [undefined, undefined] },
    { state: 1, next: [undefined, undefined] },
  ]
  const symbols = CODE_LENGTHS.map((_, symbol) => symbol).sort((a, b) => (CODE_LENGTHS[a] as number) - (CODE_LENGTHS[b] as number) || a - b)
  let word = 0
  let length = 0
  for (const symbol of symbols) {
    const bits = CODE_LENGTHS[symbol] as number
    word *= 2 ** (bits - length)
    length = bits
    let branch = branches[START] as Branch
    for (let bit = bits - 1; bit >= 0; bit--) {
      const side = (word >>> bit) & 1
      if (bit === 0) branch.next[side] = symbol
      else {
        branch.next[side] ??= branches[branches.push({ state: branches.length, next: [undefined, undefined] }) - 1] as Branch
        branch = branch.next[side] as Branch
      }
    }
    word += 1
  }
  return branches
}

function buildSteps(): Uint32Array {
  const branches = buildTree()
  const steps = new Uint32Array(branches.length << 4)
  for (const { state } of branches.slice(START)) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let branch = branches[state] as Branch
      let emitted = 0
      for (let bit = 3; bit >= 0; bit--) {
        const next = branch.next[(nibble >> bit) & 1]
        if (typeof next === 'number') {
          if (next === END_OF_STRING) {
            branch = branches[0] as Branch
            emitted = 0
            break
          }
          emitted = EMITS | next
          branch = branches[START] as Branch
        } else branch = next as Branch
      }
      steps[(state << 4) | nibble] = (branch.state << 10) | emitted
    }
  }
  return steps
}

function endStates(): Uint8Array {
  const branches = buildTree()
  const states = new Uint8Array(branches.length)
  let branch = branches[START] as Branch
  for (let bits = 0; bits < 8; bits++) {
    states[branch.state] = 1
    branch = branch.next[1] as Branch
  }
  return states
}

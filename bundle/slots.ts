/**
 * Open addressing with linear probing, as all tables of the format use it: a power of two of slots, at most half of them taken, every key
 * fewer than `MAX_PROBES` slots behind its home with no empty slot in between.
 */
import { PosternError } from './error.ts'
import { MAX_PROBES, MIN_SLOTS } from './layout.ts'

/** Places keys by their homes. Result: slot -> key index plus one, 0 for empty. `homeOf` gets a key's index and the mask. */
export function placeKeys(count: number, homeOf: (index: number, mask: number) => number, minSlots: number = MIN_SLOTS): Int32Array {
  let slots = minSlots
  while (slots < count * 2) slots *= 2
  // Doubling beyond one half happens by bad luck only; keys with one and the same hash would not be helped by it.
  for (const capacity of [slots, slots * 2, slots * 4]) {
    const placed = tryPlace(count, capacity, homeOf)
    if (placed !== undefined) return placed
  }
  throw new PosternError('bundle-limit', `more than ${MAX_PROBES} keys of one table have the same hash`)
}

function tryPlace(count: number, capacity: number, homeOf: (index: number, mask: number) => number): Int32Array | undefined {
  const mask = capacity - 1
  const placed = new Int32Array(capacity)
  for (let index = 0; index < count; index++) {
    let slot = homeOf(index, mask)
    let distance = 0
    while (placed[slot] !== 0) {
      slot = (slot + 1) & mask
      if (++distance === MAX_PROBES) return undefined
    }
    placed[slot] = index + 1
  }
  return placed
}

/** The first thing wrong with a table: `homes[0..slots)` has each slot's home, -1 where it is empty. */
export function checkSlots(homes: Int32Array, slots: number = homes.length, minSlots: number = MIN_SLOTS): string | undefined {
  const mask = slots - 1
  if (slots < minSlots || (slots & mask) !== 0) return `${slots} slots are not a power of two of at least ${minSlots}`
  let taken = 0
  let firstEmpty = -1
  for (let slot = 0; slot < slots; slot++) {
    if (homes[slot] !== -1) taken++
    else if (firstEmpty === -1) firstEmpty = slot
  }
  if (taken * 2 > slots) return `${taken} of ${slots} slots are taken, more than half`
  // Once around from an empty slot: `run` is the number of taken slots right before this one.
  let run = 0
  for (let step = 1; step < slots; step++) {
    const slot = (firstEmpty + step) & mask
    const home = homes[slot] as number
    if (home === -1) {
      run = 0
      continue
    }
    const distance = (slot - home) & mask
    if (distance >= MAX_PROBES) return `slot ${slot} is ${distance} probes from its home`
    if (distance > run) return `slot ${slot} cannot be reached from its home`
    run++
  }
  return undefined
}

/**
 * File descriptors of this process, which connections of clients must not use up: backends, DNS and files need some too, and what libuv does when
 * there are none left is to accept and close whatever waits. A new descriptor has the lowest number that is free: so many at least are in use.
 */
import { closeSync, openSync, readFileSync } from 'node:fs'

/** Kept from clients: this share of the limit, within bounds. */
const RESERVED_SHARE = 0.1
const LEAST_RESERVED = 16
const MOST_RESERVED = 512

const limit = descriptorLimit()

/** How many there may be; `Infinity` where the system does not say. */
export function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Whether a connection of a client may keep this descriptor. */
export function mayTakeDescriptor(fd: number, max: number = limit): boolean {
  return fd < max - Math.min(MOST_RESERVED, Math.max(LEAST_RESERVED, max * RESERVED_SHARE))
}

/** It is worth accepting again when there is room for so many; for one alone the next would be turned away. */
const WORTHWHILE = 8

/** Whether there are some to spare for the next connections. One alone would tell only of a gap among the low numbers. */
export function hasFreeDescriptors(): boolean {
  const opened: number[] = []
  try {
    for (let count = 0; count < WORTHWHILE; count++) opened.push(openSync('/dev/null', 'r'))
    return mayTakeDescriptor(Math.max(...opened))
  } catch {
    return false
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}

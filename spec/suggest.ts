/** The nearest of some names to one that was misspelt. */

/** `undefined` when nothing is near enough to be meant. A change of case counts 1, as any other letter does. */
export function nearest(written: string, names: Iterable<string>): string | undefined {
  const most = Math.floor(written.length * 0.4) + 1
  let best: string | undefined
  let bestDistance = most + 1
  for (const name of names) {
    if (Math.abs(name.length - written.length) > most) continue
    const distance = name.toLowerCase() === written.toLowerCase() ? 1 : editDistance(written, name, bestDistance)
    // Of two that are equally near the first by code unit, so that the order of files does not matter.
    if (distance < bestDistance || (distance === bestDistance && best !== undefined && name < best)) {
      best = name
      bestDistance = distance
    }
  }
  return best === undefined || bestDistance > most || bestDistance >= written.length ? undefined : best
}

/** `did you mean …?` for the nearest name, as the rest of a diagnostic. */
export function didYouMean(written: string, names: Iterable<string>): { hint?: string } {
  const name = nearest(written, names)
  return name === undefined ? {} : { hint: `did you mean \`${name}\`?` }
}

/** Insertions, deletions, changes and swaps of neighbours; anything beyond `limit` is `limit + 1`. */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    let smallest = row
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let distance = Math.min((last[column] as number) + 1, (current[column - 1] as number) + 1, (last[column - 1] as number) + cost)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        distance = Math.min(distance, (beforeLast[column - 2] as number) + 1)
      }
      current.push(distance)
      if (distance < smallest) smallest = distance
    }
    if (smallest > limit) return limit + 1
    beforeLast = last
    last = current
  }
  return last[b.length] as number
}

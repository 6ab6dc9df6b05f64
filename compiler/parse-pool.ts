/** Parses many texts in threads. The pool lives as long as one call: a compiler has nothing to do for threads between compilations. */
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Piscina } from 'piscina'
import { parseYaml } from './parse-yaml.ts'
import { type FlatParsed, type Parsed, unflatten } from './parsed.ts'

/**
 * UTF-16 units of text from which on a pool is worth its start. Measured on two cores: 1.2 M in one thread 0.30 s, in a pool 0.41 s;
 * 2.3 M 0.57 s and 0.62 s; 5.8 M 1.32 s and 1.02 s. Threads need 0.1 s to start, and their results have to be built into nodes here.
 */
export const MIN_POOL_CHARACTERS = 3_000_000
/** Text per task: large enough that messages cost nothing, small enough that all threads end at about the same time. */
const BATCH_CHARACTERS = 128 * 1024
/** Beyond that the one thread that builds the nodes is the limit. */
const MAX_THREADS = 8

/** In the order of `texts`. Same result as `parseYaml` for each. */
export async function parseMany(
  texts: readonly string[],
  threads = Math.min(availableParallelism(), MAX_THREADS),
): Promise<readonly Parsed[]> {
  const characters = texts.reduce((sum, text) => sum + text.length, 0)
  if (threads < 2 || characters < MIN_POOL_CHARACTERS || texts.length < 2) return texts.map(parseYaml)
  return parseInPool(texts, threads)
}

export async function parseInPool(texts: readonly string[], threads: number): Promise<readonly Parsed[]> {
  const filename = new URL(`./parse-worker${extname(import.meta.url)}`, import.meta.url).href
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads, concurrentTasksPerWorker: 2 })
  try {
    const results = await Promise.all(batches(texts).map(async (batch) => unflattenAll((await pool.run(batch)) as FlatParsed[], batch)))
    return results.flat()
  } finally {
    await pool.destroy()
  }
}

function unflattenAll(flat: readonly FlatParsed[], batch: readonly string[]): Parsed[] {
  return flat.map((parsed, index) => unflatten(parsed, batch[index] as string))
}

function batches(texts: readonly string[]): string[][] {
  const all: string[][] = []
  let room = 0
  for (const text of texts) {
    if (room <= 0) {
      all.push([])
      room = BATCH_CHARACTERS
    }
    all.at(-1)?.push(text)
    room -= text.length
  }
  return all
}

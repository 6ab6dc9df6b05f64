/** Watching the sources of a folder, for `postern dev`: one call per save, however an editor saves. */
import { basename, relative, resolve, sep } from 'node:path'
import { watch } from 'chokidar'

/** A save is over when nothing has come for this long: an editor truncates, writes, renames, and a checkout writes many files. */
const QUIET_MS = 20
/** A stream of changes is not waited out longer than this. */
const LONGEST_WAIT_MS = 100
/** How long a removal waits for the file to come back: editors that replace a file make both. */
const ATOMIC_MS = 15

export interface SourceWatcher {
  close(): Promise<void>
}

/** Resolves when every later change will be seen. `changed` gets the time at which the first event of a save came. */
export async function watchSources(
  directory: string,
  changed: (sinceMs: number, files: ReadonlySet<string>) => void,
  failed: (error: unknown) => void,
): Promise<SourceWatcher> {
  const root = resolve(directory)
  // As the compiler: dot-folders and node_modules are not looked into.
  const ignored = (path: string) => {
    const inside = relative(root, path)
    return inside !== '' && !inside.startsWith('..') && inside.split(sep).some((name) => name.startsWith('.') || name === 'node_modules')
  }
  const watcher = watch(root, { ignoreInitial: true, atomic: ATOMIC_MS, ignored })
  let files = new Set<string>()
  let sinceMs = 0
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    timer = undefined
    const batch = files
    files = new Set()
    changed(sinceMs, batch)
  }
  watcher.on('all', (event, path) => {
    // Documents that sources refer to may have any name, but are YAML or JSON.
    if (!event.endsWith('Dir') && !/\.(ya?ml|json)$/i.test(basename(path))) return
    const nowMs = performance.now()
    if (timer === undefined) sinceMs = nowMs
    files.add(relative(root, path))
    clearTimeout(timer)
    timer = setTimeout(flush, Math.max(0, Math.min(QUIET_MS, sinceMs + LONGEST_WAIT_MS - nowMs)))
  })
  watcher.on('error', failed)
  await new Promise<void>((done) => watcher.once('ready', done))
  return {
    close: () => {
      clearTimeout(timer)
      return watcher.close()
    },
  }
}

/**
 * Finds and reads sources: every `*.yaml` and `*.yml` below a folder, dot-folders and node_modules left out. The only file of the compiler
 * that touches the disk. Whatever order the disk gives, files come sorted by path.
 */
import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Range, Report } from '../spec/diagnostic.ts'
import type { Source } from './document.ts'
import { mistakeInUtf8 } from './utf8.ts'

/** A source file. More than anybody writes; text far beyond it would only fill memory. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024
/** A file that is saved while it is read is read again, and reported only if it never stands still. */
const READ_ATTEMPTS = 5
/** Files read at the same time: enough to keep a disk busy, few enough for any limit on descriptors. */
const CONCURRENT_READS = 32

export interface Folder {
  /** Absolute. */
  readonly directory: string
  /** Absolute, links resolved: what "inside of the folder" means. */
  readonly realDirectory: string
  /** Absolute; diagnostics call files relative to it. */
  readonly workingDirectory: string
}

/** The folder, or nothing with the mistake reported. */
export async function openFolder(directory: string, workingDirectory: string, report: Report): Promise<Folder | undefined> {
  const absolute = resolve(workingDirectory, directory)
  const shown = shownPath(absolute, workingDirectory)
  try {
    if (!(await stat(absolute)).isDirectory()) {
      report.error('PST0001', wholeFile(shown), `\`${shown}\` is not a folder`, { hint: 'name the folder that the file stands in' })
      return undefined
    }
    return { directory: absolute, realDirectory: await realpath(absolute), workingDirectory }
  } catch (error) {
    const message =
      codeOf(error) === 'ENOENT' ? `folder \`${shown}\` does not exist` : `folder \`${shown}\` cannot be read (${codeOf(error)})`
    report.error('PST0001', wholeFile(shown), message)
    return undefined
  }
}

/** All sources below the folder, sorted by path. */
export async function loadSources(folder: Folder, report: Report): Promise<readonly Source[]> {
  const files: string[] = []
  await collect(folder, folder.directory, new Set([folder.realDirectory]), files, report)
  files.sort((a, b) => compare(pathWithin(folder, a), pathWithin(folder, b)))
  const sources = new Array<Source | undefined>(files.length)
  let next = 0
  const reader = async () => {
    while (next < files.length) {
      const index = next++
      const file = files[index] as string
      sources[index] = await read(folder, file, wholeFile(shownPath(file, folder.workingDirectory)), report)
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_READS, files.length) }, reader))
  return sources.filter((source) => source !== undefined)
}

/** A file that a source names, relative to it. It must stand in the folder; `range` is where it is named. */
export async function loadReferenced(
  folder: Folder,
  from: Source,
  reference: string,
  range: Range,
  report: Report,
): Promise<Source | undefined> {
  if (reference.includes('\0')) {
    report.error('PST0004', range, 'a path has no NUL characters')
    return undefined
  }
  const absolute = resolve(folder.directory, dirname(from.path), reference)
  if (!isWithin(folder.directory, absolute)) {
    report.error('PST0005', range, `\`${reference}\` stands outside of the folder that is compiled`, { hint: 'copy it into the folder' })
    return undefined
  }
  let real: string
  try {
    real = await realpath(absolute)
  } catch (error) {
    const message = ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
      ? `file \`${reference}\` does not exist`
      : `file \`${reference}\` cannot be read (${codeOf(error)})`
    report.error('PST0004', range, message, { hint: 'the path is relative to this file' })
    return undefined
  }
  if (!isWithin(folder.realDirectory, real)) {
    report.error('PST0005', range, `\`${reference}\` is a link to a place outside of the folder that is compiled`, {
      hint: 'copy it into the folder',
    })
    return undefined
  }
  return read(folder, absolute, range, report)
}

/** `seen` has the real paths of folders visited: links are followed, but no folder is read twice, so that circles of links end. */
async function collect(folder: Folder, directory: string, seen: Set<string>, files: string[], report: Report): Promise<void> {
  let entries: string[]
  try {
    entries = (await readdir(directory)).sort(compare)
  } catch (error) {
    const shown = shownPath(directory, folder.workingDirectory)
    report.error('PST0001', wholeFile(shown), `folder \`${shown}\` cannot be read (${codeOf(error)})`)
    return
  }
  for (const name of entries) {
    if (name.startsWith('.') || name === 'node_modules') continue
    const path = join(directory, name)
    const isSource = /\.ya?ml$/.test(name)
    try {
      const found = await lstat(path)
      const isLink = found.isSymbolicLink()
      const target = isLink ? await stat(path) : found
      const isWanted = target.isDirectory() || (isSource && target.isFile())
      if (!isWanted) continue
      if (isLink && !isWithin(folder.realDirectory, await realpath(path))) {
        const shown = shownPath(path, folder.workingDirectory)
        const message = `\`${shown}\` is a link to a place outside of the folder that is compiled`
        report.error('PST0005', wholeFile(shown), message, { hint: 'copy what it leads to into the folder, or take the link away' })
      } else if (target.isDirectory()) {
        const real = await realpath(path)
        if (seen.has(real)) continue
        seen.add(real)
        await collect(folder, path, seen, files, report)
      } else files.push(path)
    } catch (error) {
      // A link to nowhere concerns us only if it should have been a source; a link to itself is such a link too.
      if (!isSource) continue
      const shown = shownPath(path, folder.workingDirectory)
      report.error('PST0002', wholeFile(shown), `file \`${shown}\` cannot be read (${codeOf(error)})`)
    }
  }
}

async function read(folder: Folder, path: string, range: Range, report: Report): Promise<Source | undefined> {
  const shown = shownPath(path, folder.workingDirectory)
  try {
    const bytes = await readWhole(path)
    if (typeof bytes === 'number') {
      report.error('PST0006', range, `file \`${shown}\` has ${bytes} bytes, more than ${MAX_FILE_BYTES}`)
      return undefined
    }
    if (bytes === undefined) {
      report.error('PST0002', range, `file \`${shown}\` changes all the time while it is read`)
      return undefined
    }
    const wrong = mistakeInUtf8(bytes)
    if (wrong !== undefined) {
      const message = `file \`${shown}\` is not UTF-8: byte ${wrong} is 0x${(bytes[wrong] as number).toString(16).padStart(2, '0')}`
      report.error('PST0003', range, message, { hint: 'save it as UTF-8' })
      return undefined
    }
    // The byte order mark is no part of the text, and so of no offset.
    const text = bytes.toString('utf8', bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0)
    return { file: shown, path: pathWithin(folder, path), text }
  } catch (error) {
    report.error('PST0002', range, `file \`${shown}\` cannot be read (${codeOf(error)})`)
    return undefined
  }
}

/** The bytes of one state of the file; its size where it is too large; `undefined` where it never stands still. */
async function readWhole(path: string): Promise<Buffer | number | undefined> {
  const file: FileHandle = await open(path)
  try {
    let before = await file.stat({ bigint: true })
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      if (before.size > MAX_FILE_BYTES) return Number(before.size)
      // One byte more than there should be: a file that grows is noticed without reading all it grows to.
      const bytes = Buffer.allocUnsafe(Number(before.size) + 1)
      let length = 0
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, length)
        if (bytesRead === 0) break
        length += bytesRead
      }
      const after = await file.stat({ bigint: true })
      if (length === Number(after.size) && after.size === before.size && after.mtimeNs === before.mtimeNs) return bytes.subarray(0, length)
      before = after
    }
    return undefined
  } finally {
    await file.close()
  }
}

/** For mistakes that concern a file as a whole, or one whose text is not known. */
function wholeFile(file: string): Range {
  return { file, start: 0, end: 0 }
}

function shownPath(path: string, workingDirectory: string): string {
  const shown = relative(workingDirectory, path).split(sep).join('/')
  return shown === '' ? '.' : shown
}

function pathWithin(folder: Folder, path: string): string {
  return relative(folder.directory, path).split(sep).join('/')
}

function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && resolve(directory, way) === path
}

/** By code unit, so that no locale takes part. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/**
 * Where a module of this program is *now*. An upgrade replaces the files in their place, or moves the link that the program was started by to
 * another folder (`current -> postern-1.3.0`, npm's `.bin`); what this process has loaded knows only the folder of then.
 */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Program {
  /** As it was called, links and all. */
  readonly main: string
  /** The folder of the file that this was when the process started. */
  readonly folder: string
}

/** `process.argv[1]` is absolute, but its links are as they were typed. */
export function programOf(main: string | undefined = process.argv[1]): Program | undefined {
  if (main === undefined) return undefined
  try {
    return { main, folder: dirname(realpathSync(main)) }
  } catch {
    return undefined // code from standard input, or a file that is gone
  }
}

const started = programOf()

/** The file that stands now where `module` stood when the program was started; `module` itself where there is none. */
export function currentFile(module: URL, program: Program | undefined = started): string {
  const known = fileURLToPath(module)
  if (program === undefined) return known
  try {
    const file = join(dirname(realpathSync(program.main)), relative(program.folder, known))
    return existsSync(file) ? file : known
  } catch {
    return known
  }
}

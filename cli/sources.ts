/** Compiling a folder for a command: the same checks of DIR and the same way of printing mistakes everywhere. */
import { statSync } from 'node:fs'
import { PosternError } from '../bundle/error.ts'
import { type Compilation, compileFolder, type ParseCache } from '../compiler/compile.ts'
import { render } from '../compiler/render.ts'

export interface SourceOptions {
  readonly gateway?: string | undefined
  /** All gateways of the folder, where none is named. */
  readonly all?: boolean
  readonly cache?: ParseCache
}

/** Throws when there is no such folder: that is no mistake in the sources. */
export function assertFolder(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false })
  if (stat === undefined) throw new PosternError('folder-missing', `there is no folder ${directory}`)
  if (!stat.isDirectory()) throw new PosternError('not-a-folder', `${directory} is a file; name the folder it is in`)
}

export function compileSources(directory: string, { gateway, all, cache }: SourceOptions): Promise<Compilation> {
  return compileFolder(directory, {
    ...(gateway === undefined ? {} : { gateway }),
    ...(all === undefined ? {} : { all }),
    ...(cache === undefined ? {} : { cache }),
  })
}

/** The diagnostics for people, each with its frame, then how many there are; empty when there are none. */
export function renderText(compilation: Compilation, color: boolean): string {
  return render(compilation.diagnostics, compilation.sources, { format: 'text', color }).trimEnd()
}

export function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`
  return `${count} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`
}

/** How many bytes of the heap `as(user)` takes for a person who sends no request, in a process of its own. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface PartyCosts {
  /** bytes a person; the application keeps what `as` returned, or drops it */
  kept: number
  dropped: number
}

function measure(handles: keyof PartyCosts): number {
  const program = `${root}bench/parties-program.mjs`
  const output = execFileSync(process.execPath, ['--expose-gc', program, `${root}dist`, handles], { encoding: 'utf8' })
  return (JSON.parse(output) as { bytes: number }).bytes
}

export const benchParties = (): PartyCosts => ({ kept: measure('kept'), dropped: measure('dropped') })

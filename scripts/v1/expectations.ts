/** The titles of version 1 that are expected to fail, as the decision lists them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './extract.ts'

export const DECISION = 'docs/decisions/0009-expectations-of-version-1-that-changed.md'

export interface Expectation {
  file: string
  title: string
  reason: string
}

/** The cells of a row of a Markdown table. `\|` is a bar within a cell. */
function cells(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) =>
      cell
        .trim()
        .replaceAll('\\|', '|')
        .replace(/^`(.*)`$/, '$1'),
    )
}

/** @throws Error if a row has no title or no reason */
export function parseExpectations(markdown: string): Expectation[] {
  return markdown
    .split('\n')
    .filter((line) => /^\|\s*`?test\//.test(line))
    .map((line) => {
      const [file = '', title = '', reason = ''] = cells(line)
      if (!title || !reason) throw new Error(`${DECISION}: this row needs a file, a title and a reason: ${line}`)
      return { file, title, reason }
    })
}

export const readExpectations = (): Expectation[] => parseExpectations(readFileSync(join(root, DECISION), 'utf8'))

/** Runs the example of the guide to events, and compares the lines that it prints with the lines in the guide. */
import { afterEach, expect, test, vi } from 'vitest'
import { startWorld } from '../helpers/world.ts'
import { asInDocument, blocksOf, runCode } from './kit.ts'

const guide = 'docs/guide/events.md'

afterEach(() => vi.restoreAllMocks())

/** Only the seconds differ from run to run. */
const withoutSeconds = (line: string): string => line.replace(/\d+\.\d{3} s/, '* s')

test('the example prints the lines of the guide', async () => {
  const world = await startWorld()
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line))
  await runCode(blocksOf(guide, 'ts')[0]?.code ?? '', world)
  const expected = (blocksOf(guide, 'text')[0]?.code ?? '').trimEnd().split('\n')
  expect(expected.length).toBeGreaterThan(5)
  expect(printed.map((line) => withoutSeconds(asInDocument(line, world)))).toEqual(expected.map(withoutSeconds))
})

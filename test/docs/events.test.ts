/** Runs the example of the guide to events, and compares the lines that it prints with the lines in the guide. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { startWorld, type World } from '../helpers/world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guide = readFileSync(join(root, 'docs/guide/events.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)

afterEach(() => vi.restoreAllMocks())

/** Runs a module of the guide, with the servers of a world in the place of the servers of the guide. */
async function run(code: string, world: World): Promise<void> {
  const folder = join(root, '.cache', `events-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'example.ts')
  const source = code
    .replaceAll('https://as.example.com', world.as.issuer)
    .replaceAll('https://photos.example.com', world.host.origin)
    .replace("'uma-requester/console'", `'${join(root, 'src/console.ts')}'`)
    .replace("'uma-requester'", `'${join(root, 'src/index.ts')}'`)
  writeFileSync(file, source)
  await import(pathToFileURL(file).href)
}

/** A line as the guide prints it. Only the seconds differ from run to run. */
const asInGuide = (line: string, world: World): string =>
  line
    .replaceAll(world.as.issuer, 'https://as.example.com')
    .replaceAll(world.host.origin, 'https://photos.example.com')
    .replace(/\d+\.\d{3} s/, '* s')

test('the example prints the lines of the guide', async () => {
  const world = await startWorld()
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line))
  await run(blocks('ts')[0] as string, world)
  const expected = (blocks('text')[0] as string).trimEnd().split('\n')
  expect(expected.length).toBeGreaterThan(5)
  expect(printed.map((line) => asInGuide(line, world))).toEqual(expected.map((line) => asInGuide(line, world)))
})

/** examples/key-value-storage.mjs: the next run finds the tokens of the one before. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Requester } from '../../src/index.ts'
import { until } from '../helpers/wait.ts'
import { startWorld } from '../helpers/world.ts'

const { createApp }: { createApp(options: { issuer: string; host: string; path: string }): Requester } = await import(
  new URL('../../examples/key-value-storage.mjs', import.meta.url).href
)

test('a token that one run obtained opens the place for the next run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'uma-example-'))
  // A write that was put off may still come.
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  const path = join(folder, 'tokens.json')
  const world = await startWorld()
  const run = () => createApp({ issuer: world.as.issuer, host: world.host.origin, path })
  const url = `${world.host.origin}/alice/1.jpg`
  expect((await run().fetch(url)).status).toBe(200)
  // The flow does not wait for its writes: the record, the stamp that lists it, and the index.
  const kept = async (): Promise<string> => readFile(path, 'utf8').catch(() => '')
  await until(async () => {
    const text = await kept()
    return ['uma:rpt:', 'uma:rpts:', 'uma:index:'].every((kind) => text.includes(kind))
  })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  world.recorder.clear()
  expect((await run().fetch(url)).status).toBe(200)
  expect(world.lines()).toEqual(['GET host /alice/1.jpg 200'])
})

/** What a storage costs when it holds a thousand entries: reading them at the start, writing them after a flow, memory. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keyValueStorage } from '../src/storage/key-value.ts'
import { redisStorage } from '../src/storage/redis.ts'
import { sqliteStorage } from '../src/storage/sqlite.ts'
import type { RequesterStorage } from '../src/storage/storage.ts'
import { bundleForBrowser, launchChromium, servePage } from '../test/helpers/chromium.ts'
import { ENTRIES, fetchOn, filled, measureStorage, place, type StorageRow, settled } from './storage-measure.ts'
import type {} from './storage-page.ts'

export interface StorageBench {
  rows: StorageRow[]
  /** bytes a stored entry, and of the heap; undefined where memory cannot be measured */
  stored: number
  heap: number | undefined
}

interface Backend {
  name: string
  storage: RequesterStorage
  close?: () => Promise<unknown>
}

async function* backends(): AsyncGenerator<Backend> {
  yield { name: 'Map', storage: keyValueStorage(new Map()) }
  const folder = mkdtempSync(join(tmpdir(), 'uma-bench-'))
  const sqlite = sqliteStorage({ path: join(folder, 'uma.db') })
  yield { name: 'SQLite', storage: sqlite }
  await sqlite.close()
  const redis = await startRedis(folder)
  if (redis) {
    yield { name: 'Redis', storage: redis.storage }
    await redis.stop()
  }
  rmSync(folder, { recursive: true, force: true })
}

/** On a socket in that folder; undefined where there is no `redis-server`. */
async function startRedis(folder: string): Promise<{ storage: RequesterStorage; stop(): Promise<void> } | undefined> {
  const { createClient } = await import('redis')
  const path = join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  const gone = new Promise<'gone'>((resolve) =>
    server.once('error', () => resolve('gone')).once('exit', () => resolve('gone')),
  )
  const client = createClient({ socket: { path, reconnectStrategy: 50 } })
  client.on('error', () => {})
  const there = await Promise.race([client.connect(), gone])
  if (there === 'gone') {
    client.destroy()
    return undefined
  }
  return {
    storage: redisStorage(client as never),
    async stop() {
      client.destroy()
      server.kill()
      await gone
    },
  }
}

/** Bytes of the heap for an entry: of wallets that were read, beside requesters that hold nothing. */
async function heapPerEntry(storage: Map<string, string>): Promise<number | undefined> {
  setFlagsFromString('--expose-gc')
  const gc: (() => void) | undefined = runInNewContext('typeof gc === "function" ? gc : undefined')
  if (!gc) return undefined
  const used = (): number => {
    for (let i = 0; i < 3; i++) gc()
    return process.memoryUsage().heapUsed
  }
  const wallets = 20
  const grow = async (from: Map<string, string>): Promise<number> => {
    const kept: unknown[] = []
    const before = used()
    for (let i = 0; i < wallets; i++) {
      const fetch = fetchOn(keyValueStorage(from))
      await fetch(place(0))
      kept.push(fetch)
    }
    await settled()
    return kept.length && used() - before
  }
  const one = new Map<string, string>()
  await fetchOn(keyValueStorage(one))(place(0))
  await settled()
  await grow(one)
  return ((await grow(storage)) - (await grow(one))) / wallets / (ENTRIES - 1)
}

/** In a real Chromium; none where it cannot be started. */
async function inPage(full: Map<string, string>, rounds: number): Promise<StorageRow[]> {
  const browser = await launchChromium().catch(() => undefined)
  if (!browser) {
    console.log('(no Chromium can be started: IndexedDB and localStorage are left out)')
    return []
  }
  const source = fileURLToPath(new URL('storage-page.ts', import.meta.url))
  const script = await bundleForBrowser(
    `import { measureInPage } from ${JSON.stringify(source)}\nglobalThis.umaBench = measureInPage`,
  )
  const served = await servePage({ scripts: [script] })
  try {
    const page = await browser.newPage()
    await page.goto(served.origin)
    await page.waitForFunction(() => 'umaBench' in globalThis)
    return await page.evaluate(([entries, times]) => umaBench(entries, times), [[...full], rounds] as const)
  } finally {
    await browser.close()
    await served.close()
  }
}

export async function benchStorage(rounds = 15): Promise<StorageBench> {
  const full = await filled()
  const rows: StorageRow[] = []
  for await (const { name, storage } of backends()) rows.push(await measureStorage(name, storage, full, rounds))
  rows.push(...(await inPage(full, rounds)))
  const bytes = [...full.values()].reduce((sum, text) => sum + text.length, 0)
  const heap = await heapPerEntry(full)
  return { rows, stored: Math.round(bytes / ENTRIES), heap: heap && Math.round(heap) }
}
